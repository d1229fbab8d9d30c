"""Small pictures that are held in memory, by file and size."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

from PySide6.QtCore import QSize
from PySide6.QtGui import QImage


class PictureMemory:
    """Pictures by file and box, the longest unused one going first.

    Args:
        limit: how many bytes of pictures are held.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._images: OrderedDict[tuple[Path, int, int], QImage] = OrderedDict()
        self._boxes: dict[Path, list[tuple[int, int]]] = {}

    def exact(self, path: Path, box: QSize) -> QImage | None:
        """Return the picture that was made for just this box."""
        key = (path, box.width(), box.height())
        image = self._images.get(key)
        if image is not None:
            self._images.move_to_end(key)
        return image

    def nearest(self, path: Path, box: QSize) -> QImage | None:
        """Return the picture that was made for the box nearest in width."""
        boxes = self._boxes.get(path)
        if not boxes:
            return None
        width, height = min(boxes, key=lambda held: abs(held[0] - box.width()))
        return self._images.get((path, width, height))

    def keep(self, path: Path, box: QSize, image: QImage) -> None:
        """Hold a picture; others go for it when the limit is reached."""
        key = (path, box.width(), box.height())
        if key in self._images:
            self._drop(key)
        self._images[key] = image
        self._boxes.setdefault(path, []).append((key[1], key[2]))
        self._size += image.sizeInBytes()
        while self._size > self._limit and len(self._images) > 1:
            self._drop(next(iter(self._images)))

    def forget(self, path: Path) -> None:
        """Hold nothing of a file."""
        for width, height in list(self._boxes.get(path, ())):
            self._drop((path, width, height))

    def _drop(self, key: tuple[Path, int, int]) -> None:
        path, width, height = key
        self._size -= self._images.pop(key).sizeInBytes()
        boxes = self._boxes[path]
        boxes.remove((width, height))
        if not boxes:
            del self._boxes[path]
