"""The photographs that were decoded last, so that the next look at one needs no decoding."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

from core.errors import ImageReadError, Reason
from core.images.decode import MAX_PIXELS, check_size, probe, read_photo
from core.images.photo import Photo
from core.images.preview import Box, Look, look_at, look_into

SHELF_BYTES = 1 << 30

_Key = tuple[Path, int, int, int]


class Shelf:
    """Keeps decoded photographs until `limit` bytes; the one looked at last always stays.

    A file that changed on the disk since is read anew.
    """

    def __init__(self, limit: int = SHELF_BYTES) -> None:
        self._limit = limit
        self._photos: OrderedDict[_Key, Photo] = OrderedDict()
        self._last_look: tuple[_Key, Box, int, Look] | None = None

    @property
    def bytes(self) -> int:
        """Return how much the photographs take."""
        return sum(map(_bytes_of, self._photos.values()))

    def photo(self, path: Path) -> Photo:
        """Return the photograph in `path`, decoded.

        Raises:
            ImageReadError: as `core.images.decode.read_photo`.
        """
        key = _key(path)
        if key in self._photos:
            self._photos.move_to_end(key)
            return self._photos[key]
        # Room is made before decoding, which is when most memory is in use.
        self._make_room(_expected_bytes(path))
        photo = read_photo(path)
        self._photos[key] = photo
        self._make_room(0)
        return photo

    def look(self, path: Path, box: Box, side: int) -> Look:
        """Return a part of a photograph as `look_into`; the same one again costs nothing.

        The whole photograph, made small, is not decoded whole where the format allows that.
        """
        key = _key(path)
        if self._last_look is not None and self._last_look[:3] == (key, box, side):
            return self._last_look[3]
        info = probe(path)
        if box == (0, 0, info.width, info.height) and key not in self._photos:
            look = look_at(path, side)
        else:
            look = look_into(self.photo(path), path.name, box, side)
        self._last_look = (key, box, side, look)
        return look

    def _make_room(self, wanted: int) -> None:
        least = 0 if wanted else 1
        while len(self._photos) > least and self.bytes + wanted > self._limit:
            self._photos.popitem(last=False)


def _key(path: Path) -> _Key:
    try:
        status = path.stat()
    except FileNotFoundError as error:
        raise ImageReadError(
            Reason.VANISHED, f"{path.name} is no longer there.", hint="It was moved or deleted."
        ) from error
    except OSError:
        return path, 0, 0, 0
    return path, status.st_ino, status.st_size, status.st_mtime_ns


def _expected_bytes(path: Path) -> int:
    info = probe(path)
    check_size(path.name, info.width, info.height, MAX_PIXELS)
    return info.width * info.height * (info.channels + info.alpha) * (1 if info.bits <= 8 else 2)


def _bytes_of(photo: Photo) -> int:
    return photo.pixels.nbytes + (photo.alpha.nbytes if photo.alpha is not None else 0)
