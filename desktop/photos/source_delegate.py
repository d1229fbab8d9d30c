"""Paints the sidebar's lines: icon, name, number, and a second line where there is one."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from desktop.photos.marks import Marks
from desktop.photos.overview import Entry, Kind
from desktop.theme import Tokens, tokens

Index = QModelIndex | QPersistentModelIndex
ENTRY = Qt.ItemDataRole.UserRole + 1

_ICON = 16
_ARROW = 12
_GAP = 7
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_WRAPPED = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
_HINT_WIDTH = 180


class SourceDelegate(QStyledItemDelegate):
    """Draws an `Entry`, which an index has under `ENTRY`."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._marks = Marks()

    def forget_look(self) -> None:
        """Draw icons anew: the theme has changed."""
        self._marks.clear()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Return one line's height, or two lines'."""
        entry: Entry = index.data(ENTRY)
        line = QFontMetrics(option.font).height()
        small = QFontMetrics(_small(option.font))
        if entry.kind is Kind.SECTION:
            return QSize(0, small.height() + 14)
        if entry.kind is Kind.HINT:
            room = QRect(0, 0, _HINT_WIDTH, 1000)
            return QSize(0, small.boundingRect(room, _WRAPPED, entry.text).height() + 6)
        return QSize(0, line + 8 + (small.height() if entry.detail else 0))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint one entry."""
        entry: Entry = index.data(ENTRY)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if entry.kind is Kind.SECTION:
            _paint_section(painter, option, entry)
        elif entry.kind is Kind.HINT:
            _paint_hint(painter, option, entry)
        else:
            self._paint_entry(painter, option, entry)
        painter.restore()

    def _paint_entry(self, painter: QPainter, option: QStyleOptionViewItem, entry: Entry) -> None:
        colours, rect = tokens(), option.rect.adjusted(0, 1, -4, -1)
        _paint_ground(painter, rect.adjusted(3 - rect.x(), 0, 0, 0), option.state, colours)
        line = QFontMetrics(option.font).height()
        top = QRect(rect.x() + 5, rect.y() + 3, rect.width() - 10, line)
        ratio = painter.device().devicePixelRatioF()
        mark = self._marks.get(entry.icon, entry.role, _ICON, ratio)
        painter.drawPixmap(top.x(), top.y() + (line - _ICON) // 2, mark)
        if entry.children:
            name = "chevron-down" if option.state & QStyle.StateFlag.State_Open else "chevron-right"
            arrow = self._marks.get(name, "muted", _ARROW, ratio)
            painter.drawPixmap(top.x() - _ARROW - 3, top.y() + (line - _ARROW) // 2, arrow)
        small = _small(option.font)
        painter.setFont(small)
        painter.setPen(QColor(colours.muted))
        painter.drawText(top, _RIGHT, entry.number)
        used = QFontMetrics(small).horizontalAdvance(entry.number) + _GAP
        text = top.adjusted(_ICON + _GAP, 0, -used, 0)
        if entry.detail:
            painter.setPen(QColor(_detail_colour(entry, colours)))
            below = top.adjusted(_ICON + _GAP, 0, 0, 0).translated(0, line)
            below.setHeight(QFontMetrics(small).height())
            painter.drawText(below, _LEFT, _elided(small, entry.detail, below.width()))
        painter.setFont(option.font)
        painter.setPen(QColor(colours.text))
        in_the_middle = entry.kind is Kind.FOLDER
        painter.drawText(text, _LEFT, _elided(option.font, entry.text, text.width(), in_the_middle))


def _paint_section(painter: QPainter, option: QStyleOptionViewItem, entry: Entry) -> None:
    font = _small(option.font)
    font.setWeight(QFont.Weight.DemiBold)
    painter.setFont(font)
    painter.setPen(QColor(tokens().muted))
    rect = option.rect.adjusted(7, 8, -4, -2)
    painter.drawText(rect, _LEFT, entry.text)


def _paint_hint(painter: QPainter, option: QStyleOptionViewItem, entry: Entry) -> None:
    painter.setFont(_small(option.font))
    painter.setPen(QColor(tokens().muted))
    painter.drawText(option.rect.adjusted(7, 1, -6, 0), _WRAPPED, entry.text)


def _paint_ground(painter: QPainter, rect: QRect, state: QStyle.StateFlag, colours: Tokens) -> None:
    flag = QStyle.StateFlag
    ground = ""
    if state & flag.State_Selected:
        ground = colours.selection
    elif state & flag.State_MouseOver:
        ground = colours.raised
    painter.setPen(QColor(colours.accent_text) if state & flag.State_HasFocus else _NO_PEN)
    painter.setBrush(QColor(ground) if ground else Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(QRectF(rect).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)


_NO_PEN = Qt.PenStyle.NoPen


def _detail_colour(entry: Entry, colours: Tokens) -> str:
    return str(getattr(colours, entry.role)) if entry.role in ("warn", "bad") else colours.muted


def _small(font: QFont) -> QFont:
    smaller = QFont(font)
    smaller.setPointSizeF(font.pointSizeF() * 0.9)
    return smaller


def _elided(font: QFont, text: str, width: int, in_the_middle: bool = False) -> str:
    way = Qt.TextElideMode.ElideMiddle if in_the_middle else Qt.TextElideMode.ElideRight
    return QFontMetrics(font).elidedText(text, way, width)
