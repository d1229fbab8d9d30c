"""XMP, IPTC, text and the note of how a result was made."""

from __future__ import annotations

import hashlib

import pytest

from core.images import iptc, xmp
from core.images.metadata import PARAMETERS, Carry, Provenance, carried, provenance_in
from core.images.photo import Container, Metadata
from core.recipe import MetadataRule
from tests.core.images import samples

NOTE = Provenance({"model": "builtin", "strength": "0.30", "odd": 'a < b & "c" \x01'}, "Steps: 4")


def carry(
    rule: MetadataRule = MetadataRule.KEEP,
    target: Container = Container.JPEG,
    provenance: Provenance | None = NOTE,
) -> Carry:
    return Carry(rule, target, 96, 64, lambda _: samples.thumbnail(80, 53), provenance)


def source() -> Metadata:
    return Metadata(
        exif=samples.exif_block(),
        xmp=samples.XMP,
        iptc=iptc.block_of(samples.iim((80, "Maria"), (90, "Muenchen"), (120, "Fluss"))),
        comment=b"hand-written",
        dpi=(300.0, 300.0),
        text=(("Title", "Bridge"), (PARAMETERS, "old\nSteps: 9, Seed: 2, Model: x")),
    )


def test_the_note_is_merged_into_the_users_packet() -> None:
    packet = carried(source(), carry()).xmp
    assert packet is not None
    text = packet.decode()
    for kept in ("<rdf:li>Brücke</rdf:li>", 'mine:shelf="B7"', 'xmp:Rating="4"', "<?xpacket end"):
        assert kept in text
    assert "Darkroom" not in text and "<xmp:CreatorTool>Regrain<" in text
    assert 'tiff:Orientation="1"' in text
    assert xmp.SOURCE_TYPE in text
    found = xmp.Packet(packet).properties(xmp.REGRAIN)
    assert found == {"model": "builtin", "strength": "0.30", "odd": 'a < b & "c" '}


def test_a_second_pass_replaces_the_first_note() -> None:
    once = carried(source(), carry())
    twice = carried(once, carry(provenance=Provenance({"model": "sd15"})))
    assert twice.xmp is not None and twice.xmp.count(b"DigitalSourceType>") == 2
    assert xmp.Packet(twice.xmp).properties(xmp.REGRAIN) == {"model": "sd15"}


def test_without_a_note_an_upright_packet_stays_byte_for_byte() -> None:
    upright = samples.XMP.replace(b'tiff:Orientation="6"', b'tiff:Orientation="1"')
    assert carried(Metadata(xmp=upright), carry(provenance=None)).xmp == upright
    assert carried(Metadata(), carry(provenance=None)) == Metadata()


@pytest.mark.parametrize(
    "broken",
    [
        b"not xml at all",
        b"<x:xmpmeta xmlns:x='adobe:ns:meta/'></x:xmpmeta>",
        b'<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;&b;">]><a>&c;</a>',
        b"<a>" * 5000 + b"</a>" * 5000,
        b"\xff\xfe\x00",
    ],
)
def test_a_broken_packet_is_kept_as_it_is_or_goes_with_the_place(broken: bytes) -> None:
    """It is the user's; but where the place must go, what cannot be read may hold one."""
    assert carried(Metadata(xmp=broken), carry()).xmp == broken
    stripped = carry(MetadataRule.STRIP_LOCATION)
    assert carried(Metadata(xmp=broken), stripped).xmp is None


def test_strip_location_takes_every_place_and_nothing_else() -> None:
    drone = samples.XMP.replace(
        b'mine:shelf="B7"', b'mine:shelf="B7" xmlns:dji="http://dji/" dji:GpsLatitude="48.1"'
    )
    kept = carried(Metadata(xmp=drone, iptc=source().iptc), carry(MetadataRule.STRIP_LOCATION))
    assert kept.xmp is not None and kept.iptc is not None
    for place in (b"Muenchen", b"48,8.225N", b"GpsLatitude"):
        assert place not in kept.xmp
    assert b'shelf="B7"' in kept.xmp and b"river" in kept.xmp
    assert b"Muenchen" not in kept.iptc
    assert b"Maria" in kept.iptc and b"Fluss" in kept.iptc


@pytest.mark.parametrize("target", list(Container)[:6])
def test_strip_leaves_nothing_not_even_the_note(target: Container) -> None:
    assert carried(source(), carry(MetadataRule.STRIP, target)) == Metadata()


def test_extended_xmp_stays_in_jpeg_and_joins_the_packet_elsewhere() -> None:
    extended = samples.XMP.replace(b"river", b"depthmap" * 9000)
    guid = hashlib.md5(extended).hexdigest().upper()
    main = samples.XMP.replace(
        b'mine:shelf="B7"',
        b'mine:shelf="B7" xmlns:xmpNote="http://ns.adobe.com/xmp/note/" '
        b'xmpNote:HasExtendedXMP="' + guid.encode() + b'"',
    )
    metadata = Metadata(xmp=main, xmp_extended=extended)
    there = carried(metadata, carry())
    assert there.xmp_extended == extended and there.xmp and guid.encode() in there.xmp
    elsewhere = carried(metadata, carry(target=Container.PNG))
    assert elsewhere.xmp_extended is None and elsewhere.xmp is not None
    assert b"depthmap" in elsewhere.xmp and b"HasExtendedXMP" not in elsewhere.xmp
    stripped = carried(metadata, carry(MetadataRule.STRIP_LOCATION))
    assert stripped.xmp_extended is not None and b"Muenchen" not in stripped.xmp_extended
    renewed = hashlib.md5(stripped.xmp_extended).hexdigest().upper().encode()
    assert stripped.xmp is not None and renewed in stripped.xmp


def test_a_packet_too_large_for_jpeg_is_extended_not_lost() -> None:
    large = samples.XMP.replace(b"river", b"river" * 20000)
    kept = carried(Metadata(xmp=large), carry())
    assert kept.xmp is not None and len(kept.xmp) < 65000
    assert kept.xmp_extended is not None and b"river" * 20000 in kept.xmp_extended
    found = provenance_in(kept)
    assert found is not None and found.properties["model"] == "builtin"


def test_png_text_of_other_programs_is_kept_beside_ours() -> None:
    text = dict(carried(source(), carry(target=Container.PNG)).text)
    assert text["Title"] == "Bridge" and text[PARAMETERS] == "Steps: 4"
    assert text["parameters_source"].startswith("old")
    again = carried(Metadata(text=tuple(text.items())), carry(target=Container.PNG))
    assert dict(again.text)["parameters_source"].startswith("old")


def test_the_note_of_another_program_is_found() -> None:
    words = "a cat\nNegative prompt: dog\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5"
    assert provenance_in(Metadata(text=((PARAMETERS, words),))) == Provenance({}, words)
    assert provenance_in(Metadata(exif=samples.exif_block())) is None
    assert provenance_in(Metadata()) is None


def test_a_photoshop_block_loses_only_its_stale_parts() -> None:
    records = [
        iptc.Resource(0x0404, b"", samples.iim((80, "Maria"))),
        iptc.Resource(0x040C, b"", samples.thumbnail()),
        iptc.Resource(0x07D0, b"outline", b"path"),
        iptc.Resource(0x0422, b"", b"II*\0"),
    ]
    block = iptc.pack(records)
    assert block is not None
    cleaned = iptc.clean_block(block)
    assert [record.id for record in iptc.resources(cleaned or b"")] == [0x0404, 0x07D0]
    assert iptc.iim_of(cleaned) == samples.iim((80, "Maria"))
    for at in range(len(block)):
        assert iptc.without_location(block[:at]) is None or at > 12
