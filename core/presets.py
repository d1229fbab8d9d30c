"""The presets that come with Regrain, and the user's own, as recipes in TOML files."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from importlib import resources
from itertools import chain, count
from pathlib import Path

from core.errors import SettingsError
from core.preferences import write_whole
from core.recipe import ModelKind, Recipe, load_recipe, parse_recipe
from core.toml import to_toml

DEFAULT_PRESET = "clean"
_DEFAULTS = {
    ModelKind.BUILTIN: DEFAULT_PRESET,
    ModelKind.DIFFUSION: "refine",
    ModelKind.DISTILLED: "fast",
    ModelKind.FLOW: "flow",
    ModelKind.INSTRUCT: "instruct",
}
_ORDER = (
    *("clean", "clean-gently", "clean-hard", "smooth", "paint", "loose-paint"),
    *("touch-up", "refine", "restyle", "reinvent", "fast", "flow", "instruct"),
)
_ENDINGS = (".toml", ".json")
_LONGEST_SLUG = 200
_UNUSABLE = re.compile("|con|prn|aux|nul|com[0-9]|lpt[0-9]")
"""No letters at all, and what Windows takes for devices."""


@lru_cache(maxsize=1)
def shipped_presets() -> tuple[Recipe, ...]:
    """Return the presets that come with Regrain, in the order they are shown."""
    shipped = resources.files("resources") / "presets"
    texts = {name: (shipped / f"{name}.toml").read_text(encoding="utf-8") for name in _ORDER}
    return tuple(parse_recipe(text, toml=True, name=name) for name, text in texts.items())


def default_preset(kind: ModelKind) -> Recipe:
    """Return the preset that models of this kind start with."""
    return next(preset for preset in shipped_presets() if preset.id == _DEFAULTS[kind])


def is_for(preset: Recipe, kind: ModelKind) -> bool:
    """Say whether a preset was made for models of this kind, or for any."""
    return not preset.kinds or kind in preset.kinds


def load_presets(folder: Path | None = None) -> tuple[Recipe, ...]:
    """Return the presets in the order they are shown: the shipped ones, then `folder`'s.

    Raises:
        SettingsError: a file in `folder` is no recipe.
    """
    own = tuple(_own(path) for path in _files(folder)) if folder is not None else ()
    return (*shipped_presets(), *own)


def readable_presets(folder: Path) -> tuple[tuple[Recipe, ...], tuple[SettingsError, ...]]:
    """Return the presets as `load_presets`, and why files in `folder` are none, if any are not."""
    found: list[Recipe] = []
    troubles: list[SettingsError] = []
    for path in _files(folder):
        try:
            found.append(_own(path))
        except SettingsError as error:
            troubles.append(error)
    return (*shipped_presets(), *found), tuple(troubles)


def is_shipped(preset: Recipe) -> bool:
    """Say whether a preset comes with Regrain: it is neither renamed nor deleted."""
    return any(preset.id == shipped.id for shipped in shipped_presets())


def save_preset(folder: Path, name: str, recipe: Recipe, *, replace: bool = False) -> Recipe:
    """Store a recipe as the user's preset `name` and return it as it is stored.

    Args:
        folder: the user's presets; made where it is missing.
        recipe: its name, id and, where it is a shipped preset's, sentence are not taken over.
        replace: over the user's own preset of that name, if there is one.

    Raises:
        SettingsError: the name is empty or taken, or the file cannot be written.
    """
    shown = _checked_name(name)
    standing = _path_of(folder, shown)
    if standing is not None and not replace:
        raise _taken(standing)
    stored = recipe.model_copy(
        update={"id": _slug(shown), "name": shown, "sentence": "", "kinds": ()}
    )
    _write(folder / f"{stored.id}.toml", stored)
    if standing is not None and standing != folder / f"{stored.id}.toml":
        standing.unlink(missing_ok=True)
    return stored


def rename_preset(folder: Path, name: str, new_name: str) -> Recipe:
    """Give the user's own preset another name; return it as it is stored.

    Raises:
        SettingsError: there is none of that name, it is a shipped one, or the new name is empty
            or taken.
    """
    path = _own_path(folder, name)
    recipe = _own(path)
    shown = _checked_name(new_name)
    other = _path_of(folder, shown)
    if other is not None and other != path:
        raise _taken(other)
    renamed = recipe.model_copy(update={"id": _slug(shown), "name": shown})
    target = folder / f"{renamed.id}.toml"
    _write(target, renamed)
    if path != target:
        path.unlink(missing_ok=True)
    return renamed


def delete_preset(folder: Path, name: str) -> Recipe:
    """Delete the user's own preset and return it, for undo by `save_preset`.

    Raises:
        SettingsError: there is none of that name, it is a shipped one, or it cannot be deleted.
    """
    path = _own_path(folder, name)
    recipe = _own(path)
    try:
        path.unlink()
    except OSError as error:
        raise SettingsError(f"{path} cannot be deleted: {error.strerror}.") from error
    return recipe


def import_preset(folder: Path, file: Path) -> Recipe:
    """Take a recipe file among the user's presets, under its own name or the next free one.

    Raises:
        SettingsError: the file is no recipe, or cannot be stored.
    """
    recipe = _own(file)
    known = readable_presets(folder)[0]
    taken = {_slug(preset.name) for preset in known} | {_slug(preset.id) for preset in known}
    names = chain([recipe.name], (f"{recipe.name} {number}" for number in count(2)))
    name = next(name for name in names if _slug(name) not in taken)
    return save_preset(folder, name, recipe)


def export_preset(recipe: Recipe, file: Path) -> None:
    """Write a recipe into a new file, TOML or JSON as its name ends.

    The output folder is left out: it is this computer's.

    Raises:
        SettingsError: the file is there already, has another ending, or cannot be written.
    """
    ending = file.suffix.lower()
    if ending not in _ENDINGS:
        raise SettingsError(f"{file.name} is no recipe's name.", hint="End it in .toml or .json.")
    output = recipe.output.model_copy(update={"folder": None})
    portable = recipe.model_copy(update={"output": output})
    text = portable.to_json() if ending == ".json" else to_toml(portable)
    try:
        with file.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError as error:
        raise SettingsError(f"{file} is there already.", hint="Choose another name.") from error
    except OSError as error:
        raise SettingsError(f"{file} cannot be written: {error.strerror}.") from error


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


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in _ENDINGS)


def _own(path: Path) -> Recipe:
    recipe = load_recipe(path)
    return recipe.model_copy(
        update={"id": recipe.id or path.stem, "name": recipe.name or path.stem}
    )


def _own_path(folder: Path, name: str) -> Path:
    """Return the file of the user's own preset."""
    path = _path_of(folder, name)
    if path is not None:
        return path
    preset = find_preset(name, readable_presets(folder)[0])
    raise SettingsError(
        f"{preset.name} comes with Regrain and stays as it is.",
        hint="Save it under a name of your own and change that.",
    )


def _path_of(folder: Path, name: str) -> Path | None:
    for path in _files(folder):
        try:
            preset = _own(path)
        except SettingsError:
            continue
        if _slug(name) in (_slug(preset.name), _slug(preset.id)):
            return path
    return None


def _taken(path: Path) -> SettingsError:
    return SettingsError(
        f"There is a preset called {_own(path).name} already.",
        hint="Choose another name, or replace it.",
    )


def _checked_name(name: str) -> str:
    shown = " ".join(name.split())
    if not shown or len(shown) > 80:
        raise SettingsError(
            f"{shown[:20]!r} is no name for a preset.", hint="Give it 1 to 80 letters."
        )
    if any(_slug(shown) in (p.id, _slug(p.name)) for p in shipped_presets()):
        raise SettingsError(
            f"{shown} is the name of a preset that comes with Regrain.", hint="Choose another name."
        )
    return shown


def _write(path: Path, recipe: Recipe) -> None:
    try:
        write_whole(path, to_toml(recipe))
    except OSError as error:
        raise SettingsError(f"The preset cannot be saved in {path}: {error}.") from error


def _slug(name: str) -> str:
    """Return a name as a file name that every system takes; letters of all scripts stay."""
    plain = unicodedata.normalize("NFC", name).casefold()
    slug = re.sub(r"[\W_]+", "-", plain).strip("-")
    slug = slug.encode()[:_LONGEST_SLUG].decode(errors="ignore")
    return f"preset-{slug or plain.encode().hex()[:16]}" if _UNUSABLE.fullmatch(slug) else slug


def _folded(name: str) -> str:
    return name.casefold().replace(" ", "-").replace("_", "-")
