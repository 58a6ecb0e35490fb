"""How numbers, scores and HTML are written, for the terminal and the page."""
