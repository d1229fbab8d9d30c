"""Which recipes a watched folder may have: its own, the recipe panel's, the presets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.library.watched import WatchRule
from core.recipe import Recipe
from desktop.watch.words import recipe_name, tr


@dataclass(frozen=True)
class RecipeChoice:
    """A recipe with its strengths, as it is offered."""

    name: str
    sentence: str
    recipe: Recipe
    strengths: tuple[float, ...] = ()


def recipe_choices(
    presets: Sequence[Recipe],
    current: Recipe,
    strengths: tuple[float, ...] = (),
    rule: WatchRule | None = None,
) -> tuple[list[RecipeChoice], int]:
    """Return what is offered, and which of it is chosen at first.

    `current` is what the recipe panel shows; it is offered where it is not just a preset. A rule's
    own recipe stands first.
    """
    found = [RecipeChoice(one.name, one.sentence, _portable(one)) for one in presets]
    at = _place(found, current, strengths)
    if at is None:
        at = len(found)
        named = current.name or tr("Recipe")
        words = tr("{}, as changed in the recipe panel").format(named)
        sentence = tr("All dials as they stand there now.")
        found.append(RecipeChoice(words, sentence, _portable(current), strengths))
    if rule is None:
        return found, at
    settings = rule.settings
    own = _place(found, settings.recipe, settings.strengths)
    if own is not None:
        return found, own
    words = tr("{}, as it is now").format(recipe_name(rule))
    recipe, sentence = _portable(settings.recipe), tr("The recipe stays.")
    return [RecipeChoice(words, sentence, recipe, settings.strengths), *found], 0


def _portable(recipe: Recipe) -> Recipe:
    """Return a recipe without an output folder: the dialog has a field of its own for it."""
    return recipe.model_copy(update={"output": recipe.output.model_copy(update={"folder": None})})


def _place(
    choices: Sequence[RecipeChoice], recipe: Recipe, strengths: tuple[float, ...]
) -> int | None:
    wanted = _portable(recipe)
    for at, choice in enumerate(choices):
        same = (choice.recipe.edit, choice.recipe.output) == (wanted.edit, wanted.output)
        if same and choice.strengths == strengths:
            return at
    return None
