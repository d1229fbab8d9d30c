"""Small pictures: upright, sRGB, quick, and honest about broken files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import ImageReadError, Reason
from core.images.preview import preview
from tests.core.images import samples


@pytest.mark.parametrize("kind", ["jpeg", "png", "tiff", "webp", "avif"])
def test_a_preview_is_upright_and_small(tmp_path: Path, kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = samples.saved(samples.scene(640, 400), kind, exif=exif)
    small = preview(samples.write(tmp_path, "a", data), 160)
    assert small.mode == "RGB" and small.size == (100, 160)
    expected = Image.fromarray(samples.scene(640, 400)).transpose(Image.Transpose.ROTATE_270)
    close = np.asarray(expected.resize((100, 160), Image.Resampling.BOX)).astype(int)
    assert np.abs(np.asarray(small) - close).mean() < 4


def test_a_preview_is_never_enlarged(tmp_path: Path) -> None:
    path = samples.write(tmp_path, "a.jpg", samples.saved(samples.scene(), "jpeg"))
    assert preview(path, 500).size == (96, 64)


def test_wide_gamut_is_shown_in_srgb(tmp_path: Path) -> None:
    picture = np.full((64, 64, 3), (120, 160, 90), np.uint8)
    data = samples.saved(picture, "png", icc_profile=samples.prophoto())
    shown = np.asarray(preview(samples.write(tmp_path, "a.png", data), 32))
    assert shown[8, 8, 1] > 175


def test_transparency_is_shown_on_white(tmp_path: Path) -> None:
    whole = np.zeros((64, 64, 4), np.uint8)
    data = samples.saved(whole, "png")
    assert np.asarray(preview(samples.write(tmp_path, "a.png", data), 32)).min() == 255


def test_a_cut_file_has_no_preview(tmp_path: Path) -> None:
    data = samples.saved(samples.scene(), "jpeg")
    path = samples.write(tmp_path, "a.jpg", data[: len(data) // 2])
    with pytest.raises(ImageReadError) as caught:
        preview(path, 100)
    assert caught.value.reason is Reason.TRUNCATED


def test_the_pixel_limit_holds_for_previews(tmp_path: Path) -> None:
    path = samples.write(tmp_path, "a.jpg", samples.saved(samples.scene(), "jpeg"))
    with pytest.raises(ImageReadError):
        preview(path, 10, max_pixels=100)
