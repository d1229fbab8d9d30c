"""Where models lie in a folder: other programs' folders as they are, and the hub's cache."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.models.spec import SPEC_NAME, Layout, ModelSpec
from core.models.trust import MODEL_INDEX, is_pickle_name

CACHE_PREFIX = "models--"
"""Begins the name of a model's folder in the hub's cache."""

FILE_SUFFIXES = frozenset({".safetensors", ".sft", ".gguf", ".ckpt", ".pt", ".pth", ".bin"})
_MAX_DEPTH = 12
_PASSED_OVER = frozenset({"blobs", "refs", ".locks", ".git", "__pycache__", "node_modules"})
_GENERIC = frozenset({"diffusion_pytorch_model", "model", "pytorch_lora_weights", "adapter_model"})


Key = tuple[Path, str]


@dataclass(frozen=True, slots=True)
class Place:
    """Something that may be a model.

    Attributes:
        folder: files of the model are named relative to it.
        home: where in `folder` the model begins, with slashes; empty: there itself.
        file: a single file, relative to `folder`; None: all of `home`.
    """

    folder: Path
    home: str = ""
    file: str | None = None

    @property
    def path(self) -> Path:
        """The file, or the folder that holds the model."""
        return self.folder / (self.file if self.file is not None else self.home)

    @property
    def title(self) -> str:
        """What people call it, as far as names of files and folders tell."""
        name = Path(self.file).stem if self.file is not None else ""
        if name and name not in _GENERIC:
            return name
        parent = self.path.parent if self.file is not None else self.path
        if self.folder.name.startswith(CACHE_PREFIX) and parent.parent.name == "snapshots":
            return self.folder.name.split("--")[-1]
        return parent.name


def place_key(spec: ModelSpec) -> Key:
    """Return what stays the same of a model while it lies where it is."""
    if spec.home or not spec.files or spec.layout not in (Layout.SINGLE, Layout.PARTS):
        return spec.folder / spec.home, ""
    return spec.folder / spec.files[0].path, "file"


def place_of(path: Path) -> Place:
    """Return the place that a path names: a file, or a folder in which a model begins.

    In the hub's cache files are links into `blobs`, so that there the model's whole folder counts.
    A file that is a link is named in the folder that holds both it and what it leads to.
    """
    path = path.absolute()
    for parent in path.parents:
        if parent.name.startswith(CACHE_PREFIX) and (parent / "snapshots").is_dir():
            name = path.relative_to(parent).as_posix()
            return Place(parent, file=name) if path.is_file() else Place(parent, home=name)
    if path.name.startswith(CACHE_PREFIX) and (revision := _revision(path)) is not None:
        return Place(path, home=revision)
    if path.is_dir():
        return Place(path.resolve())
    # The folders' links are followed, the file's own stays: its name is what people know.
    path = path.parent.resolve() / path.name
    folder = _common(path.parent, path.resolve().parent)
    return Place(folder, file=path.relative_to(folder).as_posix())


def _common(one: Path, other: Path) -> Path:
    """Return the folder that holds both; the first, where they lie on drives of their own."""
    try:
        return Path(os.path.commonpath([one, other]))
    except ValueError:
        return one


def places_in(folder: Path) -> Iterator[Place]:
    """Yield what may be a model in a folder and all folders below it, in the order of names.

    Links to folders are followed, each folder is looked at once. Folders that cannot be read are
    passed over.
    """
    seen: set[tuple[int, int]] = set()
    yield from _walk(folder.absolute(), seen, _MAX_DEPTH)


def _walk(folder: Path, seen: set[tuple[int, int]], depth: int) -> Iterator[Place]:
    try:
        found = folder.stat()
        names = sorted(path.name for path in folder.iterdir())
    except OSError:
        return
    if (found.st_dev, found.st_ino) in seen or depth < 0:
        return
    seen.add((found.st_dev, found.st_ino))
    if folder.name.startswith(CACHE_PREFIX) and "snapshots" in names:
        yield from _cached(folder)
    elif MODEL_INDEX in names or SPEC_NAME in names:
        yield place_of(folder)
    else:
        for name in names:
            yield from _entry(folder / name, seen, depth)


def _entry(path: Path, seen: set[tuple[int, int]], depth: int) -> Iterator[Place]:
    if path.suffix.lower() in FILE_SUFFIXES:
        if path.is_file():
            yield place_of(path)
    elif path.name not in _PASSED_OVER and path.is_dir():
        yield from _walk(path, seen, depth - 1)


def _cached(folder: Path) -> Iterator[Place]:
    """Yield what the newest revision in a folder of the hub's cache holds."""
    revision = _revision(folder)
    if revision is None:
        return
    if (folder / revision / MODEL_INDEX).exists():
        yield Place(folder, home=revision)
        return
    for path in sorted((folder / revision).rglob("*")):
        if path.suffix.lower() in FILE_SUFFIXES and not is_pickle_name(path.name):
            yield Place(folder, file=path.relative_to(folder).as_posix())


def _revision(folder: Path) -> str | None:
    """Return the snapshot that `main` names, or else the newest, relative to the folder."""
    try:
        name = (folder / "refs" / "main").read_text(encoding="ascii").strip()
        if name and "/" not in name and (folder / "snapshots" / name).is_dir():
            return f"snapshots/{name}"
    except (OSError, ValueError):
        pass
    try:
        found = [path for path in (folder / "snapshots").iterdir() if path.is_dir()]
        newest = max(found, key=lambda path: path.stat().st_mtime_ns, default=None)
    except OSError:
        return None
    return None if newest is None else f"snapshots/{newest.name}"
