"""EXIF in place: the MakerNote stays readable, the place can go, hostile blocks do no harm."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image

from core.images import exif
from core.images.exif import Change
from core.images.ifd import read_tiff
from tests.core.images import samples

SMALL = samples.thumbnail(80, 53)


def note_of(block: bytes) -> bytes:
    tiff = read_tiff(block)
    main = tiff.ifd(tiff.first)
    entry = tiff.ifd(tiff.number(main, exif.EXIF_IFD)).get(exif.MAKER_NOTE)
    assert entry is not None
    assert entry.offset == block.index(struct.pack(tiff.order + "H", 4), entry.offset)
    return tiff.value(entry) + struct.pack("<I", entry.offset)


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_maker_note_neither_moves_nor_changes(order: str) -> None:
    """Its offsets count from the block's start: moved by a byte, lens and serial are gone."""
    block = samples.exif_block(orientation=6, order=order)
    change = Change(640, 480, lambda _: SMALL, comment="Steps: 4", keep_location=False)
    edited = exif.changed(block, change)
    assert edited is not None and note_of(edited) == note_of(block)


def test_orientation_and_size_are_those_of_the_result() -> None:
    edited = exif.changed(samples.exif_block(orientation=6), Change(6400, 70000))
    assert edited is not None and exif.read_orientation(edited) == 1
    with Image.open(io.BytesIO(samples.insert_segments(
        samples.thumbnail(), (0xE1, b"Exif\0\0" + edited)
    ))) as image:  # fmt: skip
        found = image.getexif().get_ifd(0x8769)
    assert (found[0xA002], found[0xA003]) == (6400, 70000)


def embedded(block: bytes) -> bytes:
    tiff = read_tiff(block)
    second = tiff.ifd(tiff.ifd(tiff.first).next)
    at, size = tiff.number(second, 0x0201), tiff.number(second, 0x0202)
    return block[at : at + size]


@pytest.mark.parametrize("fresh", [SMALL, samples.thumbnail(160, 160) + bytes(3000)])
def test_the_thumbnail_is_the_edited_picture(fresh: bytes) -> None:
    """An old thumbnail shows what was edited away; larger or smaller than the old one, it goes."""
    block = samples.exif_block()
    edited = exif.changed(block, Change(96, 64, lambda _: fresh))
    assert edited is not None and embedded(edited) == fresh
    assert samples.thumbnail() not in edited


def test_a_thumbnail_that_cannot_be_made_is_taken_out() -> None:
    block = samples.exif_block()
    for maker in (None, lambda _: b""):
        edited = exif.changed(block, Change(96, 64, maker))
        assert edited is not None and samples.thumbnail() not in edited
        tiff = read_tiff(edited)
        assert tiff.ifd(tiff.first).next == 0


def test_a_source_without_thumbnail_gets_none() -> None:
    block = samples.exif_block(with_thumbnail=False)
    edited = exif.changed(block, Change(96, 64, lambda _: SMALL))
    assert edited is not None and SMALL not in edited


def test_the_place_is_gone_not_just_unlinked() -> None:
    block = samples.exif_block()
    edited = exif.changed(block, Change(96, 64, lambda _: SMALL, keep_location=False))
    assert edited is not None
    coordinates = struct.pack("<6I", 48, 1, 8, 1, 1350, 100)
    assert coordinates in block and coordinates not in edited
    tiff = read_tiff(edited)
    assert tiff.ifd(tiff.first).get(exif.GPS_IFD) is None


@pytest.mark.parametrize("comment", [None, b"ASCII\0\0\0" + b" " * 40, bytes(264)])
def test_a_note_goes_where_no_comment_is(comment: bytes | None) -> None:
    block = samples.exif_block(comment=comment)
    edited = exif.changed(block, Change(96, 64, comment="Fluß\nSteps: 4, Seed: 1, Model: b"))
    assert exif.read_comment(edited) == "Fluß\nSteps: 4, Seed: 1, Model: b"


def test_the_users_own_comment_is_never_overwritten() -> None:
    block = samples.exif_block(comment=b"ASCII\0\0\0my own words")
    edited = exif.changed(block, Change(96, 64, comment="Steps: 4"))
    assert exif.read_comment(edited) == "my own words"


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_new_block_holds_the_note(order: str) -> None:
    assert exif.read_comment(exif.created("Ein Wald, Steps: 4")) == "Ein Wald, Steps: 4"
    bare = samples.ExifBuilder(order)
    first = bare.directory([bare.text(0x010F, "Canon")])
    struct.pack_into(order + "I", bare.data, 4, first)
    edited = exif.changed(bytes(bare.data), Change(9, 9, comment="Steps: 4"))
    assert exif.read_comment(edited) == "Steps: 4"


def test_an_orientation_of_another_type_is_reset_too() -> None:
    """Left in place, every viewer would turn the upright result once more."""
    made = samples.ExifBuilder()
    first = made.directory([made.long(0x0112, 6)])
    struct.pack_into("<I", made.data, 4, first)
    block = bytes(made.data)
    assert exif.read_orientation(block) == 6
    edited = exif.changed(block, Change(9, 9))
    assert edited is not None and exif.read_orientation(edited) == 1


def test_an_unreadable_block_is_kept_unless_the_place_must_go() -> None:
    assert exif.changed(b"rubbish", Change(9, 9)) == b"rubbish"
    assert exif.changed(b"rubbish", Change(9, 9, keep_location=False)) is None


def test_hostile_blocks_do_no_harm() -> None:
    """Whatever a file claims: no crash, no hang, and the orientation ends at 1."""
    rng = np.random.default_rng(11)
    for order in ("<", ">"):
        block = samples.exif_block(orientation=6, order=order)
        for _ in range(300):
            broken = bytearray(block)
            for at in rng.integers(0, len(block), 6):
                broken[at] = int(rng.integers(0, 256))
            change = Change(96, 64, lambda _: SMALL, "Steps: 1", bool(rng.integers(0, 2)))
            edited = exif.changed(bytes(broken), change)
            if edited is not None and edited != bytes(broken):
                assert exif.read_orientation(edited) == 1
            exif.is_adobe_rgb(bytes(broken))
            exif.read_comment(bytes(broken))


def test_cut_blocks_do_no_harm() -> None:
    block = samples.exif_block(orientation=6)
    for at in range(0, len(block), 37):
        edited = exif.changed(block[:at], Change(96, 64, lambda _: SMALL, "Steps: 1"))
        assert edited is None or exif.read_orientation(edited) == 1
