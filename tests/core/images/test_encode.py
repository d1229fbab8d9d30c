"""Writing results: the same bytes each time, coded like the source, nothing lost on the way."""

from __future__ import annotations

import errno
import io
import os
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import ImageReadError, OutputWriteError, Reason
from core.images.containers import jpeg
from core.images.decode import read_photo
from core.images.encode import (
    EncodedFacts,
    EncodeOptions,
    copy_unchanged,
    extension_for,
    verify_written,
    write_photo,
)
from core.images.metadata import Provenance, read_provenance
from core.images.photo import Alpha, Container, Metadata, Photo
from core.recipe import MetadataRule, OutputFormat
from tests.core.images import samples

NOTE = Provenance({"model": "builtin", "strength": "0.30"}, "Brücke\nSteps: 4, Seed: 1, Model: b")


def written(photo: Photo, **options: object) -> tuple[bytes, EncodedFacts]:
    target = io.BytesIO()
    facts = write_photo(photo, photo.pixels, photo.alpha, target, EncodeOptions(**options))
    return target.getvalue(), facts


def read(folder: Path, data: bytes) -> Photo:
    return read_photo(samples.write(folder, "read", data))


def full(kind: str) -> bytes:
    """Return a picture with everything its format can hold."""
    picture = samples.scene(160, 120)
    block = samples.exif_block(160, 120)
    exif = b"Exif\0\0" + block if kind == "jpeg" else block
    options = {"exif": exif, "icc_profile": samples.display_p3()}
    if kind != "tiff":
        options["xmp"] = samples.XMP
    return samples.saved(picture, kind, **options)


@pytest.mark.parametrize("kind", ["jpeg", "png", "tiff", "webp", "avif"])
def test_the_same_result_is_the_same_bytes(tmp_path: Path, kind: str) -> None:
    """A resumed batch must end byte for byte as an uninterrupted one."""
    photo = read(tmp_path, full(kind))
    first, facts = written(photo, provenance=NOTE)
    assert written(photo, provenance=NOTE) == (first, facts)
    assert facts.size == len(first)
    assert verify_written(samples.write(tmp_path, "out", first), facts)


@pytest.mark.parametrize("kind", ["jpeg", "png", "tiff", "webp", "avif"])
@pytest.mark.parametrize("form", list(OutputFormat))
def test_every_format_into_every_format(tmp_path: Path, kind: str, form: OutputFormat) -> None:
    photo = read(tmp_path, full(kind))
    data, facts = written(photo, format=form, provenance=NOTE)
    out = samples.write(tmp_path, "out", data)
    verify_written(out, facts)
    again = read_photo(out)
    assert again.container is (photo.container if form is OutputFormat.KEEP else Container(form))
    assert np.abs(again.pixels.astype(int) - photo.pixels).mean() < 3
    assert again.icc == photo.icc
    note = read_provenance(out)
    assert note is not None and note.properties == dict(NOTE.properties)
    assert note.parameters == NOTE.parameters


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_keeps_its_tables_and_subsampling(
    tmp_path: Path, subsampling: str, progressive: bool
) -> None:
    data = samples.saved(
        samples.scene(160, 120), "jpeg", quality=83, subsampling=subsampling,
        progressive=progressive,
    )  # fmt: skip
    photo = read(tmp_path, data)
    again = read(tmp_path, written(photo)[0])
    assert again.jpeg == photo.jpeg
    assert photo.jpeg is not None and photo.jpeg.subsampling == subsampling
    with Image.open(io.BytesIO(data)) as image:
        assert [list(table) for table in photo.jpeg.tables] == list(image.quantization.values())
    finer = read(tmp_path, written(photo, quality=98)[0])
    assert finer.jpeg is not None and finer.jpeg.tables != photo.jpeg.tables
    assert finer.jpeg.subsampling == subsampling


def test_other_sources_become_jpeg_at_95_without_subsampling(tmp_path: Path) -> None:
    photo = read(tmp_path, samples.saved(samples.scene(), "png"))
    data, _ = written(photo, format=OutputFormat.JPEG)
    coding = read(tmp_path, data).jpeg
    assert coding is not None and coding.subsampling == "4:4:4" and coding.tables[0][0] == 2


def test_an_rgb_coded_jpeg_stays_rgb_coded(tmp_path: Path) -> None:
    data = samples.saved(samples.scene(), "jpeg", keep_rgb=True, quality=90)
    photo = read(tmp_path, data)
    assert photo.jpeg is not None and photo.jpeg.rgb
    again = read(tmp_path, written(photo)[0])
    assert again.jpeg == photo.jpeg
    assert np.abs(again.pixels.astype(int) - photo.pixels).max() <= 3


@pytest.mark.parametrize("form", [OutputFormat.PNG, OutputFormat.TIFF])
def test_16_bits_and_alpha_survive(tmp_path: Path, form: OutputFormat) -> None:
    deep = samples.deep_scene()
    photo = Photo(deep, deep[..., 0], samples.prophoto(), Metadata(), Container.TIFF)
    again = read(tmp_path, written(photo, format=form)[0])
    assert np.array_equal(again.pixels, deep) and again.icc == photo.icc
    assert again.alpha is not None and np.array_equal(again.alpha, deep[..., 0])


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"])
def test_a_tiff_keeps_or_gains_compression_without_loss(tmp_path: Path, compression: str) -> None:
    photo = read(tmp_path, samples.saved(samples.scene(), "tiff", compression=compression))
    again = read(tmp_path, written(photo)[0])
    assert np.array_equal(again.pixels, photo.pixels)
    expected = {1: 1, 5: 5}.get(photo.tiff_compression, 8)
    assert again.tiff_compression == expected


def test_both_byte_orders_of_exif_give_right_tiffs(tmp_path: Path) -> None:
    """The file takes the EXIF block's byte order; pixels must follow."""
    for order in ("<", ">"):
        metadata = Metadata(exif=samples.exif_block(order=order))
        photo = Photo(samples.deep_scene(), None, None, metadata, Container.TIFF)
        data, _ = written(photo)
        assert data[:2] == (b"II" if order == "<" else b"MM")
        assert np.array_equal(read(tmp_path, data).pixels, photo.pixels)
        with Image.open(io.BytesIO(data)) as image:
            assert image.size == (96, 64)


def test_cmyk_stays_cmyk_and_becomes_srgb_where_it_must(tmp_path: Path) -> None:
    inks = np.dstack((samples.scene(), samples.scene()[..., 0] // 3)).astype(np.uint8)
    photo = Photo(inks, None, samples.cmyk_profile(), Metadata(), Container.TIFF)
    tiff = read(tmp_path, written(photo)[0])
    assert np.array_equal(tiff.pixels, inks) and tiff.icc == photo.icc
    printed = read(tmp_path, written(photo, format=OutputFormat.JPEG)[0])
    assert printed.mode == "CMYK" and np.abs(printed.pixels.astype(int) - inks).mean() < 3
    for form in (OutputFormat.PNG, OutputFormat.WEBP, OutputFormat.AVIF):
        assert read(tmp_path, written(photo, format=form)[0]).icc is None


def test_transparency_becomes_white_in_a_jpeg(tmp_path: Path) -> None:
    alpha = np.zeros((64, 96), np.uint8)
    photo = Photo(samples.scene(), alpha, None, Metadata(), Container.PNG)
    flat = read(tmp_path, written(photo, format=OutputFormat.JPEG)[0])
    assert flat.alpha is None and flat.pixels.min() >= 254


def test_associated_alpha_is_kept_in_tiff_and_undone_elsewhere(tmp_path: Path) -> None:
    alpha = np.full((64, 96), 128, np.uint8)
    photo = Photo(
        (samples.scene() // 2).astype(np.uint8), alpha, None, Metadata(), Container.TIFF,
        alpha_kind=Alpha.ASSOCIATED,
    )  # fmt: skip
    again = read(tmp_path, written(photo)[0])
    assert again.alpha_kind is Alpha.ASSOCIATED and np.array_equal(again.pixels, photo.pixels)
    straight = read(tmp_path, written(photo, format=OutputFormat.PNG)[0])
    assert np.abs(straight.pixels.astype(int) - samples.scene()).max() <= 2


def test_max_side_makes_smaller_never_larger(tmp_path: Path) -> None:
    photo = read(tmp_path, full("jpeg"))
    data, facts = written(photo, max_side=80)
    assert (facts.width, facts.height) == (80, 60)
    verify_written(samples.write(tmp_path, "small", data), facts)
    assert written(photo, max_side=4000)[1].width == 160
    assert written(photo, scale=2.0)[1].width == 320


def test_shrinking_does_not_darken_the_edges_of_what_is_seen() -> None:
    pixels = np.zeros((64, 64, 3), np.uint8)
    alpha = np.zeros((64, 64), np.uint8)
    pixels[20:44, 20:44], alpha[20:44, 20:44] = 240, 255
    photo = Photo(pixels, alpha, None, Metadata(), Container.PNG)
    target = io.BytesIO()
    write_photo(photo, pixels, alpha, target, EncodeOptions(max_side=21))
    whole = np.asarray(Image.open(io.BytesIO(target.getvalue())))
    assert (whole[whole[..., 3] > 30][:, :3] > 225).all()


def test_the_embedded_thumbnail_shows_the_edit(tmp_path: Path) -> None:
    photo = read(tmp_path, full("jpeg"))
    target = io.BytesIO()
    write_photo(photo, np.full_like(photo.pixels, 30), None, target, EncodeOptions())
    exif = read(tmp_path, target.getvalue()).metadata.exif
    assert exif is not None and samples.thumbnail() not in exif
    start = exif.rindex(b"\xff\xd8\xff")
    with Image.open(io.BytesIO(exif[start:])) as small:
        assert small.size == (160, 120)
        assert np.asarray(small).max() < 60


def test_strip_leaves_no_trace_but_the_profile(tmp_path: Path) -> None:
    for kind in ("jpeg", "png", "tiff", "webp", "avif"):
        photo = read(tmp_path, full(kind))
        data, _ = written(photo, metadata=MetadataRule.STRIP, provenance=NOTE)
        again = read(tmp_path, data)
        assert again.metadata == Metadata(dpi=again.metadata.dpi if kind == "bmp" else None)
        assert again.icc == photo.icc
        for trace in (b"Canon", b"Regrain", b"regrain", b"Steps"):
            assert trace not in data


def test_a_result_too_large_for_its_format_is_named() -> None:
    wide = Photo(np.zeros((2, 17000, 3), np.uint8), None, None, Metadata(), Container.PNG)
    with pytest.raises(OutputWriteError, match="17000 x 2") as caught:
        written(wide, format=OutputFormat.WEBP)
    assert caught.value.reason is Reason.TOO_LARGE and caught.value.hint


def test_a_full_disk_is_the_callers_to_see() -> None:
    photo = Photo(samples.scene(), None, None, Metadata(), Container.PNG)
    with Path("/dev/full").open("wb", buffering=0) as full_disk, pytest.raises(OSError) as caught:
        write_photo(photo, photo.pixels, None, full_disk.fileno(), EncodeOptions())
    assert caught.value.errno == errno.ENOSPC


def test_what_was_not_written_whole_is_found(tmp_path: Path) -> None:
    photo = read(tmp_path, full("jpeg"))
    data, facts = written(photo)
    path = samples.write(tmp_path, "out.jpg", data)
    fd = os.open(path, os.O_RDONLY)
    assert verify_written(fd, facts) == verify_written(path, facts)
    os.close(fd)
    for broken in (data[:-40], b"", data.replace(b"\xff\xd9", b"\0\0"), full("png")):
        with pytest.raises(OutputWriteError):
            verify_written(samples.write(tmp_path, "bad", broken), facts)


def test_strength_0_copies_the_very_bytes(tmp_path: Path) -> None:
    path = samples.write(tmp_path, "a.jpg", full("jpeg") + b"trailer of a motion photo")
    photo = read_photo(path)
    target = io.BytesIO()
    copy_unchanged(path, photo.sha256, target)
    assert target.getvalue() == path.read_bytes()
    path.write_bytes(full("png"))
    with pytest.raises(ImageReadError) as caught:
        copy_unchanged(path, photo.sha256, io.BytesIO())
    assert caught.value.reason is Reason.CHANGED_WHILE_READING


@pytest.mark.parametrize("kind", ["jpeg", "png", "tiff", "webp"])
@pytest.mark.parametrize("rule", [MetadataRule.STRIP, MetadataRule.STRIP_LOCATION])
def test_strength_0_strips_without_coding_anew(
    tmp_path: Path, kind: str, rule: MetadataRule
) -> None:
    path = samples.write(tmp_path, "a", full(kind))
    photo = read_photo(path)
    target = io.BytesIO()
    copy_unchanged(path, photo.sha256, target, rule)
    again = read(tmp_path, target.getvalue())
    assert b"Muenchen" not in target.getvalue() and again.icc == photo.icc
    if kind != "webp":
        assert np.array_equal(again.pixels, photo.pixels)
    assert (again.metadata.exif is None) == (rule is MetadataRule.STRIP)


def test_extensions_follow_the_format_and_keep_the_users_spelling() -> None:
    assert extension_for(Container.JPEG, OutputFormat.KEEP, ".JPG") == ".JPG"
    assert extension_for(Container.JPEG, OutputFormat.KEEP, ".mpo") == ".jpg"
    assert extension_for(Container.PNG, OutputFormat.KEEP, ".jpg") == ".png"
    assert extension_for(Container.TIFF, OutputFormat.WEBP, ".tif") == ".webp"
    assert extension_for(Container.HEIC, OutputFormat.KEEP) == ".jpg"
    assert extension_for(Container.RAW, OutputFormat.KEEP) == ".tif"


def test_a_bmp_stays_a_bmp(tmp_path: Path) -> None:
    photo = read(tmp_path, samples.saved(samples.scene(), "bmp", dpi=(300, 300)))
    again = read(tmp_path, written(photo, provenance=NOTE)[0])
    assert again.container is Container.BMP and np.array_equal(again.pixels, photo.pixels)
    assert again.metadata.dpi is not None and abs(again.metadata.dpi[0] - 300) < 0.1


def test_png_pixels_outlive_a_fast_compression(tmp_path: Path) -> None:
    """Level 1: a fifth larger, five times faster; a photograph must still be compressed."""
    photo = read(tmp_path, samples.saved(samples.scene(400, 300), "png"))
    data, _ = written(photo)
    assert len(data) < photo.pixels.nbytes
    assert zlib.crc32(photo.pixels.tobytes()) == zlib.crc32(read(tmp_path, data).pixels.tobytes())


def test_layout_of_a_written_jpeg_is_what_readers_expect(tmp_path: Path) -> None:
    """JFIF first, then EXIF: some old programs look nowhere else."""
    data, _ = written(read(tmp_path, full("jpeg")), provenance=NOTE)
    markers = [part.marker for part in jpeg.read_layout("a", data).segments]
    assert markers[:3] == [0xE0, 0xE1, 0xE1]
