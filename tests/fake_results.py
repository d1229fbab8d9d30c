"""What the fake render process makes of a photograph, and how it writes it."""

from __future__ import annotations

import hashlib
import io
import os
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from core.engine.messages import Render

if TYPE_CHECKING:
    import numpy as np

_NAMESPACE = "https://regrain.app/ns/1.0/"


def expected_pixels(source: Path | io.BytesIO, edit_json: str) -> np.ndarray:
    """Return what the fake makes of a file or of its bytes, (height, width, 3) uint8."""
    # Only tests ask for arrays: the fake is started hundreds of times, and NumPy takes a while.
    import numpy as np

    return np.asarray(expected_picture(source, edit_json))


def expected_picture(source: Path | io.BytesIO, edit_json: str) -> Image.Image:
    """Return `expected_pixels` as a picture, without any of the source's metadata."""
    offset = hashlib.sha256(edit_json.encode()).digest()[0]
    with Image.open(source) as image:
        picture = image.convert("RGB").point([(255 - value) ^ offset for value in range(256)] * 3)
    picture.info.clear()
    return picture


def edited(render: Render, data: bytes) -> tuple[bytes, tuple[int, int]]:
    """Return the result's file of a source's bytes, and its (width, height)."""
    with Image.open(io.BytesIO(data)) as image:
        kind = "JPEG" if image.format == "MPO" else image.format
    # Of the bytes that were hashed, as in the real process: the file may be gone by now.
    picture = expected_picture(io.BytesIO(data), render.edit.model_dump_json())
    buffer = io.BytesIO()
    picture.save(buffer, format=kind, **_note(render, kind))
    return buffer.getvalue(), picture.size


def _note(render: Render, kind: str | None) -> dict[str, object]:
    """Return what writes the provenance into the file, as XMP like the real process."""
    if render.provenance is None or kind not in ("PNG", "JPEG"):
        return {}
    values = " ".join(f'r:{name}="{_quoted(v)}"' for name, v in render.provenance.items())
    packet = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" xmlns:r="{_NAMESPACE}" {values}/></rdf:RDF></x:xmpmeta>'
    )
    if kind == "JPEG":
        return {"xmp": packet.encode()}
    texts = PngInfo()
    texts.add_itxt("XML:com.adobe.xmp", packet)
    return {"pnginfo": texts}


def _quoted(value: str) -> str:
    """Return a value as it stands in an XML attribute, with its lines and tabs."""
    return escape(value).replace("\n", "&#10;").replace("\r", "&#13;").replace("\t", "&#9;")


def write(target: Path, data: bytes) -> None:
    """Write and sync a file that must be new, as the real process does."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    file = os.open(target, flags, 0o666)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(file, view) :]
        os.fsync(file)
    finally:
        os.close(file)
