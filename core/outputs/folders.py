"""Output folders: where they are by default, making them, and what a disk's refusal means."""

from __future__ import annotations

import errno
from pathlib import Path

from core.errors import BatchStopped, StopReason
from core.outputs.fsops import FsOps

SUFFIX = "-regrain"
LOOSE_FOLDER = "Regrain"

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_READ_ONLY = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})


def default_folder(base: Path | None, pictures: Path) -> Path:
    """Return where results go when no folder is given: beside the source's folder.

    Loose pictures (`base` None), and whole disks, which have nothing beside them, go below the
    user's Pictures folder.
    """
    if base is None:
        return pictures / LOOSE_FOLDER
    if not base.name or base.is_mount():
        return pictures / LOOSE_FOLDER / (base.name or "disk")
    return base.with_name(base.name + SUFFIX)


def make_root(root: Path, fs: FsOps) -> None:
    """Make an output folder with all above it.

    Raises:
        BatchStopped: read_only, disk_full, volume_missing.
    """
    try:
        _make_with_parents(root, fs)
    except OSError as error:
        raise stopped(root, error) from error


def _make_with_parents(folder: Path, fs: FsOps) -> None:
    if not fs.is_folder(folder):
        if folder.parent != folder:
            _make_with_parents(folder.parent, fs)
        fs.mkdir(folder)
        if not fs.is_folder(folder):
            raise NotADirectoryError(errno.ENOTDIR, "a file has this name", str(folder))


def make_folder(root: Path, folder: Path, fs: FsOps) -> None:
    """Make `folder`, which is `root` or lies below it; the root itself must be there.

    A missing root is a drive that was unplugged: making it anew would fill the disk below.

    Raises:
        BatchStopped: volume_missing, read_only, disk_full.
    """
    if not fs.is_folder(root):
        raise missing(root)
    if folder != root and not fs.is_folder(folder):
        make_root(folder, fs)


def missing(root: Path) -> BatchStopped:
    """Return the error for an output folder that is gone."""
    return BatchStopped(
        StopReason.VOLUME_MISSING,
        f"The folder {root} is gone.",
        hint="Connect its drive, or run the same command again to make it anew. Nothing is lost.",
    )


def no_drive(mount: Path) -> BatchStopped:
    """Return the error for a drive of which only the empty mount point is there."""
    return BatchStopped(
        StopReason.VOLUME_MISSING,
        f"The drive at {mount} is not there.",
        hint="Connect it, then Resume. Nothing is lost.",
    )


def stopped(folder: Path, error: OSError) -> BatchStopped:
    """Say a file system's refusal as the reason why the batch cannot go on."""
    if error.errno in _FULL:
        return BatchStopped(
            StopReason.DISK_FULL,
            f"The disk of {folder} is full.",
            hint="Free space or choose another folder, then Resume. Nothing is lost.",
        )
    if error.errno in _READ_ONLY:
        return BatchStopped(
            StopReason.READ_ONLY,
            f"{folder} cannot be written ({error.strerror}).",
            hint="Allow writing there or choose another folder, then Resume. Nothing is lost.",
        )
    return BatchStopped(
        StopReason.VOLUME_MISSING,
        f"{folder} cannot be used ({error.strerror or error}).",
        hint="Check the drive or choose another folder, then Resume. Nothing is lost.",
    )


def check_space(folder: Path, needed: int, fs: FsOps) -> None:
    """Compare the disk's free space with what a batch is expected to write, in bytes.

    Raises:
        BatchStopped: disk_full, with both figures.
    """
    place = next((place for place in (folder, *folder.parents) if fs.is_folder(place)), folder)
    try:
        free = fs.free_bytes(place)
    except OSError as error:
        raise stopped(folder, error) from error
    if free < needed:
        raise BatchStopped(
            StopReason.DISK_FULL,
            f"The disk of {folder} has {free / 1e9:.1f} GB left, "
            f"this batch needs about {needed / 1e9:.1f} GB.",
            hint="Free space or choose another folder, then Resume. Nothing is lost.",
        )
