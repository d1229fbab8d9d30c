"""Specs of small models as a shelf would make them: every file listed with its hash."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from core.models.family_spec import family_spec
from core.models.spec import Layout, ModelFile, ModelSpec, file_sha256

SETTINGS = (".json", ".txt", ".jinja")


def pinned(root: Path, paths: Iterable[Path], role: str = "") -> tuple[ModelFile, ...]:
    """Return the entries of files below `root`."""
    return tuple(
        ModelFile(path=path.relative_to(root).as_posix(), sha256=file_sha256(path), role=role)
        for path in paths
    )


def folder_spec(folder: Path, family: str, variant: str = "", home: str = "") -> ModelSpec:
    """Return the spec of a diffusers folder, which begins at `home` in it."""
    wanted = (*SETTINGS, ".safetensors")
    paths = [path for path in sorted(folder.rglob("*")) if path.suffix in wanted]
    return _spec(family, variant, folder, pinned(folder, paths), Layout.DIFFUSERS, home=home)


def single_spec(file: Path, family: str, settings: Path) -> ModelSpec:
    """Return the spec of one file, with the settings of a diffusers folder."""
    entries = pinned(file.parent, [file], "checkpoint")
    return _spec(family, "", file.parent, entries, Layout.SINGLE, **_settings(settings))


def parts_spec(files: dict[str, Path], family: str, settings: Path) -> ModelSpec:
    """Return the spec of files that lie apart, by component, all in one folder."""
    root = next(iter(files.values())).parent
    entries = tuple(e for role, path in files.items() for e in pinned(root, [path], role))
    return _spec(family, "", root, entries, Layout.PARTS, **_settings(settings))


def _settings(folder: Path) -> dict[str, object]:
    paths = [
        p for p in sorted(folder.rglob("*")) if p.suffix in SETTINGS and ".index." not in p.name
    ]
    return {"config_folder": folder, "config_files": pinned(folder, paths)}


def _spec(
    family: str, variant: str, folder: Path, files: tuple[ModelFile, ...], layout: Layout,
    **facts: object,
) -> ModelSpec:  # fmt: skip
    names = {"id": f"tiny-{family}", "name": f"Tiny {family}"}
    return family_spec(family, variant, folder=folder, files=files, layout=layout, **names, **facts)
