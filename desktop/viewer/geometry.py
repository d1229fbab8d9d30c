"""Which part of a photograph a pane shows: zoom, pan and fit, as numbers without any widget.

Lengths of a pane are device pixels, so that 1:1 means one pixel of the photograph on one of the
screen, whatever the screen's scale.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

MAX_SCALE = 8.0
WHEEL_FACTOR = 1.25
"""Zoom of one notch of a mouse wheel."""

Point: TypeAlias = tuple[float, float]
Box: TypeAlias = tuple[int, int, int, int]
"""left, top, width, height in whole pixels of the upright photograph."""


@dataclass(frozen=True, slots=True)
class Size:
    """Width and height in pixels, upright."""

    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Pane:
    """A rectangle of the screen that shows a photograph; device pixels of the canvas.

    `margin` is kept free on every side when the whole photograph is shown.
    """

    left: int
    top: int
    width: int
    height: int
    margin: int = 0

    def contains(self, point: Point) -> bool:
        """Return whether a point of the canvas lies in it."""
        x, y = point
        return self.left <= x < self.left + self.width and self.top <= y < self.top + self.height


@dataclass(frozen=True, slots=True)
class Viewport:
    """What a pane looks at: the photograph's point (x, y) in its middle, at a scale.

    `scale` is device pixels for one pixel of the photograph. `fitted` follows the pane's size.
    """

    x: float = 0.0
    y: float = 0.0
    scale: float = 1.0
    fitted: bool = True

    def origin(self, pane: Pane) -> tuple[int, int]:
        """Return where the photograph's upper left corner lies on the canvas.

        Whole pixels: at 1:1 nothing is then blurred by a shift of half a pixel.
        """
        left = pane.left + pane.width / 2 - self.x * self.scale
        top = pane.top + pane.height / 2 - self.y * self.scale
        return round(left), round(top)

    def to_photo(self, point: Point, pane: Pane) -> Point:
        """Return the photograph's point that is seen at a point of the canvas."""
        left, top = self.origin(pane)
        return (point[0] - left) / self.scale, (point[1] - top) / self.scale

    def to_canvas(self, point: Point, pane: Pane) -> Point:
        """Return the point of the canvas at which the photograph's point is seen."""
        left, top = self.origin(pane)
        return left + point[0] * self.scale, top + point[1] * self.scale


def fit_scale(size: Size, pane: Pane) -> float:
    """Return the scale at which the whole photograph is just seen; small ones are enlarged."""
    width, height = pane.width - 2 * pane.margin, pane.height - 2 * pane.margin
    if width <= 0 or height <= 0:
        return 1.0
    return min(width / size.width, height / size.height, MAX_SCALE)


def fitted(size: Size, pane: Pane) -> Viewport:
    """Return the view of the whole photograph."""
    return Viewport(size.width / 2, size.height / 2, fit_scale(size, pane), True)


def settled(view: Viewport, size: Size, pane: Pane) -> Viewport:
    """Return the view within its limits: no smaller than fit, no empty border beside the pane."""
    least = fit_scale(size, pane)
    # A photograph that is enlarged to fit may still be looked at in its own size.
    scale = max(min(view.scale, MAX_SCALE), min(least, 1.0))
    if view.fitted or abs(scale / least - 1) < 1e-6:
        return fitted(size, pane)
    x = _within(view.x, size.width, pane.width / scale)
    y = _within(view.y, size.height, pane.height / scale)
    return Viewport(x, y, scale, False)


def _within(middle: float, length: float, seen: float) -> float:
    """Return the middle of a stretch `seen` that stays inside `length`, or is centred on it."""
    if seen >= length:
        return length / 2
    return min(max(middle, seen / 2), length - seen / 2)


def next_scale(scale: float, factor: float) -> float:
    """Return the scale after a turn of the wheel.

    Passing through 1:1 stops there, for it is what photographers look for.
    """
    turned = scale * factor
    return 1.0 if min(scale, turned) < 1 < max(scale, turned) else turned


def zoomed(
    view: Viewport, size: Size, pane: Pane, scale: float, about: Point | None = None
) -> Viewport:
    """Return the view at another scale, with what is seen at `about` staying where it is."""
    least = min(fit_scale(size, pane), 1.0)
    if scale <= least:
        return settled(Viewport(size.width / 2, size.height / 2, least, False), size, pane)
    scale = min(scale, MAX_SCALE)
    point = about or (pane.left + pane.width / 2, pane.top + pane.height / 2)
    x, y = view.to_photo(point, pane)
    middle_x = x - (point[0] - pane.left - pane.width / 2) / scale
    middle_y = y - (point[1] - pane.top - pane.height / 2) / scale
    return settled(Viewport(middle_x, middle_y, scale, False), size, pane)


def panned(view: Viewport, size: Size, pane: Pane, dx: float, dy: float) -> Viewport:
    """Return the view after the photograph was dragged by device pixels."""
    moved = replace(view, x=view.x - dx / view.scale, y=view.y - dy / view.scale)
    return settled(moved, size, pane)


def carried(view: Viewport, old: Size, new: Size, pane: Pane) -> Viewport:
    """Return the view of the same place in the next photograph, so that zoom and place stay."""
    if view.fitted:
        return fitted(new, pane)
    x, y = view.x * new.width / old.width, view.y * new.height / old.height
    return settled(replace(view, x=x, y=y), new, pane)


def can_pan(view: Viewport, size: Size, pane: Pane) -> bool:
    """Return whether some of the photograph lies outside the pane."""
    wide = size.width * view.scale > pane.width + 1
    return wide or size.height * view.scale > pane.height + 1


def photo_rect(view: Viewport, size: Size, pane: Pane) -> Pane:
    """Return where on the canvas the photograph is seen, cut to the pane."""
    left, top = view.origin(pane)
    right, bottom = left + round(size.width * view.scale), top + round(size.height * view.scale)
    left, top = max(left, pane.left), max(top, pane.top)
    right, bottom = min(right, pane.left + pane.width), min(bottom, pane.top + pane.height)
    return Pane(left, top, max(0, right - left), max(0, bottom - top))


def visible_box(view: Viewport, size: Size, pane: Pane, longest: int) -> Box:
    """Return the part of the photograph that is seen, its sides at most `longest` pixels."""
    width, height = (min(length / view.scale, longest) for length in (pane.width, pane.height))
    return box_at((view.x, view.y), round(width), round(height), size)


def box_at(middle: Point, width: int, height: int, size: Size) -> Box:
    """Return a box round a point, no larger than the photograph and wholly inside it."""
    width, height = min(width, size.width), min(height, size.height)
    left = round(min(max(middle[0] - width / 2, 0), size.width - width))
    top = round(min(max(middle[1] - height / 2, 0), size.height - height))
    return left, top, width, height
