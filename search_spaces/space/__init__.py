"""A space of networks: its decisions, and which network each vector of them gives."""
