"""Augmentation on whole batches where the network is, with draws of its own for each image."""
