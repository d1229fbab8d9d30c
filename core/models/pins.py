"""Pinning a model: each file is read once, hashed, and its weights looked through."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from core.errors import ModelNotFoundError, ModelUntrustedError
from core.models.spec import (
    ModelFile,
    ModelSpec,
    Progress,
    all_files,
    changed_error,
    file_sha256,
    has_noted_stat,
)
from core.models.trust import check_weights, inside, read_settings
from core.models.weights_file import Tensor, open_file
from core.models.weights_numbers import are_numbers, numbers_error

UNPINNED = "0" * 64
MAX_WORDS = 64 << 20
"""Bytes of a list of words; tokenizers of the largest vocabularies have a third of it."""

_SETTINGS = ("config.json", "index.json", ".index.fp16.json", ".index.bf16.json")
_WORDS = (".json", ".txt")
_CHUNK = 8 << 20


def is_pinned(spec: ModelSpec) -> bool:
    """Return whether every file's content is known."""
    return all(entry.sha256 != UNPINNED for _, entry in all_files(spec))


def pinned(spec: ModelSpec, progress: Progress | None = None) -> ModelSpec:
    """Return the model with each file's hash, size and time.

    Raises:
        ModelNotFoundError: a file is missing or cannot be read.
        ModelUntrustedError: a file could run code, is damaged, or holds weights that are no
            numbers.
    """
    counted = _Counted(sum(_size(spec, *one) for one in all_files(spec)), progress)
    update = {
        "files": tuple(_pin(spec, spec.folder, entry, counted) for entry in spec.files),
        "config_files": tuple(
            _pin(spec, spec.config_folder, entry, counted)
            for entry in spec.config_files
            if spec.config_folder is not None
        ),
    }
    return spec.model_copy(update=update)


def verified(spec: ModelSpec, progress: Progress | None = None) -> ModelSpec:
    """Return a pinned model with the times of its files as they are now.

    Files whose size and time are as noted are not read; others must have the same content still.

    Raises:
        ModelNotFoundError: a file is missing.
        ModelUntrustedError: a file is not what it was when the model was added.
    """
    if all(_is_as_noted(spec, *one) for one in all_files(spec)):
        return spec
    again = pinned(spec, progress)
    for (_, old), (_, new) in zip(all_files(spec), all_files(again), strict=True):
        if old.sha256 != new.sha256:
            raise changed_error(spec, old)
    return again


def file_problem(folder: Path, entry: ModelFile, *, deep: bool = False) -> str:
    """Return what is wrong with a model's file, in words; empty when all is well.

    Args:
        folder: where the model lies.
        deep: read it whole, even where size and time are as noted.
    """
    try:
        path = inside(folder, entry.path)
        as_noted = has_noted_stat(path, entry)
        if entry.sha256 == UNPINNED or (as_noted and not deep):
            return ""
        is_same = file_sha256(path) == entry.sha256
    except OSError as error:
        return f"{entry.path} cannot be read ({error.strerror})"
    except ModelUntrustedError as error:
        return error.message
    return "" if is_same else f"{entry.path} is not the file that was added"


class _Counted:
    """Counts bytes over several files."""

    def __init__(self, total: int, progress: Progress | None) -> None:
        self._total, self._done, self._progress = total, 0, progress

    def __call__(self, count: int) -> None:
        self._done += count
        if self._progress is not None:
            self._progress(self._done, self._total)


def _is_as_noted(spec: ModelSpec, folder: Path, entry: ModelFile) -> bool:
    try:
        return has_noted_stat(inside(folder, entry.path), entry)
    except OSError as error:
        raise _gone(spec, entry, error) from error


def _size(spec: ModelSpec, folder: Path, entry: ModelFile) -> int:
    try:
        return inside(folder, entry.path).stat().st_size
    except OSError as error:
        raise _gone(spec, entry, error) from error


def _pin(spec: ModelSpec, folder: Path, entry: ModelFile, counted: _Counted) -> ModelFile:
    path = inside(folder, entry.path)
    try:
        before = path.stat()
        tensors: dict[str, Tensor] = {}
        if path.name.endswith(_SETTINGS):
            read_settings(path)
        elif path.suffix.lower() not in _WORDS:
            tensors = check_weights(path)
        elif before.st_size > MAX_WORDS:
            raise ModelUntrustedError(
                f"{entry.path} of {spec.name} is far longer than word lists are.",
                hint="Download the model again.",
            )
        digest = _digest(path, tensors, counted)
        after = path.stat()
    except OSError as error:
        raise _gone(spec, entry, error) from error
    noted = (after.st_size, after.st_mtime_ns)
    if noted != (before.st_size, before.st_mtime_ns):
        raise ModelNotFoundError(
            f"{entry.path} of {spec.name} was changed while it was read.",
            hint="Wait until it is written, then try again.",
        )
    update = {"sha256": digest, "size": noted[0], "mtime_ns": noted[1]}
    return entry.model_copy(update=update)


def _digest(path: Path, tensors: dict[str, Tensor], counted: _Counted) -> str:
    """Return the sha256 of a file; its weights are looked through on the way.

    Tensors fill a file from its header's end without gap, so that each byte is read once.
    """
    digest = hashlib.sha256()
    by_place = sorted((t.begin, t.end, name) for name, t in tensors.items() if t.end > t.begin)
    with open_file(path) as file:
        head = by_place[0][0] if by_place else os.fstat(file.fileno()).st_size
        for begin, end, name in [(0, head, ""), *by_place]:
            left = end - begin
            while left and (part := file.read(min(left, _CHUNK))):
                left -= len(part)
                digest.update(part)
                if _is_weight(name) and not are_numbers(part, tensors[name].dtype):
                    raise numbers_error(path, name)
                counted(len(part))
            if left:
                raise ModelUntrustedError(
                    f"{path.name} became shorter while it was read.", hint="Try again."
                )
    return digest.hexdigest()


def _is_weight(name: str) -> bool:
    """Return whether it belongs to a network.

    Tables of the noise schedule lie at the top of some files; they may hold infinity, and nothing
    reads them.
    """
    return "." in name


def _gone(spec: ModelSpec, entry: ModelFile, error: OSError) -> ModelNotFoundError:
    return ModelNotFoundError(
        f"{entry.path} of {spec.name} cannot be read: {error.strerror or error}.",
        hint="It was moved or deleted. Add the model again where it lies now.",
    )
