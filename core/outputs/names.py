"""Planned names: where each result goes, the same for the same source every time."""

from __future__ import annotations

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


@dataclass
class NamePlanner:
    """Gives names, one after the other; what it gave and what the library holds is taken."""

    recipe: Recipe
    several: bool
    owners: Owners
    pictures: Path
    _template: NameTemplate = field(init=False)
    _roots: dict[Path | None, Path] = field(init=False, default_factory=dict)
    _taken: dict[Path, dict[str, Path | None]] = field(init=False, default_factory=dict)
    _keys_of: defaultdict[tuple[Path, Path], list[str]] = field(
        init=False, default_factory=lambda: defaultdict(list)
    )
    _next: defaultdict[tuple[Path, str], int] = field(
        init=False, default_factory=lambda: defaultdict(lambda: 1)
    )

    def __post_init__(self) -> None:
        template = parse_template(self.recipe.output.name_template)
        self._template = template.with_strength() if self.several else template

    def plan(
        self, file: ScannedFile, index: int, strength: float | None = None, seed: int | None = None
    ) -> ItemRequest:
        """Plan one result of a photograph; `index` counts the photographs from 1."""
        root = self._root(file.base)
        relative = self._template.expand(self._values(file, index, strength, seed))
        folder = root / file.relative.parent / relative.parent
        name = relative.name + result_suffix(file.path, self.recipe.output.format)
        output = self._free(folder / name, file.path)
        return ItemRequest(file.path, output, root, strength, seed)

    def _root(self, base: Path | None) -> Path:
        """Return the output folder without symbolic links, so that it has one name only."""
        if base not in self._roots:
            folder = self.recipe.output.folder or default_folder(base, self.pictures)
            self._roots[base] = folder.resolve()
        return self._roots[base]

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

    def _free(self, wanted: Path, source: Path) -> Path:
        names = self._names(wanted.parent)
        own = self._own_number(wanted, source)
        place = (wanted.parent, name_key(wanted.name))
        for number in (own,) if own else range(self._next[place], MOST_VARIANTS):
            path = variant(wanted, number)
            key = name_key(path.name)
            if key not in names or self._may_take(names[key], source):
                names[key] = None
                if not own:
                    self._next[place] = number + 1
                return path
        raise SettingsError(
            f"There are too many results called {wanted.name} in {wanted.parent}.",
            hint="Choose another name template, such as {stem}-{index}.",
        )

    def _own_number(self, wanted: Path, source: Path) -> int:
        """Return which variant of a name is this source's from before, 0 if none is."""
        names = self._names(wanted.parent)
        own = [1]
        for key in self._keys_of.get((wanted.parent, source), ()):
            match = _NUMBER.search(key)
            own += [int(match[1])] if match else []
        found = (n for n in sorted(own) if names.get(name_key(variant(wanted, n).name)) == source)
        return next(found, 0)

    def _names(self, folder: Path) -> dict[str, Path | None]:
        if folder not in self._taken:
            owners = self.owners(folder)
            self._taken[folder] = dict(owners)
            for key, owner in owners.items():
                self._keys_of[folder, owner].append(key)
        return self._taken[folder]

    @staticmethod
    def _may_take(owner: Path | None, source: Path) -> bool:
        """A name of this very source's, or of one that was moved away; None was given just now."""
        return owner is not None and (owner == source or not owner.exists())


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
