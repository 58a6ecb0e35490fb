"""Training: recipes, settings and one loop."""

from nas.training.recipe import Recipe
