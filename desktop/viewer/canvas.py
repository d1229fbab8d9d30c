"""The viewer's picture area: draws a comparison, and asks for what it needs to be sharp."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import (
    QColor,
    QHideEvent,
    QImage,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QWidget

from desktop.theme import tokens
from desktop.viewer import geometry, overlay
from desktop.viewer.comparison import Compare, Comparison, Names, Shown
from desktop.viewer.geometry import Box, Point, Size
from desktop.viewer.painting import Placed, is_sharp, paint_layer, paint_preview, wanted
from desktop.viewer.reader import PictureReader, Side
from desktop.viewer.tiles import Part, PictureFile, Whole, visible_tiles

ASK_MILLISECONDS = 12
RESIZED_MILLISECONDS = 120
TELL_MILLISECONDS = 60
LOADING_SECONDS = 0.35
"""After so long a photograph that is not sharp yet says that it is loading."""

LEAFING_SECONDS = 0.15
"""So long a photograph is looked at before it is decoded whole for the loupe."""

MOVING_SECONDS = 0.12
LARGE_PIXELS = 2_000_000
"""A canvas of more device pixels than this is smoothed only once it rests."""

NUDGE = 120
"""Logical pixels of one step of the keyboard."""

_SIDES = 4


class Canvas(QWidget):
    """Shows a photograph and its result in one view.

    Signals: `view_changed` after zoom, pan, fit or another photograph; `mode_changed(Compare)`;
    `box_changed(Box | None)` when another part of the photograph is to be previewed, told at most
    every 60 milliseconds.
    """

    view_changed = Signal()
    mode_changed = Signal(object)
    box_changed = Signal(object)

    def __init__(self, reader: PictureReader, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("canvas")
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)
        self.setMinimumSize(200, 140)
        self.look = Comparison(reader)
        self._reader = reader
        self._held = ""
        self._neighbours: list[tuple[Side, PictureFile]] = []
        self._told_box: Box | None = None
        self._preview: tuple[QImage, Box] | None = None
        self._dull_since = 0.0
        self._moved_at = 0.0
        self._asking = self._timer(ASK_MILLISECONDS, self._ask)
        self._telling = self._timer(TELL_MILLISECONDS, self._tell_box)
        self._resting = self._timer(int(MOVING_SECONDS * 1000) + 20, self.update)
        self._loading = self._timer(int(LOADING_SECONDS * 1000) + 20, self.update)
        reader.arrived.connect(self._take_part)

    # what is shown

    @property
    def preview(self) -> tuple[QImage, Box] | None:
        """The preview and its place in the photograph."""
        return self._preview

    def show_files(
        self,
        before: PictureFile | None,
        after: PictureFile | None,
        size: Size | None = None,
        placeholders: Mapping[Side, QImage] | None = None,
    ) -> None:
        """Show another photograph; zoom and place are carried over to it.

        Args:
            size: of the photograph, if it is known; otherwise told by what is read.
            placeholders: small pictures of both, to be seen until better ones are there.
        """
        look = self.look
        if before != look.before:
            self._preview = None
            look.middle = None
            look.forget_size()
            # The same box of another photograph is another preview: none until it is told anew.
            self._tell(None)
            self._dull_since = time.monotonic()
            self._loading.start()
        look.before, look.after, look.placeholders = before, after, dict(placeholders or {})
        file = before or after
        known = self._reader.size(file) if file else None
        look.take_size(known or size or look.scene or _of(look.placeholders.get(Side.BEFORE)))
        self._settle()

    def set_names(self, names: Names) -> None:
        """Say what the pictures are called."""
        self.look.names = names
        self.update()

    def set_mode(self, mode: Compare) -> None:
        """Compare in another way."""
        if mode is not self.look.mode:
            self.look.mode = mode
            self._settle()
            self.mode_changed.emit(mode)

    def hold(self, on: bool) -> None:
        """Show the photograph itself as long as this is on."""
        if on != self.look.holding:
            self.look.holding = on
            self.refresh()

    def set_neighbours(self, files: Sequence[tuple[Side, PictureFile]]) -> None:
        """Read these ahead, after all that is seen."""
        self._neighbours = list(files)
        self._asking.start(ASK_MILLISECONDS)

    def set_loupe(self, on: bool, side: int | None = None) -> None:
        """Preview a part of the photograph or none; `side` logical pixels of it at 1:1."""
        self.look.loupe = on
        self.look.loupe_side = side or self.look.loupe_side
        self._settle()

    def move_box(self, middle: Point) -> None:
        """Preview the part round another point of the photograph."""
        self.look.move_box(middle)
        self.refresh()

    def show_preview(self, image: QImage, box: Box) -> None:
        """Show what the recipe makes of a part."""
        self._preview = image, box
        self.update()

    def clear_preview(self) -> None:
        """Show the photograph again where a preview was."""
        self._preview = None
        self.update()

    def sharpened(self) -> bool:
        """Return whether all that is seen was read as finely as the screen can show it."""
        placed = [(shown, self.look.placed(shown)) for shown in self.look.shown()]
        return all(
            place is not None and is_sharp(shown.layer, self._reader, place, shown.clip)
            for shown, place in placed
        )

    # zoom and pan; points and lengths in device pixels of the canvas

    def fit(self) -> None:
        """Show the whole photograph."""
        self.look.fit()
        self._viewed()

    def zoom_to(self, scale: float, about: Point | None = None) -> None:
        """Show it at a scale, device pixels a pixel; what is seen at `about` stays there."""
        self.look.zoom_to(scale, about)
        self._viewed()

    def zoom_by(self, factor: float, about: Point | None = None) -> None:
        """Show it larger or smaller."""
        self.zoom_to(geometry.next_scale(self.look.view.scale, factor), about)

    def toggle_zoom(self, about: Point | None = None) -> None:
        """Go to 1:1, or back to the whole photograph."""
        self.look.toggle_zoom(about)
        self._viewed()

    def pan(self, dx: float, dy: float) -> None:
        """Move the photograph under the canvas."""
        self.look.pan(dx, dy)
        self._viewed()

    def nudge(self, x: int, y: int) -> None:
        """Move the view by a step, or the loupe where all of the photograph is seen."""
        look, step = self.look, NUDGE * self.devicePixelRatioF()
        if look.can_pan():
            self.pan(-x * step, -y * step)
        elif look.loupe and look.scene is not None:
            middle, part = look.loupe_middle(look.scene), look.loupe_side / 2
            self.move_box((middle[0] + x * part, middle[1] + y * part))

    def move_divider(self, x: float) -> None:
        """Put the divider to a place."""
        self.look.move_divider(x)
        self.update()

    def highlight(self, what: str) -> None:
        """Show that the "divider" or the "box" is under the pointer; an empty word: neither."""
        if what != self._held:
            self._held = what
            self.update()

    def refresh(self) -> None:
        """Draw anew and ask for what is needed now."""
        self.update()
        if not self._asking.isActive():
            self._asking.start(ASK_MILLISECONDS)
        if not self._telling.isActive():
            self._telling.start()

    # asking

    @Slot()
    def _ask(self) -> None:
        """Tell the reader what is needed now: what is seen first, then the neighbours."""
        look = self.look
        if not self.isVisible():
            return
        side = look.fit_side()
        look.sides = (side, *[other for other in look.sides if other != side])[:_SIDES]
        asked: dict[Side, list[Part]] = {Side.BEFORE: [], Side.AFTER: []}
        for shown in look.shown() + look.hidden():
            asked[shown.layer.side] += self._parts(shown)
        asked[Side.BEFORE] += self._loupe_parts()
        for lane, file in self._neighbours:
            asked[lane].append(Whole(file, side))
        for lane, parts in asked.items():
            self._reader.want(lane, parts)

    def _parts(self, shown: Shown) -> list[Part]:
        scene = self.look.scene
        if scene is None:
            return [Whole(shown.layer.file, self.look.sides[0])]
        return wanted(shown.layer, self._reader, self.look.view, shown.pane, scene)

    def _loupe_parts(self) -> list[Part]:
        """Return what the loupe shows of the photograph, unless it is leafed through quickly."""
        look = self.look
        size = self._reader.size(look.before) if look.before else None
        box = look.box
        if look.before is None or size is None or box is None or look.is_live:
            return []
        if time.monotonic() - self._dull_since < LEAFING_SECONDS:
            self._asking.start(int(LEAFING_SECONDS * 1000))
            return []
        seen = (box[0], box[1], box[0] + box[2], box[1] + box[3])
        return list(visible_tiles(look.before, size, 0, seen))

    @Slot()
    def _tell_box(self) -> None:
        self._tell(self.look.box if self.isVisible() else None)

    def _tell(self, box: Box | None) -> None:
        if box != self._told_box:
            self._told_box = box
            self.box_changed.emit(box)

    @Slot(object)
    def _take_part(self, part: Part) -> None:
        look = self.look
        if part.file not in (look.before, look.after):
            return
        if part.file == (look.before or look.after) and look.take_size(
            self._reader.size(part.file)
        ):
            self.view_changed.emit()
        self.refresh()

    def _settle(self) -> None:
        self.look.settle()
        self._viewed()

    def _viewed(self) -> None:
        self._moved_at = time.monotonic()
        self._resting.start()
        self.refresh()
        self.view_changed.emit()

    def _timer(self, milliseconds: int, work: object) -> QTimer:
        timer = QTimer(self, singleShot=True, interval=milliseconds)
        timer.timeout.connect(work)
        return timer

    # events

    def sizeHint(self) -> QSize:
        """Return a size at which comparing is comfortable."""
        return QSize(900, 600)

    def showEvent(self, event: QShowEvent) -> None:
        """Ask for what was not needed while nobody looked."""
        super().showEvent(event)
        self._take_room()

    def hideEvent(self, event: QHideEvent) -> None:
        """Let nothing be previewed that nobody sees."""
        super().hideEvent(event)
        self._tell_box()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the view, or the fit, and ask for pictures once the size has settled."""
        super().resizeEvent(event)
        self._take_room()
        self._asking.start(RESIZED_MILLISECONDS)

    def event(self, event: QEvent) -> bool:
        """Follow the window to a screen of another scale."""
        if event.type() is QEvent.Type.DevicePixelRatioChange:
            self._take_room()
        return super().event(event)

    def _take_room(self) -> None:
        ratio = self.devicePixelRatioF()
        self.look.resize(round(self.width() * ratio), round(self.height() * ratio), ratio)
        self._viewed()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the pictures in device pixels, then what lies over them in logical ones."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(tokens().canvas))
        if self.look.scene is None:
            return
        ratio = self.devicePixelRatioF()
        shown = self.look.shown()
        painter.save()
        painter.scale(1 / ratio, 1 / ratio)
        for part in shown:
            self._paint(painter, part, self.look.scene)
        painter.restore()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for part in shown:
            self._paint_label(painter, part, self.look.scene, ratio)
        self._paint_tools(painter, self.look.scene, ratio)

    def _paint(self, painter: QPainter, shown: Shown, scene: Size) -> None:
        placed = self.look.placed(shown, quick=self._is_moving())
        if placed is None:
            return
        paint_layer(painter, shown.layer, self._reader, placed, shown.clip)
        if shown.with_preview and self._preview is not None and self.look.loupe:
            image, box = self._preview
            whole = Placed.of(self.look.view, shown.pane, scene, scene)
            paint_preview(painter, image, box, whole, shown.clip)

    def _is_moving(self) -> bool:
        large = self.width() * self.height() * self.devicePixelRatioF() ** 2 > LARGE_PIXELS
        return large and time.monotonic() - self._moved_at < MOVING_SECONDS

    def _is_loading(self) -> bool:
        files = (self.look.before, self.look.after)
        troubled = any(file and self._reader.error(file) for file in files)
        return not troubled and not self.sharpened()

    def _paint_label(self, painter: QPainter, shown: Shown, scene: Size, ratio: float) -> None:
        seen = geometry.photo_rect(self.look.view, scene, shown.pane)
        left = max(seen.left, shown.clip.left) / ratio
        right = min(seen.left + seen.width, shown.clip.left + shown.clip.width) / ratio
        corner = QPointF(right if shown.right else left, seen.top / ratio)
        overlay.draw_label(painter, shown.label, corner, right=shown.right, room=right - left)

    def _paint_tools(self, painter: QPainter, scene: Size, ratio: float) -> None:
        box = self.look.box_pane()
        if box is not None:
            frame = QRectF(*(length / ratio for length in box))
            overlay.draw_box(painter, frame, held=self._held == "box")
        x = self.look.divider_x()
        if x is not None:
            seen = geometry.photo_rect(self.look.view, scene, self.look.pane)
            top, bottom = seen.top / ratio, (seen.top + seen.height) / ratio
            overlay.draw_divider(painter, x / ratio, top, bottom, held=self._held == "divider")
        if time.monotonic() - self._dull_since > LOADING_SECONDS and self._is_loading():
            middle = QPointF(self.width() / 2, self.height() - 28)
            overlay.draw_note(painter, self.tr("Loading…"), middle)


def _of(image: QImage | None) -> Size | None:
    return None if image is None else Size(image.width(), image.height())
