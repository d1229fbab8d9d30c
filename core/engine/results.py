"""A result's way into its temporary file: written, read again, hashed, synced, or gone."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from core.errors import BatchStopped, OutputWriteError, Reason
from core.images.encode import (
    EncodeOptions,
    container_for,
    copy_unchanged,
    verify_written,
    write_photo,
)
from core.images.metadata import Provenance
from core.images.photo import Photo, Pixels
from core.images.resize import fitted_size
from core.outputs.folders import stopped
from core.recipe import MetadataRule, OutputSettings

_CHUNK = 1 << 20
_OF_THIS_NAME = frozenset({errno.EEXIST, errno.ELOOP, errno.ENAMETOOLONG, errno.EINVAL})


@dataclass(frozen=True)
class Written:
    """A closed temporary file. Size in bytes, width and height in pixels."""

    sha256: str
    size: int
    width: int
    height: int


def copies_as_is(photo: Photo, output: OutputSettings) -> bool:
    """Return whether an unchanged photograph's own coded data is what the output asks for."""
    same_format = container_for(photo.container, output.format) is photo.container
    size = fitted_size(photo.width, photo.height, output.max_side, output.scale)
    return same_format and size == (photo.width, photo.height)


def copy_result(source: Path, photo: Photo, target: Path, rule: MetadataRule) -> Written:
    """Take the photograph's picture over to `target` as it is, its metadata by the rule.

    Raises:
        ImageReadError: changed_while_reading.
        BatchStopped, OutputWriteError: as `write_result`.
    """
    with _temporary(target) as fd:
        copy_unchanged(source, photo.sha256, fd, rule)
        sha256, size = _hashed(fd)
    return Written(sha256, size, photo.width, photo.height)


def write_result(
    photo: Photo,
    pixels: Pixels,
    target: Path,
    output: OutputSettings,
    note: Provenance | None,
) -> Written:
    """Write edited `pixels` with all that came with `photo` to `target`, and read it again.

    Raises:
        BatchStopped: the disk is full, read-only or gone.
        OutputWriteError: this one result cannot be written, or was not written whole.
    """
    options = EncodeOptions(
        output.format, output.quality, output.max_side, output.scale, output.metadata, note
    )
    with _temporary(target) as fd:
        facts = write_photo(photo, pixels, photo.alpha, fd, options)
        sha256 = verify_written(fd, facts)
    return Written(sha256, facts.size, facts.width, facts.height)


def _hashed(fd: int) -> tuple[str, int]:
    """Return the SHA-256 and the size of what was written, as it reads back."""
    digest, at = hashlib.sha256(), 0
    while part := os.pread(fd, _CHUNK, at):
        digest.update(part)
        at += len(part)
    return digest.hexdigest(), at


@contextmanager
def _temporary(target: Path) -> Iterator[int]:
    """Open a new file, sync and close it at the end; on any failure nothing is left of it."""
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        fd = os.open(target, flags, 0o666)
    except OSError as error:
        raise _write_error(target, error) from error
    try:
        try:
            yield fd
            os.fsync(fd)
        finally:
            os.close(fd)
    except BaseException as error:
        with contextlib.suppress(OSError):
            target.unlink()
        if isinstance(error, OSError):
            raise _write_error(target, error) from error
        raise


def _write_error(target: Path, error: OSError) -> BatchStopped | OutputWriteError:
    """Say why writing failed; mostly that concerns every photograph alike, so the batch stops."""
    if error.errno in _OF_THIS_NAME:
        return OutputWriteError(
            Reason.NAME_TAKEN,
            f"The result {target.name} cannot be written: {error.strerror}.",
            hint="Choose another output folder or a shorter name.",
        )
    return stopped(target.parent, error)
