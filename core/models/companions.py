"""Settings and tokenizers for models that lie in single files, kept by family for use offline."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from core.models.pins import MAX_WORDS, UNPINNED
from core.models.spec import ModelFile, ModelSpec
from core.models.trust import MODEL_INDEX, inside, read_settings
from core.preferences import write_whole

NOTE_NAME = "regrain-settings.json"
"""Beside settings: which model they are from, and how many numbers its components have."""

_SUFFIXES = (".json", ".txt", ".jinja")


def settings_folder(home: Path, family: str, parameters: dict[str, int]) -> Path | None:
    """Return the settings for a model of a family, or None when there are none yet.

    Args:
        home: the shelf's folder.
        parameters: of the model, by component; settings of a model of the same sizes come first,
            and those of other sizes are none for it.
    """
    rest = []
    for folder in _kept(home, family):
        if not (folder / MODEL_INDEX).is_file():
            continue
        known = _note(folder).get("parameters") or {}
        shared = known.keys() & parameters.keys()
        if shared and all(known[name] == parameters[name] for name in shared):
            return folder
        if not shared:
            rest.append(folder)
    return rest[0] if rest else None


def adopt_settings(home: Path, spec: ModelSpec) -> Path | None:
    """Keep a copy of a diffusers folder's settings, for single files of the same family.

    Returns:
        The copy, or None where such settings are there already.

    Raises:
        OSError: something cannot be read or written; what was begun is taken away.
        ModelUntrustedError: a link leads out of the model's folder.
    """
    known = settings_folder(home, spec.family, spec.parameters)
    if known is not None and _note(known).get("parameters") == spec.parameters:
        return None
    target = home / "configs" / f"{spec.family}.{spec.id}"
    names = [e.path for e in spec.files if e.path.endswith(_SUFFIXES) and ".index." not in e.path]
    try:
        for name in names:
            source = inside(spec.folder, name)
            if source.stat().st_size <= MAX_WORDS:
                copy = target / Path(name).relative_to(spec.home)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, copy)
        write_note(target, {"from": spec.name, "parameters": spec.parameters})
    except BaseException:
        shutil.rmtree(target, ignore_errors=True)
        raise
    return target


def write_note(folder: Path, values: dict[str, Any]) -> None:
    """Note where settings are from; OSError: it cannot be written."""
    write_whole(folder / NOTE_NAME, json.dumps(values, indent=1) + "\n")


def settings_files(folder: Path) -> tuple[ModelFile, ...]:
    """Return the files of kept settings, not pinned yet, by name."""
    paths = (path for path in sorted(folder.rglob("*")) if path.suffix.lower() in _SUFFIXES)
    names = (path.relative_to(folder).as_posix() for path in paths)
    return tuple(ModelFile(path=name, sha256=UNPINNED) for name in names if name != NOTE_NAME)


def _kept(home: Path, family: str) -> list[Path]:
    """Return folders that may hold settings: copies of models' first, then downloaded ones."""
    configs = home / "configs"
    return [*sorted(configs.glob(f"{family}.*")), configs / family]


def _note(folder: Path) -> dict[str, Any]:
    try:
        return read_settings(folder / NOTE_NAME)
    except OSError:
        return {}
