"""The presets that come with Regrain, and the user's own, as recipes in TOML files."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from core.errors import SettingsError
from core.recipe import Recipe, load_recipe, parse_recipe

DEFAULT_PRESET = "clean"
_ORDER = ("clean", "clean-gently", "clean-hard", "smooth", "paint", "loose-paint")


def load_presets(folder: Path | None = None) -> tuple[Recipe, ...]:
    """Return the presets in the order they are shown: the shipped ones, then `folder`'s.

    Raises:
        SettingsError: a file in `folder` is no recipe.
    """
    shipped = resources.files("resources") / "presets"
    texts = {name: (shipped / f"{name}.toml").read_text(encoding="utf-8") for name in _ORDER}
    presets = [parse_recipe(text, toml=True, name=name) for name, text in texts.items()]
    if folder is not None and folder.is_dir():
        files = sorted(p for p in folder.iterdir() if p.suffix.lower() in (".toml", ".json"))
        presets += [_own(path) for path in files]
    return tuple(presets)


def find_preset(name: str, presets: tuple[Recipe, ...]) -> Recipe:
    """Return the preset with this id or shown name, in any case.

    Raises:
        SettingsError: none is called so; the hint lists them.
    """
    wanted = _folded(name)
    for preset in presets:
        if wanted in (_folded(preset.id), _folded(preset.name)):
            return preset
    known = ", ".join(preset.name for preset in presets)
    raise SettingsError(f"There is no preset called {name}.", hint=f"Presets: {known}.")


def _own(path: Path) -> Recipe:
    recipe = load_recipe(path)
    return recipe.model_copy(
        update={"id": recipe.id or path.stem, "name": recipe.name or path.stem}
    )


def _folded(name: str) -> str:
    return name.casefold().replace(" ", "-").replace("_", "-")
