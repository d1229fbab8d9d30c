"""Planned names: where each result goes, the same for the same source every time."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import SettingsError
from core.library.records import ItemRequest
from core.outputs.folders import default_folder
from core.outputs.template import (
    MAX_NAME_BYTES,
    NameTemplate,
    NameValues,
    name_key,
    parse_template,
    shorten,
)
from core.recipe import OutputFormat, Recipe
from core.scan import ScannedFile
from core.scan_kinds import RAW_EXTENSIONS

Owners = Callable[[Path], Mapping[str, Path]]
"""Which names an output folder holds for which source: `core.library.catalog.Catalog.names_in`."""

MOST_VARIANTS = 100_000

_NUMBER = re.compile(r"-(\d{1,6})(?:\.[^.]*)?$")
_BECOME_JPEG = frozenset({"mpo", "heic", "heif", "hif"})
_SUFFIXES = {
    OutputFormat.PNG: (".png",),
    OutputFormat.JPEG: (".jpg", ".jpeg", ".jpe", ".jfif"),
    OutputFormat.WEBP: (".webp",),
    OutputFormat.AVIF: (".avif",),
    OutputFormat.TIFF: (".tif", ".tiff"),
}


def result_suffix(source: Path, form: OutputFormat) -> str:
    """Return the result's extension; the source's own way of writing it where that fits."""
    own = source.suffix
    kind = own.lower().removeprefix(".")
    if form is OutputFormat.KEEP and kind in _BECOME_JPEG:
        return ".jpg"
    if form is OutputFormat.KEEP:
        return ".tif" if kind in RAW_EXTENSIONS else own
    return own if own.lower() in _SUFFIXES[form] else _SUFFIXES[form][0]


def numbered(path: Path) -> Iterator[Path]:
    """Yield `a.jpg`, `a-2.jpg`, `a-3.jpg` and so on, none of them too long."""
    return (variant(path, number) for number in range(1, MOST_VARIANTS))


def variant(path: Path, number: int) -> Path:
    """Return `a.jpg` for 1, `a-2.jpg` for 2 and so on."""
    if number == 1:
        return path
    end = f"-{number}"
    return path.with_name(shorten(path.stem, MAX_NAME_BYTES - len(end)) + end + path.suffix)


class _Folder:
    """An output folder with the names that are taken in it."""

    def __init__(self, path: Path, owners: Mapping[str, Path]) -> None:
        self.path = path
        self._taken: dict[str, Path | None] = dict(owners)
        self._keys_of: defaultdict[Path, list[str]] = defaultdict(list)
        for key, owner in owners.items():
            self._keys_of[owner].append(key)
        self._next: dict[str, int] = {}

    def take(self, name: str, source: Path) -> Path:
        """Give a source its name from before, else the first variant that is free."""
        wanted, first = self.path / name, name_key(name)
        number = self._own_number(wanted, source)
        if number == 0:
            tries = range(self._next.get(first, 1), MOST_VARIANTS)
            number = next((n for n in tries if self._is_free(variant(wanted, n), source)), 0)
            self._next[first] = number + 1
        if number == 0:
            raise SettingsError(
                f"There are too many results called {name} in {self.path}.",
                hint="Choose another name template, such as {stem}-{index}.",
            )
        output = variant(wanted, number)
        self._taken[name_key(output.name)] = None
        return output

    def _is_free(self, output: Path, source: Path) -> bool:
        """Whether nobody has the name, or one whose photograph was moved away."""
        key = name_key(output.name)
        if key not in self._taken:
            return True
        owner = self._taken[key]  # None: given just now
        return owner is not None and (owner == source or not owner.exists())

    def _own_number(self, wanted: Path, source: Path) -> int:
        """Return which variant of a name is this source's from before, 0 if none is."""
        keys = self._keys_of.get(source)
        if not keys:
            return 0
        matches = (_NUMBER.search(key) for key in keys)
        numbers = sorted({1, *(int(match[1]) for match in matches if match)})
        keys_of = ((n, name_key(variant(wanted, n).name)) for n in numbers)
        return next((n for n, key in keys_of if self._taken.get(key) == source), 0)


@dataclass
class NamePlanner:
    """Gives names, one after the other; what it gave and what the library holds is taken."""

    recipe: Recipe
    several: bool
    owners: Owners
    pictures: Path
    _template: NameTemplate = field(init=False)
    _roots: dict[Path | None, Path] = field(init=False, default_factory=dict)
    _folders: dict[str, _Folder] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        template = parse_template(self.recipe.output.name_template)
        self._template = template.with_strength() if self.several else template

    def plan(
        self, file: ScannedFile, index: int, strength: float | None = None, seed: int | None = None
    ) -> ItemRequest:
        """Plan one result of a photograph; `index` counts the photographs from 1."""
        root = self._root(file.base)
        *between, name = self._template.expand(self._values(file, index, strength, seed)).parts
        below = os.path.join(str(root), os.path.dirname(file.relative), *between)  # noqa: PTH118, PTH120
        name += result_suffix(file.path, self.recipe.output.format)
        return ItemRequest(
            file.path, self._folder(below).take(name, file.path), root, strength, seed
        )

    def _root(self, base: Path | None) -> Path:
        """Return the output folder without symbolic links, so that it has one name only."""
        if base not in self._roots:
            folder = self.recipe.output.folder or default_folder(base, self.pictures)
            self._roots[base] = folder.resolve()
        return self._roots[base]

    def _folder(self, where: str) -> _Folder:
        if where not in self._folders:
            path = Path(where)
            self._folders[where] = _Folder(path, self.owners(path))
        return self._folders[where]

    def _values(
        self, file: ScannedFile, index: int, strength: float | None, seed: int | None
    ) -> NameValues:
        edit = self.recipe.edit
        return NameValues(
            stem=file.path.stem,
            ext=file.path.suffix.removeprefix("."),
            parent=file.path.parent.name,
            index=index,
            strength=edit.strength if strength is None else strength,
            seed=edit.seed if seed is None else seed,
            preset=self.recipe.name or self.recipe.id,
            model=edit.model,
        )


def refuse_originals(requests: Sequence[ItemRequest]) -> None:
    """Check that no result is planned on one of the photographs themselves, by device and inode.

    Raises:
        SettingsError: one is.
    """
    standing = {found for request in requests if (found := _identity(request.output)) is not None}
    if not standing:
        return
    if not standing.isdisjoint({_identity(request.source) for request in requests}):
        raise SettingsError(
            "Results would land on the originals.",
            hint="Choose another folder or a name such as {stem}-regrain.",
        )


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
