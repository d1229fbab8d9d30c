"""The codec process: files of any kind are looked at without risk to window or batch."""

from __future__ import annotations

import io
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import ImageReadError, Reason
from core.images.codec import Codec
from core.images.photo import Container, PhotoInfo


@pytest.fixture(scope="module")
def codec() -> Iterator[Codec]:
    with Codec() as codec:
        yield codec


def picture(path: Path, size: tuple[int, int] = (60, 40), sigma: float = 0) -> Path:
    noise = np.random.default_rng(3).normal(128, sigma, (size[1], size[0], 3))
    pixels = noise.clip(0, 255).astype(np.uint8)
    Image.fromarray(pixels).save(path, quality=95)
    return path


def test_sizes_come_in_the_order_asked_with_a_reason_each(codec: Codec, tmp_path: Path) -> None:
    empty, text = tmp_path / "empty.jpg", tmp_path / "notes.jpg"
    empty.touch()
    text.write_text("shopping list")
    paths = [picture(tmp_path / "a.jpg"), empty, text, picture(tmp_path / "b.png", (8, 9))]
    a, no, notes, b = codec.probe(paths)
    assert isinstance(a, PhotoInfo)
    assert (a.width, a.height, a.container) == (60, 40, Container.JPEG)
    assert isinstance(b, PhotoInfo)
    assert (b.width, b.height, b.container) == (8, 9, Container.PNG)
    assert isinstance(no, ImageReadError)
    assert no.reason is Reason.EMPTY
    assert isinstance(notes, ImageReadError)
    assert notes.reason is Reason.NOT_AN_IMAGE
    assert "notes.jpg" in notes.message


def test_a_preview_is_small_upright_and_a_jpeg(codec: Codec, tmp_path: Path) -> None:
    path = tmp_path / "turned.jpg"
    exif = Image.Exif()
    exif[274] = 6
    Image.new("RGB", (400, 200), "red").save(path, exif=exif)
    preview = codec.preview(path, 100)
    assert (preview.width, preview.height) == (50, 100)
    with Image.open(io.BytesIO(preview.jpeg)) as image:
        assert image.format == "JPEG"
        assert image.size == (50, 100)


def test_noise_is_measured(codec: Codec, tmp_path: Path) -> None:
    path = picture(tmp_path / "noisy.png", (256, 256), sigma=12)
    assert codec.noise(path).sigma == pytest.approx(12, rel=0.1)


def test_a_file_that_cannot_be_shown_says_why(codec: Codec, tmp_path: Path) -> None:
    path = picture(tmp_path / "cut.jpg", (300, 300), sigma=30)
    path.write_bytes(path.read_bytes()[:2000])
    for ask in (lambda: codec.preview(path, 64), lambda: codec.noise(path)):
        with pytest.raises(ImageReadError) as caught:
            ask()
        assert caught.value.reason is Reason.TRUNCATED


def test_a_killed_codec_process_comes_back(codec: Codec, tmp_path: Path) -> None:
    path = picture(tmp_path / "a.png")
    codec.probe([path])
    assert codec.pid is not None
    os.kill(codec.pid, signal.SIGKILL)
    (info,) = codec.probe([path])
    assert isinstance(info, PhotoInfo)


def test_several_threads_may_ask(codec: Codec, tmp_path: Path) -> None:
    paths = {width: picture(tmp_path / f"{width}.png", (width, 10)) for width in range(20, 40)}
    found: dict[int, int] = {}

    def ask(width: int) -> None:
        (info,) = codec.probe([paths[width]])
        assert isinstance(info, PhotoInfo)
        found[width] = info.width

    threads = [threading.Thread(target=ask, args=(width,)) for width in paths]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {width: width for width in paths}
