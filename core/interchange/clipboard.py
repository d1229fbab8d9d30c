"""Recipes as text, for the clipboard; parameters copied from a web page are understood too."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from core.errors import SettingsError
from core.interchange.comfyui import read_comfyui
from core.interchange.invokeai import read_invokeai
from core.interchange.parameters import read_parameters
from core.interchange.restored import Draft, RestoredRecipe
from core.models.spec import ModelSpec, builtin_spec
from core.recipe import Recipe, parse_recipe

_READERS: tuple[Callable[[str], Draft], ...] = (read_invokeai, read_comfyui, read_parameters)
_MAX_LETTERS = 8 << 20


def recipe_to_text(recipe: Recipe) -> str:
    """Return a recipe as text, for `recipe_from_text`."""
    return recipe.to_json()


def recipe_from_text(text: str, specs: Sequence[ModelSpec] = ()) -> RestoredRecipe:
    """Return the recipe that a text holds: ours as JSON or TOML, or another program's.

    Args:
        specs: the models that are known; none means the built-in one alone.

    Raises:
        SettingsError: the text is no recipe.
    """
    if not text.strip() or len(text) > _MAX_LETTERS:
        raise _no_recipe()
    specs = specs or (builtin_spec(),)
    ours = _ours(text)
    if isinstance(ours, Recipe):
        return RestoredRecipe(ours, "Regrain")
    for read in _READERS:
        try:
            return read(text).finished(specs)
        except SettingsError:
            continue
    raise ours


def _ours(text: str) -> Recipe | SettingsError:
    """Return our recipe, or what is wrong with it; a text without our words is none of ours."""
    trouble = _no_recipe()
    for toml in (False, True):
        try:
            recipe = parse_recipe(text, toml=toml, name="The text")
        except SettingsError as error:
            if '"edit"' in text or "[edit]" in text:
                trouble = error if "not valid" not in error.message else trouble
        else:
            return recipe if recipe.model_fields_set else _no_recipe()
    return trouble


def _no_recipe() -> SettingsError:
    return SettingsError(
        "The text is no recipe.",
        hint="Copy one in Regrain, or the parameters of a picture from another program.",
    )
