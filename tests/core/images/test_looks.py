"""What the viewer shows: the right part, at 1:1, in the right colours, and quickly again."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from core.errors import ImageReadError, Reason
from core.images import shelf as shelf_module
from core.images.codec import Codec, Preview
from core.images.decode import read_photo
from core.images.noisy import with_noise
from core.images.preview import look_at, look_into
from core.images.shelf import Shelf
from tests.core.images import samples


@pytest.fixture(scope="module")
def codec() -> Iterator[Codec]:
    with Codec() as codec:
        yield codec


def pixels(preview: Preview) -> NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(preview.jpeg)))


def test_a_crop_is_the_part_itself_at_one_to_one(codec: Codec, tmp_path: Path) -> None:
    scene = samples.scene(400, 300)
    path = samples.write(tmp_path, "a.png", samples.saved(scene, "png"))
    crop = codec.crop(path, (120, 40, 90, 70), 512)
    assert (crop.width, crop.height) == (90, 70)
    assert (crop.photo_width, crop.photo_height) == (400, 300)
    difference = pixels(crop).astype(int) - scene[40:110, 120:210]
    assert np.abs(difference).max() <= 6
    assert np.abs(difference).mean() < 1


def test_a_crop_counts_in_the_upright_photograph(codec: Codec, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    scene = samples.scene(200, 100)
    path = samples.write(tmp_path, "a.png", samples.saved(scene, "png", exif=exif))
    crop = codec.crop(path, (0, 0, 60, 50), 512)
    turned = np.rot90(scene, -1)
    assert (crop.photo_width, crop.photo_height) == (100, 200)
    assert np.abs(pixels(crop).astype(int) - turned[:50, :60]).mean() < 1


def test_a_box_beyond_the_edge_is_cut_off(codec: Codec, tmp_path: Path) -> None:
    path = samples.write(tmp_path, "a.png", samples.saved(samples.scene(100, 80), "png"))
    crop = codec.crop(path, (-10, 60, 50, 500), 512)
    assert (crop.width, crop.height) == (40, 20)
    with pytest.raises(ImageReadError) as caught:
        codec.crop(path, (100, 0, 50, 50), 512)
    assert "100 x 80" in caught.value.message


def test_a_large_box_is_made_smaller(codec: Codec, tmp_path: Path) -> None:
    path = samples.write(tmp_path, "a.jpg", samples.saved(samples.scene(640, 400), "jpeg"))
    crop = codec.crop(path, (0, 0, 640, 400), 160)
    whole = codec.preview(path, 160)
    assert (crop.width, crop.height) == (whole.width, whole.height) == (160, 100)
    assert np.abs(pixels(crop).astype(int) - pixels(whole)).mean() < 3


def test_wide_gamut_and_ink_are_shown_in_srgb(tmp_path: Path) -> None:
    picture = np.full((64, 64, 3), (120, 160, 90), np.uint8)
    data = samples.saved(picture, "png", icc_profile=samples.prophoto())
    photo = read_photo(samples.write(tmp_path, "a.png", data))
    assert look_into(photo, "a", (8, 8, 20, 20), 64).pixels[3, 3, 1] > 175
    ink = replace(photo, pixels=np.full((64, 64, 4), (0, 255, 255, 0), np.uint8), icc=None)
    for side in (64, 20):
        red = look_into(ink, "a", (0, 0, 64, 64), side).pixels[5, 5]
        assert red[0] > 250 and red[1] < 5 and red[2] < 5


def test_16_bits_and_transparency_are_shown(tmp_path: Path) -> None:
    photo = read_photo(samples.write(tmp_path, "a.png", samples.saved(samples.scene(), "png")))
    deep = replace(photo, pixels=photo.pixels.astype(np.uint16) * 257, bits=16)
    box = (0, 0, photo.width, photo.height)
    assert np.array_equal(look_into(deep, "a", box, 900).pixels, photo.pixels)
    clear = np.zeros((photo.height, photo.width), np.uint8)
    assert look_into(replace(photo, alpha=clear), "a", box, 40).pixels.min() == 255


def test_a_jpeg_is_drafted_no_smaller_than_it_is_shown(tmp_path: Path) -> None:
    for width, height in ((1600, 400), (401, 1601), (97, 65)):
        path = samples.write(tmp_path, "a.jpg", samples.saved(samples.scene(width, height), "jpeg"))
        for side in (16, 100, 399, 800, 3000):
            look = look_at(path, side)
            assert max(look.pixels.shape[:2]) == min(side, max(width, height))
            assert (look.photo_width, look.photo_height) == (width, height)


def test_the_shelf_decodes_once_and_sees_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    real = shelf_module.read_photo
    monkeypatch.setattr(
        shelf_module, "read_photo", lambda path: (read.append(path.name), real(path))[1]
    )
    shelf = Shelf()
    path = samples.write(tmp_path, "a.png", samples.saved(samples.scene(50, 40), "png"))
    assert shelf.photo(path).width == shelf.photo(path).width == 50
    samples.write(tmp_path, "a.png", samples.saved(samples.scene(70, 40), "png"))
    assert shelf.photo(path).width == 70
    assert read == ["a.png", "a.png"]
    path.unlink()
    with pytest.raises(ImageReadError) as caught:
        shelf.photo(path)
    assert caught.value.reason is Reason.VANISHED


def test_the_shelf_keeps_its_limit_but_always_the_last_one(tmp_path: Path) -> None:
    one = 50 * 40 * 3
    shelf = Shelf(limit=2 * one)
    for number in range(5):
        data = samples.saved(samples.scene(50, 40), "png")
        shelf.photo(samples.write(tmp_path, f"{number}.png", data))
        assert shelf.bytes == min(2, number + 1) * one
    large = samples.write(tmp_path, "l.png", samples.saved(samples.scene(200, 100), "png"))
    assert shelf.photo(large).width == 200
    assert shelf.bytes == 200 * 100 * 3


def test_noise_of_a_ratio_has_its_deviation_and_its_seed(codec: Codec, tmp_path: Path) -> None:
    grey = np.full((200, 300, 3), 128, np.uint8)
    for ratio in (0.05, 0.3, 0.5):
        expected = 127.5 * ratio / np.hypot(1, ratio)
        assert with_noise(grey, ratio, 1).std() == pytest.approx(expected, rel=0.1)
    assert np.array_equal(with_noise(grey, 0.0, 1), grey)
    assert not np.array_equal(with_noise(grey, 0.3, 1), with_noise(grey, 0.3, 2))
    path = samples.write(tmp_path, "a.png", samples.saved(grey, "png"))
    noisy = codec.noisy(path, (0, 0, 300, 200), 150, 0.3, seed=2**62)
    assert (noisy.width, noisy.height) == (150, 100)
    assert pixels(noisy).std() > 20
    assert noisy.jpeg == codec.noisy(path, (0, 0, 300, 200), 150, 0.3, seed=2**62).jpeg


def test_a_look_at_the_whole_is_small_work_and_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The picture of the noise level follows a dial: nothing is decoded while it moves."""
    path = samples.write(tmp_path, "a.jpg", samples.saved(samples.scene(640, 400), "jpeg"))
    shelf = Shelf()
    whole = shelf.look(path, (0, 0, 640, 400), 100)
    assert (whole.photo_width, whole.photo_height) == (640, 400)
    assert shelf.bytes == 0
    monkeypatch.setattr(shelf_module, "look_at", None)
    assert shelf.look(path, (0, 0, 640, 400), 100) is whole
    part = shelf.look(path, (10, 10, 50, 60), 100)
    assert part.pixels.shape == (60, 50, 3)
    assert shelf.bytes == 640 * 400 * 3
