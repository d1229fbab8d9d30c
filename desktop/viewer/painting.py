"""Drawing one photograph into a pane: the sharpest parts that were read, coarse ones below."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect, QRectF
from PySide6.QtGui import QImage, QPainter

from desktop.viewer.geometry import Box, Pane, Size, Viewport
from desktop.viewer.reader import PictureReader, Side
from desktop.viewer.tiles import (
    Part,
    PictureFile,
    Tile,
    Whole,
    level_for,
    seen_part,
    top_level,
    visible_tiles,
)

SHARP_PIXELS = 2.0
"""From this scale on single pixels are shown as squares, below it they are smoothed."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One of the two pictures; `sides` are the whole pictures to be had, the best one first."""

    file: PictureFile
    side: Side
    sides: tuple[int, ...]
    placeholder: QImage | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """A picture on the canvas: where its corner lies and how many device pixels one of its has."""

    origin: tuple[int, int]
    scale: float
    size: Size
    quick: bool = False

    @classmethod
    def of(
        cls, view: Viewport, pane: Pane, scene: Size, size: Size, *, quick: bool = False
    ) -> Placed:
        """Place a picture of `size` where a photograph of size `scene` is seen.

        `quick`: it is on the move, and is drawn without smoothing.
        """
        return cls(view.origin(pane), view.scale * scene.width / size.width, size, quick)


def wanted(
    layer: Layer, reader: PictureReader, view: Viewport, pane: Pane, scene: Size
) -> list[Part]:
    """Return what this layer needs to be sharp in this pane, the most urgent first."""
    whole = Whole(layer.file, layer.sides[0])
    size = reader.size(layer.file)
    if size is None:
        return [whole]
    placed = Placed.of(view, pane, scene, size)
    if _is_enough(placed, layer.sides[0]):
        return [whole]
    level = min(level_for(placed.scale), top_level(size))
    left, top, right, bottom = seen_part(placed.origin, placed.scale, pane)
    # Half a tile round what is seen, so that a short pan finds it there.
    rim = 256 << level
    near = (left - rim, top - rim, right + rim, bottom + rim)
    return [whole, *visible_tiles(layer.file, size, level, near)]


def _is_enough(placed: Placed, side: int) -> bool:
    longest = max(placed.size.width, placed.size.height)
    return min(side, longest) + 1 >= math.floor(longest * min(placed.scale, 1.0))


def is_sharp(layer: Layer, reader: PictureReader, placed: Placed, clip: Pane) -> bool:
    """Return whether everything under `clip` was read as finely as the screen can show it."""
    if reader.image(Whole(layer.file, layer.sides[0])) and _is_enough(placed, layer.sides[0]):
        return True
    return all(reader.image(tile) for tile in _tiles(layer, placed, clip))


def paint_layer(
    painter: QPainter, layer: Layer, reader: PictureReader, placed: Placed, clip: Pane
) -> None:
    """Draw a picture; the painter's unit must be the device pixel."""
    base = _whole(layer, reader)
    if base is not None and _is_enough(placed, max(base.width(), base.height())):
        _draw(painter, base, (0, 0, placed.size.width, placed.size.height), placed, clip)
        return
    if base is None and layer.placeholder is None and reader.size(layer.file) is None:
        return
    # Coarse ones first and only where a sharp one is missing: every pixel is drawn about once.
    tiles = list(_tiles(layer, placed, clip))
    missing = [tile for tile in tiles if reader.image(tile) is None]
    for tile in missing:
        _draw_coarse(painter, layer, reader, placed, clip, tile)
    for tile in tiles:
        image = reader.image(tile)
        if image is not None:
            _draw(painter, image, tile.box(placed.size), placed, clip)


def _tiles(layer: Layer, placed: Placed, clip: Pane) -> Iterator[Tile]:
    level = min(level_for(placed.scale), top_level(placed.size))
    seen = seen_part(placed.origin, placed.scale, clip)
    return visible_tiles(layer.file, placed.size, level, seen)


def _whole(layer: Layer, reader: PictureReader) -> QImage | None:
    found = (reader.image(Whole(layer.file, side)) for side in layer.sides)
    return next((image for image in found if image is not None), layer.placeholder)


def _draw_coarse(
    painter: QPainter,
    layer: Layer,
    reader: PictureReader,
    placed: Placed,
    clip: Pane,
    tile: Tile,
) -> None:
    """Fill a missing tile's place from the next coarser tile that is there, or the whole."""
    place = _intersection(_target(tile.box(placed.size), placed), clip)
    parent = tile.parent()
    while parent.level <= top_level(placed.size):
        if (image := reader.image(parent)) is not None:
            _draw(painter, image, parent.box(placed.size), placed, place)
            return
        parent = parent.parent()
    if (base := _whole(layer, reader)) is not None:
        _draw(painter, base, (0, 0, placed.size.width, placed.size.height), placed, place)


def _target(box: Box, placed: Placed) -> Pane:
    """Return a box of the picture on the canvas; neighbours share their edge exactly."""
    (left, top), scale = placed.origin, placed.scale
    x, y = left + round(box[0] * scale), top + round(box[1] * scale)
    right, bottom = left + round((box[0] + box[2]) * scale), top + round((box[1] + box[3]) * scale)
    return Pane(x, y, right - x, bottom - y)


def _intersection(a: Pane, b: Pane) -> Pane:
    left, top = max(a.left, b.left), max(a.top, b.top)
    right = min(a.left + a.width, b.left + b.width)
    bottom = min(a.top + a.height, b.top + b.height)
    return Pane(left, top, max(0, right - left), max(0, bottom - top))


def _draw(painter: QPainter, image: QImage, box: Box, placed: Placed, clip: Pane) -> None:
    """Draw an image of a box, only what lies under `clip`: Qt's own clipping has its limits."""
    target = _target(box, placed)
    seen = _intersection(target, clip)
    if seen.width == 0 or seen.height == 0:
        return
    x, y = seen.left - target.left, seen.top - target.top
    if (target.width, target.height) == (image.width(), image.height()):
        part = QRect(x, y, seen.width, seen.height)
        painter.drawImage(QPoint(seen.left, seen.top), image, part)
        return
    across, down = image.width() / target.width, image.height() / target.height
    coarse = max(image.width(), image.height()) < max(box[2], box[3])
    smooth = (across > 1 / SHARP_PIXELS or coarse) and not placed.quick
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
    painter.drawImage(
        QRectF(seen.left, seen.top, seen.width, seen.height),
        image,
        QRectF(x * across, y * down, seen.width * across, seen.height * down),
    )


def paint_preview(painter: QPainter, image: QImage, box: Box, placed: Placed, clip: Pane) -> None:
    """Draw a preview over its place in the photograph."""
    _draw(painter, image, box, placed, clip)
