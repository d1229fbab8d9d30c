"""What of a photograph's metadata goes into its result, and the note of how it was made."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from core.images import exif, iptc, xmp
from core.images.containers import jpeg, jpeg_metadata
from core.images.decode import read_metadata
from core.images.photo import Container, Metadata
from core.recipe import MetadataRule

PARAMETERS = "parameters"
_EARLIER_PARAMETERS = "parameters_source"
_NOTE = "http://ns.adobe.com/xmp/note/"
_EXTENDED = (_NOTE, "HasExtendedXMP")
_PREFIXES = {xmp.REGRAIN: "regrain", xmp.IPTC_EXT: "Iptc4xmpExt", xmp.XAP: "xmp"}
_PLACE_TEXT = re.compile(r"gps|location|latitude|longitude", re.IGNORECASE)


@dataclass(frozen=True)
class Provenance:
    """How a result was made.

    Attributes:
        properties: simple names and values, written as XMP under https://regrain.app/ns/1.0/.
        parameters: the text that other Stable Diffusion programs read.
    """

    properties: Mapping[str, str] = field(default_factory=dict)
    parameters: str = ""


@dataclass(frozen=True)
class Carry:
    """What decides how metadata goes over: the rule, the note, and the result's facts.

    `thumbnail` makes a JPEG of the result of at most that many bytes.
    """

    rule: MetadataRule
    target: Container
    width: int
    height: int
    thumbnail: exif.Thumbnail | None = None
    provenance: Provenance | None = None


def carried(source: Metadata, carry: Carry) -> Metadata:
    """Return the metadata for a result.

    `strip` leaves nothing, not even the note of how it was made. `strip_location` takes out GPS,
    place names in XMP and IPTC, and any block that cannot be read and might hold them. What the
    target cannot hold is left out: IPTC in WebP and AVIF, PNG text elsewhere, everything in BMP.
    """
    if carry.rule is MetadataRule.STRIP:
        return Metadata()
    if carry.target is Container.BMP:
        return Metadata(dpi=source.dpi)
    keep_location = carry.rule is not MetadataRule.STRIP_LOCATION
    packet, extended = _xmp(source, carry)
    block = source.iptc if keep_location else iptc.without_location(source.iptc)
    return Metadata(
        exif=_exif(source, carry),
        xmp=packet,
        xmp_extended=extended,
        iptc=block,
        comment=source.comment,
        dpi=source.dpi,
        text=tuple(_text(source, carry)) if carry.target is Container.PNG else (),
    )


def _exif(source: Metadata, carry: Carry) -> bytes | None:
    comment = carry.provenance.parameters if carry.provenance else ""
    comment = comment or dict(source.text).get(PARAMETERS, "")
    if carry.target is Container.PNG:
        comment = ""
    if source.exif is None:
        return exif.created(comment) if comment else None
    change = exif.Change(
        carry.width,
        carry.height,
        thumbnail=None if carry.target is Container.TIFF else carry.thumbnail,
        comment=comment,
        keep_location=carry.rule is not MetadataRule.STRIP_LOCATION,
        # AVIF turns by its own boxes, and libavif writes the whole block anew to say so.
        drop_orientation=carry.target is Container.AVIF,
    )
    return exif.changed(source.exif, change)


def _text(source: Metadata, carry: Carry) -> list[tuple[str, str]]:
    pairs = list(source.text)
    if carry.rule is MetadataRule.STRIP_LOCATION:
        pairs = [pair for pair in pairs if not _PLACE_TEXT.search(pair[0])]
    if source.comment and "Comment" not in dict(pairs):
        pairs.append(("Comment", source.comment.decode("utf-8", "replace").rstrip("\0")))
    if carry.provenance and carry.provenance.parameters:
        has_earlier = _EARLIER_PARAMETERS in dict(pairs)
        renamed = [
            (_EARLIER_PARAMETERS if key == PARAMETERS else key, value)
            for key, value in pairs
            if not (has_earlier and key == PARAMETERS)
        ]
        pairs = [(PARAMETERS, carry.provenance.parameters), *renamed]
    return pairs


def _xmp(source: Metadata, carry: Carry) -> tuple[bytes | None, bytes | None]:
    """Return the packet and, for JPEG, its extended part."""
    if source.xmp is None and not carry.provenance:
        return None, None
    try:
        packet = xmp.Packet(source.xmp)
        before = packet.to_bytes()
        extended = _extended(packet, source, carry)
        _update(packet, carry)
        after = packet.to_bytes()
    except xmp.XmpError:
        if carry.rule is MetadataRule.STRIP_LOCATION:
            return None, None
        return source.xmp, source.xmp_extended
    if after == before and source.xmp is not None:
        return source.xmp, extended
    if carry.target is Container.JPEG and not jpeg_metadata.fits(jpeg.XMP, after):
        return _overflowing(after, carry)
    return after, extended


def _update(packet: xmp.Packet, carry: Carry) -> None:
    packet.set_present((xmp.TIFF, "Orientation"), "1")
    for namespace, across, down in (
        (xmp.TIFF, "ImageWidth", "ImageLength"),
        (xmp.EXIF, "PixelXDimension", "PixelYDimension"),
    ):
        packet.set_present((namespace, across), str(carry.width))
        packet.set_present((namespace, down), str(carry.height))
    if carry.rule is MetadataRule.STRIP_LOCATION:
        packet.remove_places()
    if carry.provenance:
        _add_note(packet, carry.provenance)


def _add_note(packet: xmp.Packet, provenance: Provenance) -> None:
    source_type, tool = (xmp.IPTC_EXT, "DigitalSourceType"), (xmp.XAP, "CreatorTool")
    packet.remove((source_type, tool), namespaces=(xmp.REGRAIN,))
    values = {source_type: xmp.SOURCE_TYPE, tool: "Regrain"}
    values |= {(xmp.REGRAIN, name): value for name, value in provenance.properties.items()}
    packet.add(_PREFIXES, values)


def _extended(packet: xmp.Packet, source: Metadata, carry: Carry) -> bytes | None:
    """Return the extended part for a JPEG; other formats take it into the packet itself."""
    if source.xmp_extended is None:
        packet.remove((_EXTENDED,))
        return None
    if carry.target is not Container.JPEG:
        packet.adopt(xmp.Packet(source.xmp_extended))
        packet.remove((_EXTENDED,))
        return None
    if carry.rule is not MetadataRule.STRIP_LOCATION:
        return source.xmp_extended
    part = xmp.Packet(source.xmp_extended)
    part.remove_places()
    extended = part.to_bytes()
    packet.set_present(_EXTENDED, _guid(extended))
    return extended


def _overflowing(large: bytes, carry: Carry) -> tuple[bytes, bytes]:
    """Return a small packet that points to the large one: JPEG segments hold 64 KB."""
    small = xmp.Packet(None)
    values = {_EXTENDED: _guid(large)}
    small.add({_NOTE: "xmpNote"}, values)
    if carry.provenance:
        _add_note(small, carry.provenance)
    return small.to_bytes(), large


def _guid(extended: bytes) -> str:
    return hashlib.md5(extended, usedforsecurity=False).hexdigest().upper()


def read_provenance(path: Path) -> Provenance | None:
    """Return the note that Regrain, or another program, left in a picture; None without one.

    A note of another program has `parameters` only.

    Raises:
        ImageReadError: as `core.images.decode.probe`.
    """
    return provenance_in(read_metadata(path))


def provenance_in(metadata: Metadata) -> Provenance | None:
    """Return the note in a picture's metadata, or None."""
    properties = regrain_properties(metadata)
    parameters = dict(metadata.text).get(PARAMETERS, "") or exif.read_comment(metadata.exif)
    if not properties and not _are_parameters(parameters):
        return None
    return Provenance(properties, parameters)


def regrain_properties(metadata: Metadata) -> dict[str, str]:
    """Return Regrain's own XMP properties; none where the packet cannot be read."""
    properties: dict[str, str] = {}
    for block in (metadata.xmp, metadata.xmp_extended):
        if block is not None:
            try:
                properties |= xmp.Packet(block).properties(xmp.REGRAIN)
            except xmp.XmpError:
                continue
    return properties


def _are_parameters(text: str) -> bool:
    """Say whether a comment is a parameters text: its last line has at least three pairs."""
    lines = text.strip().splitlines()
    return bool(lines) and len(re.findall(r"[\w ]+: [^,]+(?:,|$)", lines[-1])) >= 3
