"""Architectures as torch modules: building, weights, measuring, export."""
