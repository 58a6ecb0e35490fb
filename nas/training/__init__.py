"""Training: recipes, settings and one loop."""
