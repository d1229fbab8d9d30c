"""Damaged, cut, hostile and odd pictures: a whole result or a named reason, and nobody falls over.

They are asked of the codec process, which is what the window and the command line show to files
that nobody trusts yet; a question that decodes, decodes as the render process does.
"""

from __future__ import annotations

import itertools
import random
import struct
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import CoreError, ImageReadError, Reason
from core.images.colour import apply_change, to_model
from core.images.decode import decode_photo, read_photo
from core.images.encode import EncodeOptions, verify_written, write_photo
from core.images.photo import Photo, upright
from core.recipe import MetadataRule
from tests.core.images import samples
from tests.faults import pictures
from tests.faults.asking import MOST_MEGABYTES, UNLIKELY_SECONDS, Asker
from tests.faults.pictures import png_of, tiff_of
from tests.faults.table import Tally


def cut_everywhere(asker: Asker, count: int) -> tuple[int, list[str]]:
    """Cut each kind of file at `count` places; return how often, and what passed though it lost.

    What is read although it was cut must have lost nothing of the picture: an MPO's second frame,
    or the mark behind a BMP's last row.
    """
    lost, times = [], 0
    for name, data in pictures.whole().items():
        picture = asker.decode(asker.put(name, data))
        assert isinstance(picture, bytes), f"{name} itself cannot be read: {picture}"
        for at in pictures.cuts(data, count):
            times += 1
            found = asker.decode(asker.put(name, data[:at]))
            if isinstance(found, bytes) and not (found == picture and same_pixels(name, data, at)):
                lost.append(f"{name} at {at} of {len(data)}")
    return times, lost


def same_pixels(name: str, data: bytes, at: int) -> bool:
    one, other = decode_photo(name, data), decode_photo(name, data[:at])
    return np.array_equal(one.pixels, other.pixels) and (one.alpha is None) == (other.alpha is None)


def test_a_file_that_was_cut_is_never_taken_for_a_whole_one(asker: Asker, tally: Tally) -> None:
    """A card pulled too early must not become half a grey photograph."""
    times, lost = cut_everywhere(asker, 10)
    tally(40, "picture files cut", times, len(lost) + asker.ended)
    assert times == 200
    assert not lost
    assert not asker.ended


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_two_thousand_cut_files(asker: Asker, tally: Tally) -> None:
    times, lost = cut_everywhere(asker, 100)
    tally(40, "picture files cut", times, len(lost) + asker.ended)
    assert times == 2000
    assert not lost
    assert not asker.ended


def flip(asker: Asker, each: int) -> int:
    chance = random.Random(41)
    for name, data in pictures.whole().items():
        for _ in range(each):
            asker.decode(asker.put(name, pictures.flipped(data, chance)))
    return each * len(pictures.whole())


def test_bits_that_flipped_end_no_process(asker: Asker, tally: Tally) -> None:
    times = flip(asker, 10)
    tally(41, "bits flipped in picture files", times, asker.ended)
    assert not asker.ended
    assert asker.slowest < UNLIKELY_SECONDS


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_two_thousand_files_with_flipped_bits(asker: Asker, tally: Tally) -> None:
    times = flip(asker, 100)
    tally(41, "bits flipped in picture files", times, asker.ended)
    assert times == 2000
    assert not asker.ended


def corpus(each: int, seed: int = 38) -> Iterator[tuple[str, bytes]]:
    """Yield files broken in many ways, `each` of every kind; the same ones for a seed."""
    whole = pictures.whole()
    for name, data in whole.items():
        chance = random.Random(f"{seed} {name}")
        other = whole[chance.choice(sorted(whole))]
        for broken in itertools.islice(pictures.mutations(data, other, chance), each):
            yield name, broken


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_corpus_of_bad_pictures(asker: Asker, tally: Tally) -> None:
    """Every one is asked everything; none may end the reader, hang it, or have no reason."""
    files = itertools.chain(pictures.odd_ones(), corpus(150))
    found = [asker.everything(asker.put(name, data)) for name, data in files]
    read = sum(isinstance(answer, bytes) for answer in found)
    tally(38, "bad and odd pictures, every question asked", len(found), asker.ended)
    assert len(found) > 3000
    assert 0 < read < len(found)
    assert not asker.ended
    assert asker.slowest < UNLIKELY_SECONDS
    assert asker.peak_megabytes() < MOST_MEGABYTES


def written(photo: Photo, path: Path, rule: MetadataRule) -> bool:
    """Write a photograph that was not changed; say whether that worked or was refused."""
    seen = to_model(photo)
    pixels = apply_change(photo, seen, seen)
    try:
        with path.open("wb") as file:
            facts = write_photo(photo, pixels, photo.alpha, file, EncodeOptions(metadata=rule))
        verify_written(path, facts)
    except CoreError:
        return False
    return True


def write_what_can_be_read(files: Iterable[tuple[str, bytes]], folder: Path) -> tuple[int, int]:
    """Take files through reading, colours and writing; return how many, and how many came out."""
    rules, times, done = itertools.cycle(MetadataRule), 0, 0
    for name, data in files:
        times += 1
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # decoders' remarks about what is broken
            try:
                photo = decode_photo(name, data, max_pixels=1_000_000)
            except ImageReadError:
                continue
            done += written(photo, folder / "result", next(rules))
    return times, done


def test_metadata_of_damaged_files_can_be_written_or_is_refused(
    tmp_path: Path, tally: Tally
) -> None:
    """A file that could just be read must not stop the batch when its result is written."""
    times, done = write_what_can_be_read(corpus(15, seed=1), tmp_path)
    tally(38, "bad pictures, read and written again", times)
    assert 0 < done < times


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_metadata_of_six_thousand_damaged_files(tmp_path: Path, tally: Tally) -> None:
    times, done = write_what_can_be_read(corpus(300, seed=2), tmp_path)
    tally(38, "bad pictures, read and written again", times)
    assert 0 < done < times


def bombs() -> dict[str, tuple[bytes, set[Reason]]]:
    """Return small files that would unfold into far too much, and what may be said of them."""
    large, broken = {Reason.TOO_LARGE}, {Reason.DECODE_ERROR, Reason.TRUNCATED}
    small = samples.saved(samples.scene(8, 8), "png")
    gif = b"GIF89a\xff\xff\xff\xff\xf0\0\0" + bytes(6) + b"!\xf9\4\1\n\0\1\0"
    gif += b",\0\0\0\0\1\0\1\0\0\2\2D\1\0;"
    head = bytearray(samples.saved(samples.scene(8, 8), "jpeg"))
    frame = head.index(b"\xff\xc0")
    head[frame + 5 : frame + 9] = struct.pack(">HH", 65535, 65535)
    moving = _moving_gif(10_000)
    zeros = pictures.zeros(8192)
    return {
        "tiny.gif": (gif[:44], {Reason.ANIMATED}),
        "moving.gif": (moving, {Reason.ANIMATED}),
        "size.jpg": (bytes(head), large),
        "size.png": (png_of(50_000, 50_000, _chunk(b"IDAT", zeros)), large),
        "size.bmp": (
            b"BM" + bytes(8) + struct.pack("<IIiiHHI", 54, 40, 90_000, 90_000, 1, 1, 1) + bytes(99),
            large,
        ),
        "size.tif": (tiff_of(_page(60_000, 60_000) | {273: 8, 279: 8}, bytes(100)), large),
        "text.png": (_inside(small, _chunk(b"zTXt", b"k\0\0" + zeros)), large),
        "itext.png": (_inside(small, _chunk(b"iTXt", b"k\0\1\0\0\0" + zeros)), large),
        "texts.png": (_inside(small, _chunk(b"zTXt", b"k\0\0" + pictures.zeros(8)) * 200), large),
        "profile.png": (_inside(small, _chunk(b"iCCP", b"p\0\0" + zeros)), large),
        "strip.tif": (_packed_tiff(zeros, {273: -1, 278: 64, 279: len(zeros)}), broken),
        "tile.tif": (_packed_tiff(zeros, {322: 65_536, 323: 65_536, 324: -1, 325: 99}), broken),
        "huge-tile.tif": (
            _packed_tiff(zeros, {322: 0x7FFFFFFF, 323: 0x7FFFFFF0, 324: -1, 325: len(zeros)}),
            broken | large,
        ),
        "pages.tif": (pictures.tiff_pages(1100), {Reason.UNSUPPORTED_MODE}),
        "pieces.avif": (pictures.avif_of_pieces(1000, 4 << 20), large),
    }


def harmless() -> dict[str, bytes]:
    """Return files that lead in circles around a picture that is whole."""
    scene = samples.scene(pictures.WIDTH, pictures.HEIGHT)
    circle = tiff_of({0x8769: 8, 0x8825: 8, 330: 8}, next_at=8)
    jpeg = samples.saved(scene, "jpeg", progressive=True, restart_marker_blocks=1)
    raw = scene.tobytes()
    page = _page(pictures.WIDTH, pictures.HEIGHT) | {262: 2, 277: 3, 258: 8}
    page |= {273: -1, 279: len(raw), 330: 8, 34665: 8}
    laughs = b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9))
    xmp = b'<!DOCTYPE l [<!ENTITY a "ha">' + laughs + b"]><x:xmpmeta>&j;</x:xmpmeta>"
    return {
        "circle.jpg": samples.insert_segments(jpeg, (0xE1, b"Exif\0\0" + circle)),
        "circle.tif": tiff_of(page, raw, next_at=8),
        "restarts.jpg": jpeg[:-2] + b"\xff\xd0" * (4 << 20) + jpeg[-2:],
        "laughs.jpg": samples.insert_segments(
            jpeg, (0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp)
        ),
        "profile.jpg": samples.saved(scene, "jpeg", icc_profile=bytes(65_500 * 200)),
    }


def _chunk(kind: bytes, body: bytes) -> bytes:
    return samples.png_chunk(kind, body)


def _inside(png: bytes, chunks: bytes) -> bytes:
    return png[:33] + chunks + png[33:]


def _page(width: int, height: int) -> dict[int, int]:
    return {256: width, 257: height, 258: 8, 259: 1, 262: 1, 277: 1}


def _packed_tiff(data: bytes, tags: dict[int, int]) -> bytes:
    return tiff_of(_page(64, 64) | {259: 8} | tags, data)


def _moving_gif(frames: int) -> bytes:
    frame = b",\0\0\0\0\1\0\1\0\0\2\2D\1\0"
    return b"GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff" + frame * frames + b";"


def test_bombs_are_refused_before_they_unfold(asker: Asker, tally: Tally) -> None:
    """One small file made to do harm must not take the machine's memory, or the night."""
    made = bombs()
    wrong = []
    for name, (data, allowed) in made.items():
        said = asker.everything(asker.put(name, data))
        if said not in allowed:
            wrong.append((name, said))
    for name, data in harmless().items():
        if not isinstance(asker.everything(asker.put(name, data)), bytes):
            wrong.append((name, b"not read"))
    peak, times = asker.peak_megabytes(), len(made) + len(harmless())
    tally(39, "bombs, refused or harmless below 1 GiB", times, len(wrong) + asker.ended)
    assert not wrong
    assert not asker.ended
    assert peak < MOST_MEGABYTES


MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "I;16", "I", "F")
UNSUPPORTED = {("LAB", "TIFF"), ("YCbCr", "TIFF"), ("I", "TIFF"), ("F", "TIFF")}


def test_each_mode_profile_and_orientation_comes_back_as_it_was(
    tmp_path: Path, tally: Tally
) -> None:
    """An edit that changes nothing loses nothing, or the kind is refused by its name.

    What exiftool and other decoders say of it is in tests/core/images/test_fidelity.py.
    """
    tried, wrong = 0, []
    for mode, form in itertools.product(MODES, ("PNG", "TIFF")):
        for turn, icc in itertools.product(range(1, 9), (None, samples.display_p3())):
            path = tmp_path / f"{mode.replace(';', '')}-{turn}.{form.lower()}"
            stored = _saved(mode, form, turn, icc, path)
            if stored is None:
                continue
            tried += 1
            if not _comes_back(path, stored, turn, icc, refused=(mode, form) in UNSUPPORTED):
                wrong.append(path.name)
    tally(42, "modes x profiles x orientations, identity", tried, len(wrong))
    assert tried > 300
    assert not wrong


def _saved(mode: str, form: str, turn: int, icc: bytes | None, path: Path) -> np.ndarray | None:
    """Write a picture in a mode; return its samples as (H, W, C), None where there is no such."""
    source = Image.fromarray(samples.scene(12, 8))
    picture = pictures.in_mode(source, mode)
    exif = Image.Exif()
    exif[0x0112] = turn
    try:
        picture.save(path, form, exif=exif, icc_profile=icc)
    except (OSError, KeyError):
        return None
    shown = {"1": "L", "P": "RGB", "PA": "RGBA", "YCbCr": "RGB"}.get(mode, mode)
    whole = np.asarray(picture if shown == mode else picture.convert(shown))
    return whole[..., None] if whole.ndim == 2 else whole


def _comes_back(
    path: Path, stored: np.ndarray, turn: int, icc: bytes | None, *, refused: bool
) -> bool:
    try:
        photo = read_photo(path)
    except ImageReadError as error:
        return refused and error.reason is Reason.UNSUPPORTED_MODE
    result = path.with_name("result" + path.suffix)
    if refused or not written(photo, result, MetadataRule.KEEP):
        return False
    again = read_photo(result)
    alpha = [] if again.alpha is None else [again.alpha[..., None]]
    found = np.concatenate((again.pixels, *alpha), axis=2)
    expected = upright(stored, turn)
    same = found.shape == expected.shape and np.array_equal(found, expected.astype(found.dtype))
    return same and again.orientation == 1 and again.icc == icc


def wearing_wrong_names() -> dict[str, tuple[bytes, Reason | None, str]]:
    """Return files whose extension lies: bytes, the reason (None: it is a picture), its words."""
    marker = "touched-by-ghostscript"
    postscript = f"%!PS-Adobe-3.0 EPSF-3.0\n({marker}) (w) file closefile\nshowpage\n".encode()
    return {
        "png.jpg": (pictures.whole()["plain.png"], None, ""),
        "webp.png": (pictures.whole()["lossy.webp"], None, ""),
        "eps.jpg": (postscript, Reason.NOT_AN_IMAGE, "EPS"),
        "dos-eps.jpg": (
            b"\xc5\xd0\xd3\xc6" + struct.pack("<II", 32, len(postscript)) + bytes(20) + postscript,
            Reason.NOT_AN_IMAGE,
            "EPS",
        ),
        "pdf.jpg": (b"%PDF-1.4\n1 0 obj <<>> endobj\n", Reason.NOT_AN_IMAGE, "PDF"),
        "svg.jpg": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', Reason.NOT_AN_IMAGE, "text"),
        "html.png": (b"<!DOCTYPE html><html></html>", Reason.NOT_AN_IMAGE, "text"),
        "script.jpg": (b"#!/bin/sh\ntouch ran\n", Reason.NOT_AN_IMAGE, "text"),
        "mvg.jpg": (b"push graphic-context\nimage over 0,0 0,0 'x'\n", Reason.NOT_AN_IMAGE, "text"),
        "zip.jpg": (b"PK\x03\x04" + bytes(60), Reason.NOT_AN_IMAGE, "ZIP"),
        "program.jpg": (b"\x7fELF" + bytes(60), Reason.NOT_AN_IMAGE, "program"),
        "layers.tif": (b"8BPS" + bytes(60), Reason.UNSUPPORTED_MODE, "Photoshop"),
        "fits.png": (b"SIMPLE  =" + bytes(3000), Reason.UNSUPPORTED_MODE, "FITS"),
    }


def test_files_under_a_wrong_extension_are_what_they_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tally: Tally
) -> None:
    """A picture is a picture by its bytes; a program of any kind is refused in words, never run."""
    tools = tmp_path / "tools"
    tools.mkdir()
    ran = tmp_path / "ran"
    for tool in ("gs", "convert", "magick", "inkscape", "rsvg-convert", "pdftoppm", "sh"):
        (tools / tool).write_text(f"#!/bin/bash\necho {tool} >> {ran}\n")
        (tools / tool).chmod(0o755)
    monkeypatch.setenv("PATH", str(tools))
    asker = Asker(tmp_path)
    wrong = []
    for name, (data, reason, words) in wearing_wrong_names().items():
        path = asker.put(name, data)
        (info,) = asker.codec.probe([path])
        said = asker.everything(path)
        whole = reason is None and isinstance(said, bytes) and not isinstance(info, ImageReadError)
        named = isinstance(info, ImageReadError) and said is reason and words in info.message
        if not (whole or named):
            wrong.append((name, said))
    asker.codec.close()
    tally(43, "wrong extensions", len(wearing_wrong_names()), len(wrong) + ran.exists())
    assert not wrong
    assert not ran.exists(), "a file was handed to another program"
    assert not list(tmp_path.rglob("touched-by-ghostscript"))
