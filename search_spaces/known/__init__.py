"""Networks and spaces known by name."""
