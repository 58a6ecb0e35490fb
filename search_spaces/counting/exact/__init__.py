"""Exact counts by meeting in the middle."""
