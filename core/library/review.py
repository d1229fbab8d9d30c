"""Review first: results are held in a folder of the library's own until they are exported."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path

from core.library.records import ItemRequest
from core.recipe import Recipe

_TOKEN = 16


def review_folder(library: Path) -> Path:
    """Return where a library holds results for review; below it a folder for each target."""
    whole = library.resolve()
    return whole.with_name(f"{whole.name}.held")


def held_recipe(recipe: Recipe, library: Path) -> Recipe:
    """Return the recipe with a folder of held results as its output folder.

    It stands for the recipe's own one, as long as that is the same: what is made again comes into
    the place of what it was made from, as it would have there.
    """
    target = os.fsencode(recipe.output.folder or "")
    folder = review_folder(library) / hashlib.sha256(target).hexdigest()[:_TOKEN]
    return recipe.model_copy(update={"output": recipe.output.model_copy(update={"folder": folder})})


def hold(planned: ItemRequest, held: ItemRequest) -> ItemRequest:
    """Return the request whose result is held, and then goes where it was planned."""
    return replace(held, held_for=planned.output)
