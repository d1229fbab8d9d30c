"""Recipes of other programs, and our own, read out of pictures and texts."""

from core.interchange.clipboard import recipe_from_text, recipe_to_text
from core.interchange.fitting import Fitted, fitted
from core.interchange.read import read_recipe
from core.interchange.restored import RestoredRecipe

__all__ = [
    "Fitted",
    "RestoredRecipe",
    "fitted",
    "read_recipe",
    "recipe_from_text",
    "recipe_to_text",
]
