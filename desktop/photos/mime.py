"""What a drop or a paste carries: paths, a picture, or nothing of use."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QMimeData
from PySide6.QtGui import QImage


@dataclass(frozen=True, slots=True)
class Carried:
    """Local files and folders; `foreign` counts addresses that are not on this computer.

    `image` is set only when there is no local file: a picture copied in another program.
    """

    paths: tuple[Path, ...] = ()
    foreign: int = 0
    image: QImage | None = None

    @property
    def useful(self) -> bool:
        """Whether there is something to take."""
        return bool(self.paths) or self.image is not None


def carried(data: QMimeData) -> Carried:
    """Return what there is in dropped or copied data."""
    urls = data.urls() if data.hasUrls() else []
    local = [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]
    paths = tuple(dict.fromkeys(path for path in local if path.is_absolute()))
    image = None
    if not paths and data.hasImage():
        found = data.imageData()
        image = found if isinstance(found, QImage) and not found.isNull() else None
    return Carried(paths, len(urls) - len(local), image)


def could_carry(data: QMimeData) -> bool:
    """Return whether a drag is worth accepting, without fetching its picture."""
    return data.hasUrls() or data.hasImage()
