"""A codec without a process for the viewer's tests: pictures are made from numbers."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from pytestqt.qtbot import QtBot

from core.errors import ImageReadError, Reason
from core.images.codec import Preview
from core.images.facts import PhotoFacts
from core.images.noise_found import NoiseFound
from core.images.photo import Container, PhotoInfo
from core.images.resize import reduced
from desktop.viewer.geometry import Box
from desktop.viewer.reader import PictureReader

Pixels = NDArray[np.uint8]


class FakeCodec:
    """Knows pictures by their path; PNG, so that every pixel can be compared.

    `gate`: questions about pictures wait until it is set. `asked` lists them in order.
    """

    def __init__(self) -> None:
        self.pictures: dict[Path, Pixels] = {}
        self.gate = threading.Event()
        self.gate.set()
        self.asked: list[tuple[object, ...]] = []
        self.started = self.closed = 0
        self.found = NoiseFound(11.2, 8.4, 7.4)
        self.pid: int | None = None

    def probe(self, paths: object) -> list[PhotoInfo | ImageReadError]:
        return [self._info(path) for path in paths]  # type: ignore[attr-defined]

    def preview(self, path: Path, max_side: int) -> Preview:
        self.asked.append(("preview", path.name, max_side))
        return self._answer(path, self._picture(path), max_side)

    def crop(self, path: Path, box: Box, max_side: int) -> Preview:
        self.asked.append(("crop", path.name, box, max_side))
        left, top, width, height = box
        return self._answer(
            path, self._picture(path)[top : top + height, left : left + width], max_side
        )

    def facts(self, path: Path) -> PhotoFacts:
        height, width = self._picture(path).shape[:2]
        return PhotoFacts(width, height, 1000, False, (("Camera", "Test 5D"), ("Exposure", "1 s")))

    def noise(self, path: Path) -> NoiseFound:
        self._picture(path)
        self.asked.append(("noise", path.name))
        return self.found

    def start(self) -> None:
        self.started += 1

    def close(self) -> None:
        self.closed += 1

    def _picture(self, path: Path) -> Pixels:
        assert self.gate.wait(20)
        if path not in self.pictures:
            raise ImageReadError(Reason.VANISHED, f"{path.name} is no longer there.")
        return self.pictures[path]

    def _answer(self, path: Path, pixels: Pixels, side: int) -> Preview:
        height, width = self.pictures[path].shape[:2]
        small = np.asarray(np.rint(reduced(pixels, side)), dtype=np.uint8)
        coded = io.BytesIO()
        Image.fromarray(small).save(coded, "PNG", compress_level=1)
        return Preview(coded.getvalue(), small.shape[1], small.shape[0], width, height)

    def _info(self, path: Path) -> PhotoInfo:
        height, width = self._picture(path).shape[:2]
        return PhotoInfo(width, height, Container.PNG)


def plain(width: int, height: int, colour: tuple[int, int, int]) -> Pixels:
    """Return a picture of one colour."""
    return np.full((height, width, 3), colour, np.uint8)


def speckled(width: int, height: int, seed: int = 1) -> Pixels:
    """Return a picture in which no two places look alike."""
    return np.random.default_rng(seed).integers(0, 255, (height, width, 3), dtype=np.uint8)


@pytest.fixture
def codec() -> FakeCodec:
    return FakeCodec()


@pytest.fixture
def reader(qtbot: QtBot, codec: FakeCodec) -> Iterator[PictureReader]:
    made = PictureReader(lambda: codec)
    yield made
    codec.gate.set()
    made.close()


@pytest.fixture
def make_plain() -> Callable[[int, int, tuple[int, int, int]], Pixels]:
    return plain


@pytest.fixture
def make_speckled() -> Callable[..., Pixels]:
    return speckled
