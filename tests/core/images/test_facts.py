"""The viewer's lines about a photograph: camera, exposure, colours, whether it says the place."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from core.errors import ImageReadError
from core.images.codec import Codec
from core.images.facts import _CAMERA_LINES, _Block, profile_name, readable_bytes
from core.images.texts import read_texts
from tests.core.images import samples


@pytest.fixture(scope="module")
def codec() -> Iterator[Codec]:
    with Codec() as codec:
        yield codec


def camera(path: Path, exposure: Fraction = Fraction(1, 250)) -> Path:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Canon", "Canon EOS R5"
    details = exif.get_ifd(0x8769)
    details[0x829A] = IFDRational(exposure.numerator, exposure.denominator)
    details[0x829D] = IFDRational(28, 10)
    details[0x8827] = 6400
    details[0x9003] = "2024:06:01 12:30:00"
    details[0x920A] = IFDRational(85, 1)
    details[0xA434] = "RF85mm F1.2 L USM"
    exif.get_ifd(0x8825).update({1: "N", 2: (48.0, 8.0, 0.0), 3: "E", 4: (11.0, 34.0, 0.0)})
    Image.new("RGB", (300, 200)).save(path, exif=exif, icc_profile=samples.prophoto())
    return path


def test_a_cameras_jpeg_tells_its_story(codec: Codec, tmp_path: Path) -> None:
    facts = codec.facts(camera(tmp_path / "a.jpg"))
    lines = dict(facts.lines)
    assert (facts.width, facts.height, facts.has_place) == (300, 200, True)
    assert lines["Size"] == "300 x 200 (0.1 megapixels)"
    assert lines["Camera"] == "Canon EOS R5"
    assert lines["Lens"] == "RF85mm F1.2 L USM"
    assert lines["Exposure"] == "1/250 s, f/2.8"
    assert lines["ISO"] == "6400"
    assert lines["Focal length"] == "85 mm"
    assert lines["Taken"] == "2024-06-01 12:30:00"
    assert lines["Place"] == "recorded (GPS)"
    assert lines["File"].startswith("JPEG, ")
    assert lines["Colours"].startswith("RGB, 8 bits, ")
    assert "no profile" not in lines["Colours"]


def test_long_exposures_are_no_fractions(codec: Codec, tmp_path: Path) -> None:
    facts = codec.facts(camera(tmp_path / "a.jpg", Fraction(5, 2)))
    assert dict(facts.lines)["Exposure"] == "2.5 s, f/2.8"


def test_a_plain_picture_has_no_empty_lines(codec: Codec, tmp_path: Path) -> None:
    path = samples.write(tmp_path, "a.png", samples.saved(samples.scene(), "png"))
    facts = codec.facts(path)
    assert [label for label, _ in facts.lines] == ["Size", "File", "Colours"]
    assert not facts.has_place
    assert dict(facts.lines)["Colours"] == "RGB, 8 bits, no profile, shown as sRGB"


def test_profiles_say_their_name_in_both_forms() -> None:
    v4 = b"mluc" + bytes(4) + struct.pack(">IIHHII", 1, 12, 0x656E, 0x5553, 20, 28)
    v4 += "Display P3".encode("utf-16-be")
    head = bytes(128) + struct.pack(">I4sII", 1, b"desc", 144, len(v4))
    assert profile_name(head + v4) == "Display P3"
    assert profile_name(samples.prophoto()) != ""
    assert profile_name(None) == profile_name(b"x") == profile_name(head) == ""


def test_bytes_are_readable() -> None:
    assert [readable_bytes(n) for n in (12, 8_400_000, 2_500_000_000)] == [
        "12 bytes", "8.4 MB", "2.5 GB",
    ]  # fmt: skip


@given(st.binary(max_size=200), st.sampled_from([b"", b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"]))
def test_no_block_of_bytes_breaks_the_lines(raw: bytes, head: bytes) -> None:
    block = _Block(head + raw)
    for _, read in _CAMERA_LINES:
        assert isinstance(read(block), str)


def test_texts_come_raw_with_the_files_hash(tmp_path: Path) -> None:
    path = camera(tmp_path / "a.jpg")
    texts = read_texts(path)
    assert texts.texts["Make"] == "Canon"
    assert len(texts.file_sha256) == 64
    assert texts.regrain == {}
    with pytest.raises(ImageReadError):
        read_texts(tmp_path / "nothing.jpg")
