"""Figures of the report, one a file: `data` computes what will be shown, `draw` only renders it."""
