"""Paints one photograph's cell: the picture whole, its name, stars, status and marks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import (
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import QColor, QFont, QFontMetrics, QImage, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from core.library.photo import Decision, Photo
from core.library.records import ItemStatus
from desktop.photos.marks import Marks, decision_mark, status_mark
from desktop.photos.model import PhotoRole
from desktop.photos.pictures import PictureLoader
from desktop.photos.words import Progress, status_words
from desktop.theme import Tokens, tokens

Index = QModelIndex | QPersistentModelIndex

PADDING = 8
_BOX_SHAPE = 0.75
"""A cell's picture box is this much as high as wide."""
_STAR = 12
_MARK = 14
_DISC = 22
_BAR = 4
_STEP = 8
"""Pictures are made in boxes of a multiple of this many device pixels."""


@dataclass(frozen=True, slots=True)
class CellShape:
    """The lengths of a cell, in logical pixels."""

    side: int
    name_height: int
    info_height: int

    @property
    def box(self) -> QSize:
        """The room of the picture."""
        return QSize(self.side, round(self.side * _BOX_SHAPE))

    @property
    def size(self) -> QSize:
        """The whole cell."""
        text = 6 + self.name_height + 2 + self.info_height
        return QSize(self.side + 2 * PADDING, self.box.height() + text + 2 * PADDING)


class PhotoDelegate(QStyledItemDelegate):
    """Draws cells of a `PhotoModel`; pictures come from the loader when a cell is painted."""

    def __init__(self, pictures: PictureLoader, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pictures = pictures
        self._marks = Marks()
        self._font = QFont()
        self._small = QFont()
        self._name_metrics = QFontMetrics(self._font)
        self._small_metrics = QFontMetrics(self._small)
        self._colours = tokens()
        self._names: dict[tuple[str, int], str] = {}
        self._ratio = 1.0
        self._side = 144
        self._measure()

    @property
    def shape(self) -> CellShape:
        """The lengths of a cell now."""
        return self._shape

    def set_side(self, side: int) -> None:
        """Take a picture width in logical pixels."""
        if side != self._side:
            self._side = side
            self._measure()

    def set_look(self, font: QFont, ratio: float) -> None:
        """Take the view's font, its screen's pixel ratio, and the theme's colours of now."""
        self._font = QFont(font)
        self._small = QFont(font)
        if font.pointSizeF() > 0:
            self._small.setPointSizeF(font.pointSizeF() * 0.9)
        self._name_metrics = QFontMetrics(self._font)
        self._small_metrics = QFontMetrics(self._small)
        self._colours = tokens()
        self._ratio = ratio
        self._marks.clear()
        self._measure()

    @property
    def colours(self) -> Tokens:
        """The theme's colours, as they were when `set_look` was called."""
        return self._colours

    def _measure(self) -> None:
        name, small = self._name_metrics.height(), self._small_metrics.height()
        self._shape = CellShape(self._side, name, small)
        # In steps, so that pictures are not made anew at each pixel of a window's resizing.
        room = self._shape.box.toTuple()
        wide, high = (int(side * self._ratio) // _STEP * _STEP for side in room)
        self._picture_box = QSize(max(_STEP, wide), max(_STEP, high))
        self._names.clear()

    def picture_box(self) -> QSize:
        """Return the picture's room in device pixels."""
        return self._picture_box

    def prefetch(self, photos: Iterable[Photo]) -> None:
        """Have pictures made that will be painted soon."""
        self._pictures.prefetch(map(self.shown_path, photos), self.picture_box())

    def picture_of(self, photo: Photo) -> QImage | None:
        """Return what is held of a photograph's picture."""
        return self._pictures.picture(self.shown_path(photo), self.picture_box())

    def sizeHint(
        self,
        option: QStyleOptionViewItem,
        index: Index,
    ) -> QSize:
        """Return the cell's size; the same for all."""
        return self.shape.size

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint the cell of `index` into the option's rectangle."""
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        self.paint_cell(
            painter,
            rect,
            state,
            index.data(PhotoRole.PHOTO),
            index.data(PhotoRole.PROGRESS),
        )

    def paint_cell(
        self,
        painter: QPainter,
        rect: QRect,
        state: QStyle.StateFlag,
        photo: Photo | None,
        progress: Progress | None,
    ) -> None:
        """Paint a photograph's cell; None paints one whose record is being read."""
        self._paint_ground(painter, rect, state)
        box = QRect(rect.topLeft(), self.shape.box).translated(PADDING, PADDING)
        if photo is None:
            self._paint_icon_in(painter, box, "photo", "disabled")
            return
        picture = self._paint_picture(painter, box, photo)
        self._paint_marks(painter, picture, photo)
        if photo.status is ItemStatus.RUNNING:
            self._paint_bar(painter, box, progress)
        self._paint_text(painter, box, photo, progress)

    # the ground

    def _paint_ground(self, painter: QPainter, rect: QRect, state: QStyle.StateFlag) -> None:
        colours, flag = self._colours, QStyle.StateFlag
        selected = bool(state & flag.State_Selected)
        hovered = bool(state & flag.State_MouseOver)
        ground = colours.raised if selected or hovered else colours.panel
        painter.setBrush(QColor(ground))
        painter.setPen(Qt.PenStyle.NoPen)
        if selected:
            painter.setPen(QPen(QColor(colours.accent_hover), 2))
        if state & flag.State_HasFocus:
            painter.setPen(QPen(QColor(colours.accent_text), 2))
        inset = 1.0 if selected or state & flag.State_HasFocus else 0.0
        shrunk = QRectF(rect).adjusted(inset, inset, -inset, -inset)
        painter.drawRoundedRect(shrunk, colours.radius + 1, colours.radius + 1)

    # the picture

    def shown_path(self, photo: Photo) -> Path:
        """Return the file whose picture stands for a photograph: its result where there is one."""
        if photo.output is not None and not self._pictures.trouble(photo.output):
            return photo.output
        return photo.path

    def _paint_picture(self, painter: QPainter, box: QRect, photo: Photo) -> QRectF:
        """Return the rectangle of the picture, or the box if there is none."""
        size = self.picture_box()
        path = self.shown_path(photo)
        image = self._pictures.picture(path, size)
        if image is None and path != photo.path:
            image = self._pictures.picture(photo.path, size)
        if image is None:
            broken = self._pictures.trouble(photo.path)
            missing = photo.missing or broken == "missing"
            name = "folder-missing" if missing else "error" if broken else "photo"
            self._paint_icon_in(painter, box, name, "muted" if broken else "disabled")
            return QRectF(box)
        faded = photo.missing or photo.decision is Decision.REJECT
        painter.setOpacity(0.35 if faded else 1.0)
        target = self._placed(image, box, size)
        if image.size() == (target.size() * self._ratio).toSize():
            image.setDevicePixelRatio(self._ratio)
            painter.drawImage(target.topLeft(), image)
        else:
            painter.drawImage(target, image)
        painter.setOpacity(1.0)
        return target

    def _placed(self, image: QImage, box: QRect, size: QSize) -> QRectF:
        """Return where a picture goes: centred on whole device pixels, fitting the box."""
        pixels = image.size()
        if pixels.width() > size.width() or pixels.height() > size.height():
            pixels.scale(size, Qt.AspectRatioMode.KeepAspectRatio)
        wide, high = pixels.width() / self._ratio, pixels.height() / self._ratio
        left = box.x() + (box.width() - wide) / 2
        top = box.y() + (box.height() - high) / 2
        ratio = self._ratio
        return QRectF(round(left * ratio) / ratio, round(top * ratio) / ratio, wide, high)

    def _paint_icon_in(self, painter: QPainter, box: QRect, name: str, role: str) -> None:
        side = max(24, box.height() // 4)
        mark = self._marks.get(name, role, side, self._ratio)
        painter.drawPixmap(
            QPointF(box.x() + (box.width() - side) / 2, box.y() + (box.height() - side) / 2), mark
        )

    # what lies over the picture

    def _paint_marks(self, painter: QPainter, picture: QRectF, photo: Photo) -> None:
        mark = decision_mark(photo)
        if mark is not None:
            corner = QPointF(picture.left() + 5, picture.top() + 5)
            self._paint_disc(painter, corner, *mark)
        right = QPointF(picture.right() - 5 - _DISC, picture.top() + 5)
        if photo.own_recipe:
            self._paint_disc(painter, right, "recipe", "text")
            right -= QPointF(_DISC + 4, 0)
        if photo.versions:
            self._paint_disc(painter, right, "versions", "text", str(photo.versions + 1))

    def _paint_disc(
        self, painter: QPainter, corner: QPointF, name: str, role: str, text: str = ""
    ) -> None:
        """Paint an icon on a round ground, so that it is seen on any picture."""
        more = self._small_metrics.horizontalAdvance(text) + 5 if text else 0
        ground = QRectF(corner.x() - more, corner.y(), _DISC + more, _DISC)
        colour = QColor(self._colours.panel)
        colour.setAlpha(225)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawRoundedRect(ground, _DISC / 2, _DISC / 2)
        inset = (_DISC - _MARK) / 2
        mark = self._marks.get(name, role, _MARK, self._ratio)
        painter.drawPixmap(QPointF(ground.x() + inset, ground.y() + inset), mark)
        if text:
            painter.setFont(self._small)
            painter.setPen(QColor(self._colours.text))
            rest = ground.adjusted(inset + _MARK + 1, 0, -3, 0)
            painter.drawText(rest, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_bar(self, painter: QPainter, box: QRect, progress: Progress | None) -> None:
        share = progress.share if progress is not None else 0.0
        track = QRectF(box.x() + 6, box.bottom() - _BAR - 5, box.width() - 12, _BAR)
        ground = QColor(self._colours.window)
        ground.setAlpha(210)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawRoundedRect(track.adjusted(-2, -2, 2, 2), _BAR, _BAR)
        track.setWidth(max(_BAR, track.width() * share))
        painter.setBrush(QColor(self._colours.accent_hover))
        painter.drawRoundedRect(track, _BAR / 2, _BAR / 2)

    # what stands below it

    def _paint_text(
        self,
        painter: QPainter,
        box: QRect,
        photo: Photo,
        progress: Progress | None,
    ) -> None:
        shape = self.shape
        name = QRect(box.x(), box.bottom() + 7, box.width(), shape.name_height)
        painter.setFont(self._font)
        colours = self._colours
        painter.setPen(QColor(colours.muted if photo.missing else colours.text))
        painter.drawText(name, _LEFT, self._elided(photo.path.name, name.width()))
        info = QRect(name.x(), name.bottom() + 3, name.width(), shape.info_height)
        left = info.x() + self._paint_stars(painter, info, photo.rating)
        self._paint_status(painter, info.adjusted(left - info.x(), 0, 0, 0), photo, progress)

    def _paint_stars(self, painter: QPainter, info: QRect, rating: int) -> int:
        star = self._marks.get("star-filled", "text", _STAR, self._ratio)
        top = info.y() + (info.height() - _STAR) / 2
        for place in range(rating):
            painter.drawPixmap(QPointF(info.x() + place * _STAR, top), star)
        return rating * _STAR + (6 if rating else 0)

    def _paint_status(
        self, painter: QPainter, info: QRect, photo: Photo, progress: Progress | None
    ) -> None:
        mark = status_mark(photo)
        if mark is None:
            return
        name, role = mark
        words = status_words(photo, progress)
        wide = self._small_metrics.horizontalAdvance(words) + 4
        if wide > info.width() - _STAR:
            # The icon says it, and the tooltip; half a word says nothing.
            words, wide = "", 0
        left = info.right() + 1 - wide - _STAR
        top = info.y() + (info.height() - _STAR) / 2
        painter.drawPixmap(QPointF(left, top), self._marks.get(name, role, _STAR, self._ratio))
        painter.setFont(self._small)
        painter.setPen(QColor(_role_colour(self._colours, role)))
        painter.drawText(info, _RIGHT, words)

    def _elided(self, name: str, width: int) -> str:
        held = self._names.get((name, width))
        if held is None:
            if len(self._names) > 4000:
                self._names.clear()
            held = self._name_metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, width)
            self._names[name, width] = held
        return held


_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def _role_colour(colours: Tokens, role: str) -> str:
    """Return the colour of a status' words: only trouble is coloured, the rest stays quiet."""
    return str(getattr(colours, role)) if role in ("bad", "warn") else colours.muted
