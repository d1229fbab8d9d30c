"""Pictures in memory up to a bound; those that were not looked at longest go first."""

from __future__ import annotations

from collections import OrderedDict

from PySide6.QtGui import QImage

from desktop.viewer.tiles import Part, PictureFile

CACHE_BYTES = 160 << 20
"""Two full screens of 3840x2160 with their borders fit, and the neighbours' small pictures."""


class ImageCache:
    """Decoded parts of photographs; used on the main thread only."""

    def __init__(self, limit: int = CACHE_BYTES) -> None:
        self._limit = limit
        self._images: OrderedDict[Part, QImage] = OrderedDict()
        self._bytes = 0

    @property
    def bytes(self) -> int:
        """Return how much the images take."""
        return self._bytes

    def get(self, part: Part) -> QImage | None:
        """Return the image of a part, which thereby was looked at."""
        image = self._images.get(part)
        if image is not None:
            self._images.move_to_end(part)
        return image

    def __contains__(self, part: Part) -> bool:
        return part in self._images

    def put(self, part: Part, image: QImage) -> None:
        """Keep an image, at the expense of the oldest ones."""
        self._drop(part)
        self._images[part] = image
        self._bytes += image.sizeInBytes()
        while self._bytes > self._limit and len(self._images) > 1:
            self._drop(next(iter(self._images)))

    def forget(self, file: PictureFile) -> None:
        """Let go of everything of one file."""
        for part in [part for part in self._images if part.file == file]:
            self._drop(part)

    def clear(self) -> None:
        """Let go of everything."""
        self._images.clear()
        self._bytes = 0

    def _drop(self, part: Part) -> None:
        image = self._images.pop(part, None)
        if image is not None:
            self._bytes -= image.sizeInBytes()
