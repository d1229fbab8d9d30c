"""Reading photographs: whole, by their header alone, or small for the eye."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from core.images import refusals
from core.images.containers import (
    avif,
    bmp,
    heic,
    jpeg,
    jpeg_codec,
    jpeg_metadata,
    png,
    png_metadata,
    raw,
    tiff,
    webp,
)
from core.images.ifd import TiffError
from core.images.photo import Container, Extras, Metadata, Photo, PhotoInfo, Raster, upright
from core.images.sniff import container_of
from core.images.source import HEAD_BYTES, ByteSource, FileWindow, opened, read_whole

MAX_PIXELS = 500_000_000


def read_photo(path: Path, *, max_pixels: int = MAX_PIXELS) -> Photo:
    """Read a photograph whole, upright, with all that came along.

    The file is read once; what is decoded is what is hashed. Of an MPO the primary frame is
    taken; a TIFF of several full pages, and anything moving, is refused.

    Raises:
        ImageReadError: with one of the named reasons; never half a picture.
    """
    with opened(path) as (fd, status):
        container_of(path.name, FileWindow(fd, status.st_size)[0:HEAD_BYTES])
        data, digest = read_whole(path, fd, status)
    return replace(decode_photo(path.name, data, max_pixels=max_pixels), sha256=digest)


def decode_photo(name: str, data: bytes, *, max_pixels: int = MAX_PIXELS) -> Photo:
    """Return the photograph in a file's bytes; `name` is for the sentences of errors.

    Raises:
        ImageReadError: as `read_photo`.
    """
    container = _container(name, data)
    info = _info(name, data, container)
    _check_info(name, info, max_pixels)
    try:
        raster, extras = _DECODERS[container](name, data)
    except MemoryError as error:
        raise refusals.too_large(name, info.width, info.height, max_pixels) from error
    except TiffError as error:
        raise refusals.damaged(name, "its metadata") from error
    return _assembled(container, raster, extras)


def _assembled(container: Container, raster: Raster, extras: Extras) -> Photo:
    turn = extras.orientation
    metadata = extras.metadata
    if metadata.dpi and turn >= 5:
        metadata = replace(metadata, dpi=metadata.dpi[::-1])
    return Photo(
        pixels=upright(raster.pixels, turn),
        alpha=None if raster.alpha is None else upright(raster.alpha, turn),
        icc=extras.icc,
        metadata=metadata,
        container=container,
        jpeg=raster.jpeg,
        orientation=turn,
        bits=raster.bits,
        mode=raster.mode,
        lossless=raster.lossless,
        alpha_kind=raster.alpha_kind,
        tiff_compression=raster.tiff_compression,
    )


def probe(path: Path) -> PhotoInfo:
    """Return what a file's header says, reading little more than that.

    A picture over the pixel limit, an animation or an odd mode is told, not refused, so that a
    plan can count it; what is no picture at all is refused.

    Raises:
        ImageReadError: vanished, unreadable, not_a_file, empty, not_an_image, truncated,
            decode_error, unsupported_mode, raw, animated (GIF).
    """
    with opened(path) as (fd, status):
        window = FileWindow(fd, status.st_size)
        container = _container(path.name, window)
        return _info(path.name, window, container)


def read_metadata(path: Path) -> Metadata:
    """Return only what a file says about its photograph; errors as `read_extras`."""
    return read_extras(path).metadata


def read_extras(path: Path) -> Extras:
    """Return a file's metadata, colour profile and orientation; no pixel is decoded.

    Raises:
        ImageReadError: as `probe`.
    """
    with opened(path) as (fd, status):
        window = FileWindow(fd, status.st_size)
        container = _container(path.name, window)
        try:
            return _extras(path.name, window, container)
        except TiffError as error:
            raise refusals.damaged(path.name, "its metadata") from error


def _container(name: str, data: ByteSource) -> Container:
    """Return the format; a raw file that is built like a TIFF is raw."""
    container = container_of(name, data[0:HEAD_BYTES])
    if container is Container.TIFF and tiff.holds_raw(data):
        return Container.RAW
    return container


def _check_info(name: str, info: PhotoInfo, max_pixels: int) -> None:
    if info.animated:
        raise refusals.animated(name, f"an animated {info.container.value.upper()}")
    check_size(name, info.width, info.height, max_pixels)


def check_size(name: str, width: int, height: int, max_pixels: int) -> None:
    """Refuse more pixels than the limit.

    Raises:
        ImageReadError: too_large.
    """
    if width * height > max_pixels:
        raise refusals.too_large(name, width, height, max_pixels)


def _info(name: str, data: ByteSource, container: Container) -> PhotoInfo:
    _check_extra(name, container)
    try:
        info = _DESCRIBERS[container](name, data)
    except TiffError as error:
        raise refusals.damaged(name, "its header") from error
    if info.width <= 0 or info.height <= 0:
        raise refusals.damaged(name, "no size in its header")
    if info.orientation >= 5:
        return replace(info, width=info.height, height=info.width)
    return info


def _check_extra(name: str, container: Container) -> None:
    if container is Container.RAW and not raw.is_installed():
        raise refusals.raw(name)
    if container is Container.HEIC and not heic.is_installed():
        raise heic.missing(name)


def _jpeg_info(name: str, data: ByteSource) -> PhotoInfo:
    layout = jpeg.read_header(name, data)
    frame = layout.frame
    modes = {1: "grey", 3: "RGB", 4: "CMYK"}
    channels = len(frame.components)
    turn = jpeg_metadata.read_extras(data, layout).orientation
    return PhotoInfo(
        frame.width, frame.height, Container.JPEG,
        mode=modes[channels], orientation=turn, channels=channels,
    )  # fmt: skip


def _png_info(name: str, data: ByteSource) -> PhotoInfo:
    layout = png.read_header(name, data)
    exif = png_metadata.read_extras(name, data, layout).orientation
    return PhotoInfo(
        layout.width, layout.height, Container.PNG, bits=layout.depth,
        mode=png.MODES[layout.colour], orientation=exif, animated=b"acTL" in layout.has,
        alpha=layout.colour in (png.GREY_ALPHA, png.RGBA) or b"tRNS" in layout.has,
        channels=1 if layout.colour in (png.GREY, png.GREY_ALPHA) else 3,
    )  # fmt: skip


def _tiff_info(name: str, data: ByteSource) -> PhotoInfo:
    layout = tiff.read_layout(name, data)
    return PhotoInfo(
        layout.width, layout.height, Container.TIFF, bits=layout.bits, mode=layout.mode,
        orientation=layout.orientation, alpha=layout.has_alpha,
        channels={"grey": 1, "CMYK": 4}.get(layout.mode, 3),
    )  # fmt: skip


def _webp_info(name: str, data: ByteSource) -> PhotoInfo:
    layout = webp.read_layout(name, data)
    return PhotoInfo(
        layout.width, layout.height, Container.WEBP, animated=layout.animated,
        orientation=webp.read_extras(data, layout).orientation, alpha=layout.alpha,
    )  # fmt: skip


def _bmp_info(name: str, data: ByteSource) -> PhotoInfo:
    layout = bmp.read_layout(name, data)
    mode = "palette" if layout.bits <= 8 else "RGB"
    return PhotoInfo(
        layout.width, layout.height, Container.BMP, bits=min(layout.bits, 8), mode=mode
    )


def _avif_info(name: str, data: ByteSource) -> PhotoInfo:
    layout = avif.read_layout(name, data)
    return PhotoInfo(
        layout.width, layout.height, Container.AVIF, bits=layout.bits, animated=layout.animated,
        orientation=layout.orientation, alpha=layout.alpha, channels=1 if layout.grey else 3,
    )  # fmt: skip


def _heic_info(name: str, data: ByteSource) -> PhotoInfo:
    return replace(_avif_info(name, data), container=Container.HEIC)


def _raw_info(name: str, data: ByteSource) -> PhotoInfo:
    width, height = raw.read_size(name, data)
    return PhotoInfo(width, height, Container.RAW, bits=16)


_DESCRIBERS = {
    Container.JPEG: _jpeg_info,
    Container.PNG: _png_info,
    Container.TIFF: _tiff_info,
    Container.WEBP: _webp_info,
    Container.BMP: _bmp_info,
    Container.AVIF: _avif_info,
    Container.HEIC: _heic_info,
    Container.RAW: _raw_info,
}


def _extras(name: str, data: ByteSource, container: Container) -> Extras:
    match container:
        case Container.JPEG:
            return jpeg_metadata.read_extras(data, jpeg.read_header(name, data))
        case Container.PNG:
            return png_metadata.read_extras(name, data, png.read_layout(name, data))
        case Container.TIFF:
            return tiff.read_extras(tiff.read_layout(name, data))
        case Container.WEBP:
            return webp.read_extras(data, webp.read_layout(name, data))
        case Container.AVIF:
            return avif.read_extras(avif.read_layout(name, data))
        case Container.BMP:
            return Extras(Metadata(dpi=bmp.read_layout(name, data).dpi))
        case Container.HEIC:
            return heic.read_extras(avif.read_layout(name, data))
        case Container.RAW:
            return raw.read_extras(data)


def _read_jpeg(name: str, data: bytes) -> tuple[Raster, Extras]:
    layout = jpeg.read_layout(name, data)
    return jpeg_codec.decode(name, data, layout), jpeg_metadata.read_extras(data, layout)


def _read_png(name: str, data: bytes) -> tuple[Raster, Extras]:
    layout = png.read_layout(name, data)
    return png.decode(name, data, layout), png_metadata.read_extras(name, data, layout)


def _read_tiff(name: str, data: bytes) -> tuple[Raster, Extras]:
    layout = tiff.read_layout(name, data)
    tiff.check(name, data, layout)
    return tiff.decode(name, data, layout), tiff.read_extras(layout)


def _read_webp(name: str, data: bytes) -> tuple[Raster, Extras]:
    layout = webp.read_layout(name, data)
    return webp.decode(name, data, layout), webp.read_extras(data, layout)


def _read_bmp(name: str, data: bytes) -> tuple[Raster, Extras]:
    layout = bmp.read_layout(name, data)
    return bmp.decode(name, data, layout), Extras(Metadata(dpi=layout.dpi))


def _read_avif(name: str, data: bytes) -> tuple[Raster, Extras]:
    layout = avif.read_layout(name, data)
    avif.check(name, layout)
    return avif.decode(name, data, layout), avif.read_extras(layout)


def _read_heic(name: str, data: bytes) -> tuple[Raster, Extras]:
    layout = avif.read_layout(name, data)
    avif.check_range(name, layout)
    return heic.decode(name, data, layout), heic.read_extras(layout)


def _read_raw(name: str, data: bytes) -> tuple[Raster, Extras]:
    return raw.decode(name, data), raw.read_extras(data)


_DECODERS = {
    Container.JPEG: _read_jpeg,
    Container.PNG: _read_png,
    Container.TIFF: _read_tiff,
    Container.WEBP: _read_webp,
    Container.BMP: _read_bmp,
    Container.AVIF: _read_avif,
    Container.HEIC: _read_heic,
    Container.RAW: _read_raw,
}
