"""Cut and preallocated files are waited for; whole ones, however odd their end, are not."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.watch.whole import looks_whole

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "AVIF")


def picture(form: str, size: tuple[int, int] = (300, 200)) -> bytes:
    pixels = np.random.default_rng(1).integers(0, 256, (size[1], size[0], 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, form)
    return buffer.getvalue()


@pytest.mark.parametrize("form", FORMATS)
def test_a_whole_picture_is_whole(form: str) -> None:
    assert looks_whole(picture(form))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "BMP", "AVIF"])
def test_a_copy_that_stalled_is_not(form: str) -> None:
    """Edited as it is, half a picture would be grey, and its result wrong for ever."""
    data = picture(form)
    for part in (0.2, 0.5, 0.9, 0.999):
        assert not looks_whole(data[: int(len(data) * part)])


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_preallocated_file_filled_from_the_front_is_not(form: str) -> None:
    data = picture(form)
    assert not looks_whole(bytes(len(data)))
    half = len(data) // 2
    assert not looks_whole(data[:half] + bytes(len(data) - half))


def test_a_tiff_without_its_directory_is_not() -> None:
    """Programs that write strips first write the directory last."""
    data = picture("TIFF")
    pixels_first = b"II*\0" + (len(data)).to_bytes(4, "little") + data[8:]
    assert not looks_whole(pixels_first)


def test_zeros_and_films_behind_a_jpeg_do_no_harm() -> None:
    """Phones and cameras put both there; each such photograph would wait ten minutes."""
    data = picture("JPEG")
    assert looks_whole(data + bytes(100_000))
    film = data[:200] + b"MotionPhoto" + data[200:] + os.urandom(200_000)
    assert looks_whole(film)


def test_black_pictures_are_whole() -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (400, 300)).save(buffer, "BMP")
    assert looks_whole(buffer.getvalue())


def test_what_is_no_picture_is_left_to_the_decoder() -> None:
    assert looks_whole(b"this is text, not a picture")


@pytest.mark.parametrize("form", FORMATS)
def test_nothing_cut_anywhere_raises(form: str, tmp_path: Path) -> None:
    data = picture(form, (40, 30))
    for end in range(1, min(len(data), 400)):
        looks_whole(data[:end])
