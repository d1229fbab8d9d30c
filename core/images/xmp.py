"""Reading and changing an XMP packet (ISO 16684-1) without touching what is not ours."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from xml.dom import Node
from xml.parsers.expat import ExpatError

from defusedxml import DefusedXmlException, minidom

REGRAIN = "https://regrain.app/ns/1.0/"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
TIFF = "http://ns.adobe.com/tiff/1.0/"
EXIF = "http://ns.adobe.com/exif/1.0/"
XAP = "http://ns.adobe.com/xap/1.0/"
PHOTOSHOP = "http://ns.adobe.com/photoshop/1.0/"
IPTC_CORE = "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/"
IPTC_EXT = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
_XMLNS = "http://www.w3.org/2000/xmlns/"
_PLACES = {
    PHOTOSHOP: {"City", "State", "Country"},
    IPTC_CORE: {"Location", "CountryCode"},
    IPTC_EXT: {"LocationCreated", "LocationShown"},
}
_PLACE_WORDS = re.compile(r"gps|latitude|longitude|geotag|geoloc|altitude", re.IGNORECASE)
SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
_HEAD = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
_TAIL = '\n<?xpacket end="w"?>'
_EMPTY = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{RDF}"/></x:xmpmeta>'
_MAX_EDITED = 32 << 20
_MAX_DEPTH = 100

Property = tuple[str, str]


class XmpError(ValueError):
    """A packet that is not well-formed, or tries what XMP never needs (entities, a DTD)."""


class Packet:
    """One packet as a document. Prefixes, attributes and unknown parts stay as they were."""

    def __init__(self, raw: bytes | None) -> None:
        self._document = _parse(raw if raw else (_HEAD + _EMPTY + _TAIL).encode())
        found = self._document.getElementsByTagNameNS(RDF, "RDF")
        if not found:
            raise XmpError("no RDF in it")
        self._rdf: Any = found[0]

    def _descriptions(self) -> list[Any]:
        return [node for node in self._rdf.childNodes if _is(node, RDF, "Description")]

    def properties(self, namespace: str) -> dict[str, str]:
        """Return a namespace's simple properties, attributes and elements alike."""
        found: dict[str, str] = {}
        for description in self._descriptions():
            for name, value in _attributes(description):
                if name[0] == namespace:
                    found[name[1]] = value
            for child in _elements(description):
                if child.namespaceURI == namespace:
                    found[child.localName] = _text(child)
        return found

    def remove(self, unwanted: Iterable[Property], namespaces: Iterable[str] = ()) -> None:
        """Take properties out, by (namespace, name), or whole namespaces."""
        names, spaces = set(unwanted), set(namespaces)
        self._remove_where(lambda name: name in names or name[0] in spaces)

    def remove_places(self) -> None:
        """Take out every property that says where the photograph was taken."""
        self._remove_where(
            lambda name: name[1] in _PLACES.get(name[0], ()) or bool(_PLACE_WORDS.search(name[1]))
        )

    def _remove_where(self, unwanted: Any) -> None:
        for node in list(self._rdf.getElementsByTagName("*")):
            if unwanted((node.namespaceURI, node.localName)) and node.parentNode is not None:
                node.parentNode.removeChild(node)
                continue
            for name, _ in _attributes(node):
                if unwanted(name):
                    node.removeAttributeNS(*name)

    def set_present(self, name: Property, value: str) -> None:
        """Give a property a new value where it is there already."""
        for description in self._descriptions():
            if description.hasAttributeNS(*name):
                description.getAttributeNodeNS(*name).value = value
            for child in _elements(description):
                if (child.namespaceURI, child.localName) == name:
                    while child.firstChild:
                        child.removeChild(child.firstChild)
                    child.appendChild(self._document.createTextNode(value))

    def add(self, prefixes: Mapping[str, str], values: Mapping[Property, str]) -> None:
        """Add simple properties in a description of their own, in the order given.

        Args:
            prefixes: namespace to the prefix it is written with.
        """
        rdf = self._rdf.prefix or "rdf"
        added = self._document.createElementNS(RDF, f"{rdf}:Description")
        added.setAttributeNS(RDF, f"{rdf}:about", self._subject())
        for namespace, prefix in prefixes.items():
            added.setAttributeNS(_XMLNS, f"xmlns:{prefix}", namespace)
        for (namespace, name), value in values.items():
            element = self._document.createElementNS(namespace, f"{prefixes[namespace]}:{name}")
            element.appendChild(self._document.createTextNode(_printable(value)))
            added.appendChild(element)
        self._rdf.appendChild(added)

    def _subject(self) -> str:
        """Return what the packet's descriptions are about: one packet, one subject."""
        for description in self._descriptions():
            if description.hasAttributeNS(RDF, "about"):
                return str(description.getAttributeNS(RDF, "about"))
        return ""

    def adopt(self, other: Packet) -> None:
        """Take over another packet's descriptions: extended XMP where the format knows none."""
        for description in other._descriptions():
            self._rdf.appendChild(self._document.importNode(description, True))

    def to_bytes(self) -> bytes:
        """Return the packet in UTF-8, without an XML declaration."""
        parts = [node.toxml() for node in self._document.childNodes]
        return "\n".join(parts).encode("utf-8", "replace")


def _parse(raw: bytes) -> Any:
    if len(raw) > _MAX_EDITED:
        raise XmpError("too long")
    try:
        text = raw.strip(b"\0 \r\n\t").decode("utf-8-sig")
        document = minidom.parseString(text, forbid_dtd=True)
    except (ExpatError, DefusedXmlException, ValueError, LookupError) as error:
        raise XmpError("not well-formed") from error
    if _is_deep(document):
        raise XmpError("nested too deeply")
    return document


def _is_deep(document: Any) -> bool:
    level = list(document.childNodes)
    for _ in range(_MAX_DEPTH):
        level = [child for node in level for child in node.childNodes]
        if not level:
            return False
    return True


def _is(node: Any, namespace: str, name: str) -> bool:
    return bool(
        node.nodeType == Node.ELEMENT_NODE
        and node.namespaceURI == namespace
        and node.localName == name
    )


def _elements(node: Any) -> list[Any]:
    return [child for child in node.childNodes if child.nodeType == Node.ELEMENT_NODE]


def _attributes(node: Any) -> list[tuple[Property, str]]:
    found = node.attributes
    listed = [found.item(index) for index in range(found.length)]
    return [
        ((item.namespaceURI or "", item.localName or ""), item.value)
        for item in listed
        if item.namespaceURI != _XMLNS
    ]


def _text(node: Any) -> str:
    parts = [c.data for c in node.childNodes if c.nodeType in (Node.TEXT_NODE, 4)]
    return "".join(parts)


def _printable(value: str) -> str:
    """Return text without the control letters that XML 1.0 cannot hold."""
    return re.sub(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", value)
