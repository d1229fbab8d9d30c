"""What the canvas shows of which pictures, where: numbers and decisions, without any drawing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtGui import QImage

from desktop.viewer import geometry
from desktop.viewer.geometry import Box, Pane, Point, Size, Viewport
from desktop.viewer.painting import Layer, Placed
from desktop.viewer.reader import PictureReader, Side
from desktop.viewer.tiles import PictureFile

LIVE_SIDE = 1024
"""The largest part, in pixels a side, that is previewed in its place."""

LOUPE_SIDE = 256
MARGIN = 12
GAP = 2


class Compare(StrEnum):
    """How before and after are shown."""

    AFTER = "after"
    SLIDER = "slider"
    SIDE = "side"


@dataclass(frozen=True, slots=True)
class Names:
    """What the pictures are called on the canvas; `preview` where there is no result."""

    before: str = ""
    after: str = ""
    preview: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """One picture on the canvas: where, cut to what, with the preview over it or not."""

    layer: Layer
    pane: Pane
    clip: Pane
    with_preview: bool
    label: str = ""
    right: bool = False


class Comparison:
    """A photograph and its result in one view. Points and lengths are device pixels.

    Attributes:
        before, after: the two files; either may be missing.
        placeholders: small pictures of both, seen until better ones are there.
        scene: the photograph's size, in whose pixels all places are; None while it is unknown.
        divider: where the slider stands, 0 to 1 of what is seen of the photograph.
        holding: the photograph itself is shown, whatever the mode.
        loupe: a part is previewed: round `middle`, or what is seen when that is 1:1 or nearer.
        sides: longest sides at which whole pictures are asked for, the one wanted now first.
    """

    def __init__(self, reader: PictureReader) -> None:
        self._reader = reader
        self.before: PictureFile | None = None
        self.after: PictureFile | None = None
        self.placeholders: dict[Side, QImage] = {}
        self.scene: Size | None = None
        self._last_scene: Size | None = None
        self.view = Viewport()
        self.mode = Compare.SLIDER
        self.divider = 0.5
        self.holding = False
        self.loupe = False
        self.loupe_side = LOUPE_SIDE
        self.middle: Point | None = None
        self.names = Names()
        self.sides: tuple[int, ...] = (LIVE_SIDE,)
        self._width, self._height, self._ratio = 1, 1, 1.0

    # the canvas

    def resize(self, width: int, height: int, ratio: float) -> None:
        """Take over the canvas' size in device pixels, and how many of these a logical one has."""
        self._width, self._height, self._ratio = width, height, ratio
        self.settle()

    def settle(self) -> None:
        """Bring the view into the limits of panes that changed."""
        if self.scene is not None:
            self.view = geometry.settled(self.view, self.scene, self.pane)

    def take_size(self, size: Size | None) -> bool:
        """Take over the photograph's size; return whether it is another one."""
        if size is None or size == self.scene:
            return False
        old, self.scene = self.scene or self._last_scene, size
        if old is None:
            self.view = geometry.fitted(size, self.pane)
        else:
            self.view = geometry.carried(self.view, old, size, self.pane)
        return True

    def forget_size(self) -> None:
        """The photograph is another one; what is looked at stays for when its size is known."""
        self._last_scene = self.scene or self._last_scene
        self.scene = None

    @property
    def seen_mode(self) -> Compare:
        """How it is compared now: there may be nothing to compare with."""
        if self.before is None or (self.after is None and not self.loupe):
            return Compare.AFTER
        if self.mode is Compare.SLIDER and self.after is None and not self.is_live:
            return Compare.AFTER
        return self.mode

    @property
    def is_live(self) -> bool:
        """Whether the preview is seen in its place, at 1:1 or nearer."""
        return self.loupe and self.view.scale >= 1

    @property
    def panes(self) -> list[Pane]:
        """The rectangles that show the photograph: one, or two beside each other."""
        margin = round(MARGIN * self._ratio)
        if self.seen_mode is not Compare.SIDE:
            return [Pane(0, 0, self._width, self._height, margin)]
        half = (self._width - GAP) // 2
        left = self._width - half
        return [Pane(0, 0, half, self._height, margin), Pane(left, 0, half, self._height, margin)]

    @property
    def pane(self) -> Pane:
        """The first pane; the second has the same size and view."""
        return self.panes[0]

    def pane_at(self, point: Point | None) -> Pane:
        """Return the pane at a point of the canvas."""
        panes = self.panes
        inside = (pane for pane in panes if point is not None and pane.contains(point))
        return next(inside, panes[0])

    def fit_side(self) -> int:
        """Return the longest side at which the whole photograph is seen."""
        pane = self.pane
        if self.scene is None:
            return max(16, min(pane.width, pane.height))
        scale = geometry.fit_scale(self.scene, pane)
        return max(16, round(max(self.scene.width, self.scene.height) * scale))

    # the pictures

    def shown(self) -> list[Shown]:
        """Return what is drawn, in order."""
        before, after = self.layer(Side.BEFORE), self.layer(Side.AFTER)
        latest = after or before
        if latest is None:
            return []
        panes, mode, names = self.panes, self.seen_mode, self.names
        if self.holding and before:
            # Side by side both halves show it, so that nothing moves.
            return [Shown(before, pane, pane, False, names.before) for pane in panes]
        if mode is Compare.AFTER or before is None:
            return [Shown(latest, panes[0], panes[0], True, names.after if after else "", True)]
        right = names.after if after else names.preview
        if mode is Compare.SIDE:
            return [
                Shown(before, panes[0], panes[0], False, names.before),
                Shown(latest, panes[1], panes[1], True, right, True),
            ]
        cut = self._cut(panes[0])
        return [
            Shown(before, panes[0], cut[0], False, names.before),
            Shown(latest, panes[0], cut[1], True, right, True),
        ]

    def hidden(self) -> list[Shown]:
        """Return what is not drawn now, but at once when a key is held or the mode changes."""
        there = {part.layer.side for part in self.shown()}
        layers = [self.layer(side) for side in Side if side not in there]
        return [Shown(layer, self.pane, self.pane, False) for layer in layers if layer]

    def layer(self, side: Side) -> Layer | None:
        """Return one of the two pictures as it is drawn."""
        file = self.before if side is Side.BEFORE else self.after
        if file is None:
            return None
        # A result is much like its photograph: better that for a moment than nothing.
        small = self.placeholders.get(side) or self.placeholders.get(Side.BEFORE)
        return Layer(file, side, self.sides, small)

    def placed(self, shown: Shown, *, quick: bool = False) -> Placed | None:
        """Return where a picture lies; None while no size is known."""
        if self.scene is None:
            return None
        size = self._reader.size(shown.layer.file) or self.scene
        return Placed.of(self.view, shown.pane, self.scene, size, quick=quick)

    def _cut(self, pane: Pane) -> tuple[Pane, Pane]:
        x = round(self.divider_x() or 0)
        left = Pane(pane.left, pane.top, x - pane.left, pane.height)
        return left, Pane(x, pane.top, pane.left + pane.width - x, pane.height)

    # divider and box

    def divider_x(self) -> float | None:
        """Return where the divider stands; None when there is none."""
        if self.seen_mode is not Compare.SLIDER or self.holding or self.scene is None:
            return None
        seen = geometry.photo_rect(self.view, self.scene, self.pane)
        return seen.left + self.divider * seen.width

    def move_divider(self, x: float) -> None:
        """Put the divider to a place, within what is seen of the photograph."""
        if self.scene is not None:
            seen = geometry.photo_rect(self.view, self.scene, self.pane)
            self.divider = min(max((x - seen.left) / max(1, seen.width), 0.0), 1.0)

    @property
    def box(self) -> Box | None:
        """The part of the photograph that is previewed."""
        if not self.loupe or self.scene is None or self.before is None:
            return None
        if self.is_live:
            return geometry.visible_box(self.view, self.scene, self.pane, LIVE_SIDE)
        side = round(self.loupe_side * self._ratio)
        return geometry.box_at(self.loupe_middle(self.scene), side, side, self.scene)

    def loupe_middle(self, scene: Size) -> Point:
        """Return the point that the loupe looks at."""
        return self.middle or (scene.width / 2, scene.height / 2)

    def move_box(self, middle: Point) -> None:
        """Preview the part round another point."""
        if self.scene is not None:
            x, y = middle
            width, height = float(self.scene.width), float(self.scene.height)
            self.middle = min(max(x, 0.0), width), min(max(y, 0.0), height)

    def box_pane(self) -> tuple[float, float, float, float] | None:
        """Return where the loupe's frame is seen: left, top, width, height; None if nowhere."""
        box = self.box
        if box is None or self.is_live:
            return None
        left, top = self.view.to_canvas((box[0], box[1]), self.panes[-1])
        return left, top, box[2] * self.view.scale, box[3] * self.view.scale

    # zoom and pan

    def zoom_to(self, scale: float, about: Point | None = None) -> None:
        """Look at another scale, device pixels a pixel; what is seen at `about` stays there."""
        if self.scene is not None:
            pane = self.pane_at(about)
            self.view = geometry.zoomed(self.view, self.scene, pane, scale, about)
            # The way of comparing, and so the panes, may depend on the scale.
            self.settle()

    def fit(self) -> None:
        """Look at the whole photograph."""
        if self.scene is not None:
            self.view = geometry.fitted(self.scene, self.pane)
            self.settle()

    def toggle_zoom(self, about: Point | None = None) -> None:
        """Go to 1:1, where the loupe is if no point is given, or back to the whole photograph."""
        if self.scene is None:
            return
        if self.view.fitted or self.view.scale < 1:
            if about is None and self.loupe:
                about = self.view.to_canvas(self.loupe_middle(self.scene), self.pane)
            self.zoom_to(1.0, about)
        else:
            self.fit()

    def pan(self, dx: float, dy: float) -> None:
        """Move the photograph under the canvas."""
        if self.scene is not None:
            self.view = geometry.panned(self.view, self.scene, self.pane, dx, dy)

    def can_pan(self) -> bool:
        """Return whether some of the photograph is out of sight."""
        return self.scene is not None and geometry.can_pan(self.view, self.scene, self.pane)
