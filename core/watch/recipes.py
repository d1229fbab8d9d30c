"""Which recipe counts for a photograph in a watched folder: the rule's, or a folder's own."""

from __future__ import annotations

import os
from pathlib import Path

from core.errors import CoreError, SettingsError
from core.library.watched import WatchSettings
from core.models.spec import ModelRegistry
from core.outputs.template import parse_template
from core.plan import check
from core.recipe import Recipe, load_recipe

FILE = "recipe.toml"


class FolderRecipes:
    """Reads `recipe.toml` files below one watched folder, each again only when it changed."""

    def __init__(self, settings: WatchSettings, registry: ModelRegistry) -> None:
        self._settings = settings
        self._registry = registry
        self._read: dict[str, tuple[tuple[int, int], Recipe]] = {}

    def recipe_for(self, path: str) -> Recipe:
        """Return the recipe that counts for a photograph.

        Raises:
            SettingsError: a `recipe.toml` is wrong; the message names it.
        """
        if not self._settings.folder_recipes:
            return self._settings.recipe
        base = str(self._settings.folder)
        folder = os.path.dirname(path)  # noqa: PTH120
        while folder.startswith(base):
            own = self._own(os.path.join(folder, FILE))  # noqa: PTH118
            if own is not None:
                return own
            folder = os.path.dirname(folder)  # noqa: PTH120
        return self._settings.recipe

    def _own(self, file: str) -> Recipe | None:
        try:
            found = os.stat(file)  # noqa: PTH116
        except OSError:
            return None
        stamp = (found.st_size, found.st_mtime_ns)
        known = self._read.get(file)
        if known is None or known[0] != stamp:
            known = self._read[file] = (stamp, self._load(Path(file)))
        return known[1]

    def _load(self, file: Path) -> Recipe:
        recipe = load_recipe(file)
        output = recipe.output.model_copy(update={"folder": self._settings.output})
        recipe = recipe.model_copy(
            update={"output": output, "name": recipe.name or file.parent.name}
        )
        try:
            check_recipe(recipe, (), self._registry)
        except CoreError as error:
            raise SettingsError(f"{file}: {error.message}", hint=error.hint) from error
        return recipe


def check_recipe(recipe: Recipe, strengths: tuple[float, ...], registry: ModelRegistry) -> None:
    """Refuse what the model cannot use, and names that only make sense within one batch.

    Raises:
        SettingsError: says which setting would do nothing.
        ModelNotFoundError: the model is not here.
    """
    model = registry.get(recipe.edit.model)
    for strength in strengths or (recipe.edit.strength,):
        check(recipe.edit.model_copy(update={"strength": strength}), model)
    if "index" in parse_template(recipe.output.name_template).tokens:
        raise SettingsError(
            "{index} counts the photographs of one batch; in a watched folder it means nothing.",
            hint="Use {stem}, the photograph's own name.",
        )
