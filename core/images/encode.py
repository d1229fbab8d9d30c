"""Writing a result: its pixels in the format asked for, with all that its source carried."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np

from core.errors import OutputWriteError, Reason
from core.images import source as files
from core.images.colour import to_model
from core.images.containers import (
    avif,
    bmp,
    jpeg,
    jpeg_codec,
    jpeg_metadata,
    png,
    png_metadata,
    tiff_write,
    webp,
)
from core.images.decode import MAX_PIXELS, decode_photo
from core.images.metadata import Carry, Provenance, carried
from core.images.photo import Alpha, Container, Metadata, Photo, Pixels
from core.images.preview import small_srgb
from core.images.resize import fitted_size, in_8_bits, resized
from core.recipe import MetadataRule, OutputFormat

_SUFFIXES = {
    Container.JPEG: (".jpg", ".jpeg", ".jpe", ".jfif"),
    Container.PNG: (".png",),
    Container.TIFF: (".tif", ".tiff"),
    Container.WEBP: (".webp",),
    Container.BMP: (".bmp", ".dib"),
    Container.AVIF: (".avif",),
}
_KEPT_AS = {Container.HEIC: Container.JPEG, Container.RAW: Container.TIFF}
_MAX_SIDES = {
    Container.JPEG: jpeg.MAX_SIDE,
    Container.PNG: png.MAX_SIDE,
    Container.TIFF: tiff_write.MAX_SIDE,
    Container.WEBP: webp.MAX_SIDE,
    Container.BMP: bmp.MAX_SIDE,
    Container.AVIF: avif.MAX_SIDE,
}
_CHANNELS = {
    Container.JPEG: {1, 3, 4},
    Container.PNG: {1, 3},
    Container.TIFF: {1, 3, 4},
    Container.WEBP: {3},
    Container.BMP: {1, 3},
    Container.AVIF: {1, 3},
}
_DEEP = {Container.PNG, Container.TIFF}
_THUMBNAIL_SIDE = 160


@dataclass(frozen=True)
class EncodeOptions:
    """How a result is written. `quality` None: a JPEG's own tables, 95 otherwise."""

    format: OutputFormat = OutputFormat.KEEP
    quality: int | None = None
    max_side: int | None = None
    scale: float = 1.0
    metadata: MetadataRule = MetadataRule.KEEP
    provenance: Provenance | None = None


@dataclass(frozen=True)
class EncodedFacts:
    """What a written file must turn out to be when it is read again. `size` in bytes."""

    container: Container
    width: int
    height: int
    channels: int
    bits: int
    alpha: bool
    size: int


def container_for(photo_container: Container, format: OutputFormat) -> Container:
    """Return the format of a result: the source's own for `keep`; HEIC as JPEG, raw as TIFF."""
    if format is not OutputFormat.KEEP:
        return Container(format.value)
    return _KEPT_AS.get(photo_container, photo_container)


def extension_for(photo_container: Container, format: OutputFormat, suffix: str = "") -> str:
    """Return a result's extension; the source's own `suffix` stays where it fits the format."""
    suffixes = _SUFFIXES[container_for(photo_container, format)]
    return suffix if suffix.lower() in suffixes else suffixes[0]


def write_photo(
    photo: Photo,
    pixels: Pixels,
    alpha: Pixels | None,
    target: BinaryIO | int,
    options: EncodeOptions,
) -> EncodedFacts:
    """Write a result; the same arguments give the same bytes.

    Args:
        photo: the source, for its profile, metadata and coding.
        pixels: (H, W, C) edited, upright, in the source's space.
        alpha: (H, W) or None.
        target: an open binary file or descriptor; it is neither synced nor closed.

    Raises:
        OutputWriteError: too_large for the format.
        OSError: from writing (disk full, drive gone).
    """
    container = container_for(photo.container, options.format)
    size = fitted_size(pixels.shape[1], pixels.shape[0], options.max_side, options.scale)
    _check_side(container, size)
    pixels, alpha = resized(pixels, alpha, size)
    edited = replace(photo, pixels=pixels, alpha=alpha)
    fitted = _fitted(edited, container)
    carry = Carry(
        options.metadata, container, size[0], size[1],
        thumbnail=lambda limit: _thumbnail(edited, limit), provenance=options.provenance,
    )  # fmt: skip
    metadata = carried(photo.metadata, carry)
    written = _write(target, _pieces(photo, fitted, container, metadata, options))
    return _facts(fitted, container, written)


def _facts(fitted: Photo, container: Container, written: int) -> EncodedFacts:
    return EncodedFacts(
        container, fitted.width, fitted.height, int(fitted.pixels.shape[2]),
        fitted.pixels.dtype.itemsize * 8, fitted.alpha is not None, written,
    )  # fmt: skip


def _check_side(container: Container, size: tuple[int, int]) -> None:
    limit = _MAX_SIDES[container]
    if max(size) > limit:
        raise OutputWriteError(
            Reason.TOO_LARGE,
            f"The result is {size[0]} x {size[1]} pixels; "
            f"a {container.value.upper()} can be {limit} wide and high.",
            hint="Choose PNG or TIFF, or a smaller size.",
        )


def _fitted(photo: Photo, container: Container) -> Photo:
    """Return the photograph in a form that the container can hold, changed no more than it must.

    CMYK and (in WebP) grey become sRGB where the format has no such pixels; 16 bits become 8
    where it has no 16; transparency in a JPEG becomes white.
    """
    if container is not Container.TIFF and photo.alpha_kind is not Alpha.STRAIGHT:
        photo = _straightened(photo)
    if photo.pixels.shape[2] not in _CHANNELS[container]:
        top = np.float32(np.iinfo(photo.pixels.dtype).max)
        rgb = np.rint(to_model(photo) * top).astype(photo.pixels.dtype)
        photo = replace(photo, pixels=rgb, icc=None)
    if photo.alpha is not None and container is Container.JPEG:
        photo = replace(photo, pixels=_on_white(photo.pixels, photo.alpha), alpha=None)
    if photo.pixels.dtype == np.uint16 and container not in _DEEP:
        alpha = None if photo.alpha is None else in_8_bits(photo.alpha)
        photo = replace(photo, pixels=in_8_bits(photo.pixels), alpha=alpha)
    return photo


def _straightened(photo: Photo) -> Photo:
    pixels, alpha = photo.pixels, photo.alpha
    if alpha is not None and photo.alpha_kind is Alpha.ASSOCIATED:
        top = np.iinfo(pixels.dtype).max
        full = pixels.astype(np.float32) * top / np.maximum(alpha, 1)[..., None]
        pixels = np.clip(np.rint(full), 0, top).astype(pixels.dtype)
    return replace(photo, pixels=pixels, alpha_kind=Alpha.STRAIGHT)


def _on_white(pixels: Pixels, alpha: Pixels) -> Pixels:
    top = np.float32(np.iinfo(pixels.dtype).max)
    share = (alpha / top)[..., None].astype(np.float32)
    white = np.float32(0) if pixels.shape[2] == 4 else top
    mixed: Pixels = np.rint(pixels * share + white * (1 - share)).astype(pixels.dtype)
    return mixed


def _pieces(
    source: Photo, fitted: Photo, container: Container, metadata: Metadata, options: EncodeOptions
) -> Iterable[bytes]:
    pixels, alpha, icc, quality = fitted.pixels, fitted.alpha, fitted.icc, options.quality
    match container:
        case Container.JPEG:
            coding = source.jpeg if source.container is Container.JPEG else None
            return jpeg_metadata.wrap(jpeg_codec.encode(pixels, coding, quality), metadata, icc)
        case Container.PNG:
            return png_metadata.wrap(png.encode(pixels, alpha), metadata, icc)
        case Container.TIFF:
            is_tiff = source.container is Container.TIFF
            compression = source.tiff_compression if is_tiff else tiff_write.DEFLATE
            return tiff_write.encode(
                pixels, alpha, metadata, icc,
                compression=compression, alpha_kind=fitted.alpha_kind,
            )  # fmt: skip
        case Container.WEBP:
            lossless = source.container is Container.WEBP and bool(source.lossless)
            coded = webp.encode(pixels, alpha, metadata, icc, quality=quality, lossless=lossless)
            return (coded,)
        case Container.AVIF:
            return (avif.encode(pixels, alpha, metadata, icc, quality=quality),)
        case Container.BMP:
            return (bmp.encode(pixels, alpha, metadata.dpi),)
    raise ValueError(f"nothing is written as {container.value}")


def _thumbnail(photo: Photo, limit: int) -> bytes:
    """Return a JPEG of at most `limit` bytes, in sRGB; b"" when even a coarse one is larger."""
    rgb = small_srgb(photo, _THUMBNAIL_SIDE)
    for quality in (85, 70, 50, 30):
        coded = jpeg_codec.encode(rgb, None, quality)
        if len(coded) <= limit:
            return coded
    return b""


def _write(target: BinaryIO | int, pieces: Iterable[bytes]) -> int:
    total = 0
    for piece in pieces:
        view = memoryview(piece)
        total += len(view)
        while view:
            count = os.write(target, view) if isinstance(target, int) else target.write(view)
            view = view[count:]
    return total


def copy_unchanged(
    path: Path, sha256: str, target: BinaryIO | int, rule: MetadataRule = MetadataRule.KEEP
) -> None:
    """Copy a photograph without touching its picture: strength 0, or clean already.

    With the rule `keep`, byte for byte. Else the coded data of an upright JPEG or PNG go over
    as they are with the metadata that the rule leaves; other files are written anew.

    Args:
        sha256: of the bytes that were looked at before.

    Raises:
        ImageReadError: changed_while_reading when the file is no longer that one.
        OSError: from writing.
    """
    with files.opened(path) as (fd, status):
        data, digest = files.read_whole(path, fd, status)
    if digest != sha256:
        raise files.changed(path.name)
    if rule is MetadataRule.KEEP:
        _write(target, (data,))
        return
    photo = decode_photo(path.name, data)
    container = photo.container
    if photo.orientation != 1 or container not in (Container.JPEG, Container.PNG):
        write_photo(photo, photo.pixels, photo.alpha, target, EncodeOptions(metadata=rule))
        return
    carry = Carry(
        rule, container, photo.width, photo.height,
        thumbnail=lambda limit: _thumbnail(photo, limit),
    )  # fmt: skip
    metadata = carried(photo.metadata, carry)
    if container is Container.JPEG:
        stream = jpeg.coded_stream(data, jpeg.read_layout(path.name, data))
        _write(target, jpeg_metadata.wrap(stream, metadata, photo.icc))
    else:
        stream = png.coded_stream(path.name, data, png.read_layout(path.name, data))
        _write(target, png_metadata.wrap(stream, metadata, photo.icc))


def verify_written(file: Path | int, expected: EncodedFacts) -> str:
    """Read a written file again, decode it whole, and return its SHA-256.

    Args:
        file: its path, or a descriptor open for reading too; its position is not moved.

    Raises:
        OutputWriteError: the file does not hold what was written.
    """
    data = _read_back(file)
    try:
        found = decode_photo("the result", data, max_pixels=max(MAX_PIXELS, 1 << 40))
    except Exception as error:
        raise _not_whole("it cannot be read again") from error
    facts = _facts(found, found.container, len(data))
    if facts != expected:
        raise _not_whole(f"expected {expected}, found {facts}")
    return hashlib.sha256(data).hexdigest()


def _read_back(file: Path | int) -> bytes:
    if isinstance(file, Path):
        return file.read_bytes()
    parts = list(_blocks(file))
    return b"".join(parts)


def _blocks(fd: int) -> Iterator[bytes]:
    at = 0
    while part := os.pread(fd, io.DEFAULT_BUFFER_SIZE << 7, at):
        yield part
        at += len(part)


def _not_whole(why: str) -> OutputWriteError:
    return OutputWriteError(
        Reason.DECODE_ERROR,
        f"The result was not written whole ({why}); it was not published.",
        hint="Check the disk that it is written to, then run it again.",
    )
