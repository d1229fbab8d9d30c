"""Reading photographs: what is whole comes in whole, in its own depth and colours."""

from __future__ import annotations

import io
import struct
import subprocess
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from core.images.containers import jpeg
from core.images.decode import probe, read_photo
from core.images.encode import EncodeOptions, verify_written, write_photo
from core.images.photo import Alpha, Container
from tests.core.images import samples


@pytest.mark.parametrize("kind", ["png", "tiff", "bmp"])
def test_lossless_pixels_come_in_as_they_are(tmp_path: Path, kind: str) -> None:
    picture = samples.scene()
    path = samples.write(tmp_path, f"a.{kind}", samples.saved(picture, kind))
    photo = read_photo(path)
    assert np.array_equal(photo.pixels, picture)
    assert photo.container is Container(kind) and photo.alpha is None
    info = probe(path)
    assert (info.width, info.height, info.channels, info.bits) == (96, 64, 3, 8)


@pytest.mark.parametrize("kind", ["jpeg", "webp", "avif"])
def test_lossy_pixels_equal_another_decoder(tmp_path: Path, kind: str) -> None:
    data = samples.saved(samples.scene(), kind, quality=90)
    photo = read_photo(samples.write(tmp_path, "a." + kind, data))
    decode = {"jpeg": imagecodecs.jpeg_decode, "webp": imagecodecs.webp_decode}
    expected = decode[kind](data) if kind in decode else imagecodecs.avif_decode(data)
    assert np.abs(photo.pixels.astype(int) - expected).max() <= 2


@pytest.mark.parametrize("kind", ["png", "tiff"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_16_bits_stay_16_bits(tmp_path: Path, kind: str, channels: int) -> None:
    """Pillow reads 16-bit RGB as 8-bit without a word; a ProPhoto scan would lose half."""
    deep = samples.deep_scene()
    whole = {1: deep[..., 0].copy(), 3: deep, 4: np.dstack((deep, deep[..., 1]))}[channels]
    data = imagecodecs.png_encode(whole) if kind == "png" else samples.tiff_bytes(whole)
    photo = read_photo(samples.write(tmp_path, "deep." + kind, data))
    assert photo.pixels.dtype == np.uint16 and photo.bits == 16
    assert np.array_equal(photo.pixels, deep[..., : 1 if channels == 1 else 3])
    if channels == 4:
        assert photo.alpha is not None and np.array_equal(photo.alpha, deep[..., 1])


def test_one_bit_and_palette_pictures_come_in_as_grey_and_colour(tmp_path: Path) -> None:
    picture = Image.fromarray(samples.scene())
    picture.convert("1").save(tmp_path / "one.png")
    picture.quantize(32).save(tmp_path / "pal.png")
    picture.quantize(16).save(tmp_path / "pal.tif")
    picture.convert("1").save(tmp_path / "one.tif")
    one, palette = read_photo(tmp_path / "one.png"), read_photo(tmp_path / "pal.png")
    assert one.pixels.shape == (64, 96, 1) and set(np.unique(one.pixels)) == {0, 255}
    assert palette.mode == "palette" and palette.pixels.shape == (64, 96, 3)
    for name in ("pal.tif", "one.tif"):
        photo = read_photo(tmp_path / name)
        with Image.open(tmp_path / name) as image:
            expected = np.asarray(image.convert("RGB" if name == "pal.tif" else "L"))
        assert np.array_equal(photo.pixels.squeeze(), expected)


def test_transparency_comes_as_alpha(tmp_path: Path) -> None:
    picture = samples.scene()
    alpha = picture[..., 0]
    for kind in ("png", "webp", "tiff"):
        options = {"lossless": True, "exact": True} if kind == "webp" else {}
        data = samples.saved(np.dstack((picture, alpha)), kind, **options)
        photo = read_photo(samples.write(tmp_path, "a." + kind, data))
        assert np.array_equal(photo.pixels, picture)
        assert photo.alpha is not None and np.array_equal(photo.alpha, alpha)
    keyed = samples.saved(picture[..., 0], "png", transparency=17)
    photo = read_photo(samples.write(tmp_path, "key.png", keyed))
    assert photo.alpha is not None
    assert np.array_equal(photo.alpha == 0, picture[..., 0] == 17)


def test_min_is_white_tiffs_are_not_negatives(tmp_path: Path) -> None:
    grey = samples.scene()[..., 0]
    data = samples.tiff_bytes(255 - grey, photometric="miniswhite")
    photo = read_photo(samples.write(tmp_path, "w.tif", data))
    assert np.array_equal(photo.pixels[..., 0], grey)


def test_12_bits_are_spread_over_16(tmp_path: Path) -> None:
    """Left as they are, they would be nearly black."""
    twelve = (samples.deep_scene()[..., 0] >> 4).astype(np.uint16)
    pairs = twelve.reshape(-1, 2).astype(np.uint32)
    packed = np.stack(
        [pairs[:, 0] >> 4, (pairs[:, 0] & 15) << 4 | pairs[:, 1] >> 8, pairs[:, 1] & 255], axis=1
    )
    tags = [
        (256, 4, 96), (257, 4, 64), (258, 3, 12), (259, 3, 1), (262, 3, 1), (273, 4, 8),
        (277, 3, 1), (278, 4, 64), (279, 4, packed.size),
    ]  # fmt: skip
    records = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    body = packed.astype(np.uint8).tobytes()
    data = struct.pack("<2sHI", b"II", 42, 8 + len(body)) + body
    data += struct.pack("<H", len(tags)) + records + bytes(4)
    photo = read_photo(samples.write(tmp_path, "twelve.tif", data))
    assert photo.bits == 12 and photo.pixels.dtype == np.uint16
    assert np.array_equal(photo.pixels[..., 0] >> 4, twelve)
    assert photo.pixels.max() > 60000


def test_planar_tiled_and_compressed_tiffs_read_right(tmp_path: Path) -> None:
    deep = samples.deep_scene(100, 70)
    forms: list[dict[str, object]] = [
        {"compression": "lzw", "predictor": True},
        {"compression": "zlib", "tile": (32, 32)},
        {"planarconfig": "separate"},
        {"bigtiff": True},
        {"byteorder": ">"},
    ]
    for index, form in enumerate(forms):
        whole = np.moveaxis(deep, 2, 0) if "planarconfig" in form else deep
        data = samples.tiff_bytes(whole, photometric="rgb", **form)
        photo = read_photo(samples.write(tmp_path, f"{index}.tif", data))
        assert np.array_equal(photo.pixels, deep), form


def test_associated_alpha_is_told(tmp_path: Path) -> None:
    whole = np.dstack((samples.scene(), samples.scene()[..., 0]))
    data = samples.tiff_bytes(whole, photometric="rgb", extrasamples=["assocalpha"])
    assert read_photo(samples.write(tmp_path, "a.tif", data)).alpha_kind is Alpha.ASSOCIATED


def test_cmyk_inks_are_the_right_way_round(tmp_path: Path) -> None:
    """Adobe stores inks inverted, others do not; read wrongly, a print comes out as a negative."""
    inks = np.zeros((16, 16, 4), np.uint8)
    inks[:, :8] = (200, 40, 0, 30)
    adobe = samples.cmyk_jpeg(inks, quality=100)
    photo = read_photo(samples.write(tmp_path, "adobe.jpg", adobe))
    assert np.abs(photo.pixels.astype(int) - inks).max() <= 3
    layout = jpeg.read_layout("a", adobe)
    marker = next(part for part in layout.segments if part.marker == 0xEE)
    plain = adobe[: marker.at] + adobe[marker.stop :]
    photo = read_photo(samples.write(tmp_path, "plain.jpg", plain))
    assert np.abs((255 - photo.pixels.astype(int)) - inks).max() <= 3


def test_ycck_is_read_as_cmyk(tmp_path: Path) -> None:
    inks = np.zeros((16, 16, 4), np.uint8)
    inks[:, :8] = (200, 40, 0, 30)
    data = imagecodecs.jpeg8_encode(
        255 - inks, 100, colorspace="CMYK", outcolorspace="YCCK", subsampling="444"
    )
    assert jpeg.adobe_transform(data, jpeg.read_layout("a", data)) == 2
    photo = read_photo(samples.write(tmp_path, "ycck.jpg", data))
    assert np.abs(photo.pixels.astype(int) - inks)[:, [0, 1, 2, 3, -2, -1]].max() <= 4


def test_an_mpo_is_its_primary_frame(tmp_path: Path) -> None:
    first, second = Image.fromarray(samples.scene(seed=1)), Image.fromarray(samples.scene(seed=9))
    first.save(tmp_path / "a.mpo", save_all=True, append_images=[second], quality=95)
    photo = read_photo(tmp_path / "a.mpo")
    assert photo.container is Container.JPEG
    assert np.abs(photo.pixels.astype(int) - samples.scene(seed=1)).mean() < 6


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["jpeg", "png", "tiff", "webp", "avif"])
def test_every_orientation_comes_in_upright(tmp_path: Path, kind: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"quality": 95} if kind in ("jpeg", "avif") else {}
    options |= {"lossless": True} if kind == "webp" else {}
    path = samples.write(tmp_path, "a", samples.saved(samples.scene(), kind, exif=exif, **options))
    upright = {
        1: None, 2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2,
    }[orientation]  # fmt: skip
    expected = Image.fromarray(samples.scene())
    if upright is not None:
        expected = expected.transpose(Image.Transpose(upright))
    photo = read_photo(path)
    assert photo.orientation == orientation
    assert np.abs(photo.pixels.astype(int) - np.asarray(expected)).mean() < 6
    assert (probe(path).width, probe(path).height) == expected.size


def test_a_hash_is_of_the_bytes_on_disk(tmp_path: Path) -> None:
    path = samples.write(tmp_path, "a.jpg", samples.saved(samples.scene(), "jpeg"))
    digest = subprocess.run(["sha256sum", path], capture_output=True, text=True, check=True)
    assert read_photo(path).sha256 == digest.stdout.split()[0]


def test_a_late_exif_chunk_is_seen_without_walking_the_pixels(tmp_path: Path) -> None:
    """ImageMagick writes eXIf behind the pixels; a plan must still know the upright size."""
    exif = samples.exif_block(orientation=6)
    data = samples.saved(samples.scene(), "png")
    late = data[:-12] + samples.png_chunk(b"eXIf", exif) + data[-12:]
    for name, trailer in (("late.png", b""), ("trailer.png", b"junk behind the end")):
        path = samples.write(tmp_path, name, late + trailer)
        assert (probe(path).width, probe(path).height) == (64, 96)
        assert read_photo(path).pixels.shape == (96, 64, 3)


def test_raw_is_developed_to_16_bits_where_the_extra_is_installed(tmp_path: Path) -> None:
    pytest.importorskip("rawpy", reason="the extra `raw` is not installed")
    path = samples.write(tmp_path, "a.dng", samples.dng())
    photo = read_photo(path)
    assert photo.container is Container.RAW and photo.pixels.dtype == np.uint16
    assert (probe(path).width, probe(path).height) == (photo.width, photo.height)
    assert photo.icc is not None and photo.metadata.exif is not None
    target = io.BytesIO()
    facts = write_photo(photo, photo.pixels, None, target, EncodeOptions())
    assert facts.container is Container.TIFF and facts.bits == 16
    assert verify_written(samples.write(tmp_path, "a.tif", target.getvalue()), facts)
