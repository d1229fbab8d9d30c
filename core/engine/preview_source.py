"""Photographs that previews are made of: kept decoded, with what was measured of them."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

import numpy as np

from core.engine.prepare import measure_noise, photo_seed, read_guarded
from core.engine.preview_view import View, view_of
from core.errors import ImageReadError, Reason
from core.events import Box
from core.images.decode import decode_photo
from core.images.noise_found import NoiseFound
from core.images.photo import Photo
from core.images.preview import coded
from core.recipe import EditSettings, SeedMode

KEPT_BYTES = 600_000_000
"""Decoded photographs that are kept, besides the one looked at, take at most this."""

_Key = tuple[Path, int, int, int]


class Source:
    """A decoded photograph; its noise and seeds are found once."""

    def __init__(self, photo: Photo) -> None:
        self.photo = photo
        self._noise: NoiseFound | None = None
        self._seeds: dict[int, int] = {}
        self._view: tuple[tuple[Box | None, int], View, list[NoiseFound]] | None = None

    @property
    def bytes(self) -> int:
        """Return how much memory it takes."""
        alpha = self.photo.alpha
        return self.photo.pixels.nbytes + (alpha.nbytes if alpha is not None else 0)

    def noise(self) -> NoiseFound:
        """Return its noise."""
        if self._noise is None:
            self._noise = measure_noise(self.photo)
        return self._noise

    def view(self, box: Box | None, max_side: int) -> View:
        """Return what a preview looks at; the last one is kept, for reducing it takes a while.

        Raises:
            SettingsError: nothing of the box lies in the photograph.
        """
        if self._view is None or self._view[0] != (box, max_side):
            self._view = (box, max_side), view_of(self.photo, box, max_side), []
        return self._view[1]

    def noise_of(self, view: View) -> NoiseFound:
        """Return the noise that is left in a reduced view."""
        if self._view is None or self._view[1] is not view:
            return measure_noise(view.photo)
        if not self._view[2]:
            self._view[2].append(measure_noise(view.photo))
        return self._view[2][0]

    def seed(self, edit: EditSettings) -> int:
        """Return the seed that a batch would give it."""
        if edit.seed_mode is not SeedMode.PER_PHOTO:
            return edit.seed
        if edit.seed not in self._seeds:
            self._seeds[edit.seed] = photo_seed(edit, self.photo)
        return self._seeds[edit.seed]


class Sources:
    """The photographs previewed last. A file that changed on the disk is read anew."""

    def __init__(self, limit: int = KEPT_BYTES) -> None:
        self._limit = limit
        self._kept: OrderedDict[_Key, Source] = OrderedDict()

    def get(self, path: Path, max_pixels: int) -> Source:
        """Return the photograph in `path`.

        Raises:
            ImageReadError: it cannot be read whole.
        """
        key = _key(path)
        found = self._kept.get(key)
        if found is None:
            found = Source(read_guarded(path, max_pixels))
            self._kept[key] = found
        self._kept.move_to_end(key)
        while len(self._kept) > 1 and sum(s.bytes for s in self._kept.values()) > self._limit:
            self._kept.popitem(last=False)
        return found


def warming_photo(side: int = 320) -> Photo:
    """Return a square of noise that went through a JPEG, as a photograph does."""
    noise = np.random.default_rng(0).normal(128, 10, (side, side, 3)).clip(0, 255)
    return decode_photo("warming.jpg", coded(noise.astype(np.uint8)))


def _key(path: Path) -> _Key:
    try:
        status = path.stat()
    except OSError as error:
        # Read_photo would say it alike, but a kept photograph would hide it.
        raise ImageReadError(
            Reason.VANISHED,
            f"{path.name} is no longer there.",
            hint="It was moved or deleted, or its drive is away.",
        ) from error
    return path, status.st_ino, status.st_size, status.st_mtime_ns
