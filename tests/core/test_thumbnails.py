"""Thumbnails: a grid of thousands must open at once, stay right, and never fill the disk."""

from __future__ import annotations

import io
import os
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import CoreError, ImageReadError, Reason
from core.images.codec import Codec, Preview
from core.thumbnails import Thumbnails


class CountingCodec(Codec):
    """A real codec that counts what it is asked for."""

    asked: Sequence[str] = ()

    def preview(self, path: Path, max_side: int) -> Preview:
        self.asked = (*self.asked, path.name)
        return super().preview(path, max_side)


@pytest.fixture(scope="module")
def codec() -> Iterator[CountingCodec]:
    with CountingCodec() as codec:
        yield codec


def thumbnails(tmp_path: Path, codec: Codec, limit: int = 10**9) -> Thumbnails:
    return Thumbnails(tmp_path / "cache", limit=limit, processes=1, make_codec=lambda: codec)


def picture(path: Path, size: tuple[int, int] = (900, 600), colour: str = "teal") -> Path:
    Image.new("RGB", size, colour).save(path, quality=90)
    return path


def opened(jpeg: bytes) -> Image.Image:
    return Image.open(io.BytesIO(jpeg))


def test_a_thumbnail_comes_with_the_photographs_own_size(
    tmp_path: Path, codec: CountingCodec
) -> None:
    made = thumbnails(tmp_path, codec).get(picture(tmp_path / "a.jpg"), 200)
    assert (made.width, made.height) == (900, 600)
    assert opened(made.jpeg).size == (320, 213)


def test_the_second_time_nothing_is_decoded(tmp_path: Path, codec: CountingCodec) -> None:
    path = picture(tmp_path / "again.png")
    first = thumbnails(tmp_path, codec).get(path, 300)
    assert thumbnails(tmp_path, codec).get(path, 310) == first
    assert list(codec.asked).count("again.png") == 1
    status = path.stat()
    assert thumbnails(tmp_path, codec).peek(path, 300, status.st_mtime_ns, status.st_size) == first


def test_a_changed_file_gets_a_new_thumbnail(tmp_path: Path, codec: CountingCodec) -> None:
    path = picture(tmp_path / "a.png", colour="red")
    cache = thumbnails(tmp_path, codec)
    cache.get(path, 100)
    picture(path, colour="blue")
    os.utime(path, ns=(1, 10**15))
    pixel = opened(cache.get(path, 100).jpeg).getpixel((5, 5))
    assert isinstance(pixel, tuple)
    assert pixel[2] > 200 > pixel[0]


def test_a_bad_file_is_not_tried_at_each_scrolling_by(tmp_path: Path, codec: CountingCodec) -> None:
    path = tmp_path / "notes.jpg"
    path.write_text("shopping list")
    cache = thumbnails(tmp_path, codec)
    for _ in range(3):
        with pytest.raises(ImageReadError) as caught:
            cache.get(path, 100)
        assert caught.value.reason is Reason.NOT_AN_IMAGE
    assert list(codec.asked).count("notes.jpg") == 1


def test_a_file_that_comes_back_is_shown(tmp_path: Path, codec: CountingCodec) -> None:
    path, cache = tmp_path / "card.jpg", thumbnails(tmp_path, codec)
    with pytest.raises(ImageReadError) as caught:
        cache.get(path, 100, 5, 5)
    assert caught.value.reason is Reason.VANISHED
    picture(path)
    assert cache.get(path, 100, 5, 5).width == 900


@pytest.mark.parametrize("harm", [b"", b"RGT1", b"rubbish" * 9, b"RGT1" + bytes(30)])
def test_a_damaged_cache_file_is_made_again(
    tmp_path: Path, codec: CountingCodec, harm: bytes
) -> None:
    path, cache = picture(tmp_path / "a.jpg"), thumbnails(tmp_path, codec)
    good = cache.get(path, 100)
    (kept,) = (tmp_path / "cache").glob("*/*")
    kept.write_bytes(harm)
    assert cache.get(path, 100) == good
    assert kept.read_bytes().endswith(good.jpeg)


def test_the_cache_keeps_its_limit_and_what_was_looked_at_last(
    tmp_path: Path, codec: CountingCodec
) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (160, 160, 3), dtype=np.uint8)
    limit = 200_000
    cache = thumbnails(tmp_path, codec, limit)
    paths = [tmp_path / f"{number}.png" for number in range(24)]
    for number, path in enumerate(paths):
        Image.fromarray(noise).save(path)
        cache.get(path, 160)
        for kept in (tmp_path / "cache").glob("*/*"):
            age = kept.stat().st_mtime - 60
            os.utime(kept, (age, age))
        assert number < 20 or len(list((tmp_path / "cache").glob("*/*"))) < number
    total = sum(kept.stat().st_size for kept in (tmp_path / "cache").glob("*/*"))
    assert 0.5 * limit < total <= limit
    asked = len(codec.asked)
    cache.get(paths[-1], 160)
    assert len(codec.asked) == asked
    cache.get(paths[0], 160)
    assert len(codec.asked) == asked + 1


def test_a_disk_that_takes_nothing_costs_no_thumbnail(tmp_path: Path, codec: CountingCodec) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    made = thumbnails(tmp_path, codec).get(picture(tmp_path / "a.jpg"), 100)
    assert made.width == 900


def test_many_threads_share_two_quiet_processes(tmp_path: Path) -> None:
    paths = [picture(tmp_path / f"{n}.jpg", (100 + n, 50)) for n in range(12)]
    found: dict[int, int] = {}
    with Thumbnails(tmp_path / "cache") as cache:

        def ask(number: int) -> None:
            found[number] = cache.get(paths[number], 100).width

        threads = [threading.Thread(target=ask, args=(n,)) for n in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        pids = [codec.pid for codec in cache._codecs if codec.pid is not None]
        assert 1 <= len(pids) <= 2
        if sys.platform == "linux":
            own = os.getpriority(os.PRIO_PROCESS, 0)
            assert all(os.getpriority(os.PRIO_PROCESS, pid) > min(own, 18) for pid in pids)
    assert found == {n: 100 + n for n in range(12)}


def test_a_codec_that_cannot_start_is_said_in_a_sentence(tmp_path: Path) -> None:
    path = picture(tmp_path / "a.jpg")
    for command in ([str(tmp_path / "nowhere")], [str(path)], [sys.executable, "-c", "1/0"]):
        with pytest.raises(CoreError, match="does not start") as caught, Codec(command) as codec:
            codec.preview(path, 100)
        assert caught.value.hint
