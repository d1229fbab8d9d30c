"""Whether a file that is gone was deleted, or the drive it lies on is away."""

from __future__ import annotations

from pathlib import Path

_MOUNT_ROOTS = tuple(Path(p) for p in ("/media", "/mnt", "/run/media", "/Volumes"))


class Volumes:
    """Remembers on which device folders were, so that a pulled drive is told from a deletion."""

    def __init__(self) -> None:
        self._devices: dict[Path, int] = {}

    def seen(self, path: Path, device: int) -> None:
        """A file was there, on this device (st_dev)."""
        self._devices.setdefault(path.parent, device)

    def is_away(self, path: Path) -> bool:
        """Return whether `path` is missing because its drive is not there any more."""
        anchor = _nearest_existing(path.parent)
        now = _device(anchor)
        for folder, before in self._devices.items():
            related = folder in path.parents or anchor in folder.parents
            if related and now != before and _device(folder) != before:
                return True
        # A drive's empty place tells nothing by itself; a mounted drive without the folder does.
        return anchor != path.parent and _is_mount_root(anchor) and not anchor.is_mount()


def _device(folder: Path) -> int | None:
    try:
        return folder.stat().st_dev
    except OSError:
        return None


def _nearest_existing(folder: Path) -> Path:
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    return folder


def _is_mount_root(folder: Path) -> bool:
    """Whether drives appear below `folder` as folders: /media, /media/anna, /run/media/anna."""
    return any(folder == root or folder.parent == root for root in _MOUNT_ROOTS)
