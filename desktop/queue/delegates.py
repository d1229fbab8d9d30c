"""How batches and photographs are painted in the queue."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from core.library.records import ItemStatus, JobItem, JobState
from desktop.icons import icon
from desktop.queue.batches import FACTS, LEFT, Index
from desktop.queue.cells import Column, alignment
from desktop.queue.facts import BatchFacts
from desktop.queue.items import ITEM, STEP
from desktop.queue.words import job_words, settled
from desktop.theme import tokens
from desktop.widgets.bar import Share, paint_bar
from desktop.words import count as in_words

_BATCH_HEIGHT = 46
_BAR = 3
_PAD = 6
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_JOB_LOOKS = {
    JobState.WAITING: ("waiting", "muted"),
    JobState.RUNNING: ("play", "accent_text"),
    JobState.PAUSED: ("pause", "warn"),
    JobState.STOPPED: ("error", "bad"),
    JobState.FINISHED: ("done", "good"),
    JobState.CANCELED: ("reject", "muted"),
}
_STATUS_ROLES = {
    ItemStatus.PENDING: "muted",
    ItemStatus.RUNNING: "accent_text",
    ItemStatus.STAGED: "accent_text",
    ItemStatus.DONE: "good",
    ItemStatus.ALREADY_DONE: "good",
    ItemStatus.LEFT_OUT: "warn",
    ItemStatus.FAILED: "bad",
    ItemStatus.QUARANTINED: "bad",
    ItemStatus.CANCELED: "muted",
}


class BatchDelegate(QStyledItemDelegate):
    """Name and how far it is; its state or how long it takes; a bar."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Return the same height for all; the width is the list's."""
        return QSize(120, _BATCH_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint one batch."""
        batch: BatchFacts = index.data(FACTS)
        paint_ground(painter, option, marked=True)
        picture, role = look_of(batch)
        area = option.rect.adjusted(10, 5, -10, -5)
        icon(picture, role).paint(painter, QRect(area.left(), area.top() + 1, 16, 16))
        text = area.adjusted(24, 0, 0, 0)
        painter.save()
        first = QRect(text.left(), text.top(), text.width(), 17)
        second = QRect(text.left(), text.top() + 17, text.width(), 14)
        totals = batch.totals
        painter.setFont(_small(option))
        far = f"{in_words(settled(totals))} / {in_words(totals.found)}"
        used = _draw(painter, first, far, "muted", _RIGHT)
        state = index.data(LEFT) or job_words(batch.job, totals)
        quiet = "muted" if role in ("good", "accent_text") else role
        _draw(painter, second, state, quiet, _LEFT)
        painter.setFont(option.font)
        middle = Qt.TextElideMode.ElideMiddle
        name = first.adjusted(0, 0, -used - 10, 0)
        _draw(painter, name, batch.name, "text", _LEFT, middle)
        bar = QRectF(text.left(), option.rect.bottom() - 6, text.width(), _BAR)
        paint_bar(painter, bar, shares_of(batch))
        painter.restore()


class ItemDelegate(QStyledItemDelegate):
    """A cell of the photographs' table; the status with a mark, and a bar while it is worked on."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint one cell."""
        paint_ground(painter, option, marked=index.column() == Column.NAME)
        item: JobItem | None = index.data(ITEM)
        area = option.rect.adjusted(_PAD, 0, -_PAD, 0)
        painter.save()
        painter.setFont(option.font)
        if item is None:
            if index.column() == Column.NAME:
                _draw(painter, area, "…", "muted", _LEFT)
        elif index.column() == Column.STATUS:
            self._paint_status(painter, area, index, item)
        else:
            words = index.data(Qt.ItemDataRole.DisplayRole)
            role = "text" if index.column() == Column.NAME else "muted"
            if index.column() == Column.NOTE and _STATUS_ROLES[item.status] == "bad":
                role = "text"
            _draw(painter, area, words, role, alignment(index.column()))
        painter.restore()

    def _paint_status(self, painter: QPainter, area: QRect, index: Index, item: JobItem) -> None:
        role = _STATUS_ROLES[item.status]
        middle = area.center().y() + 0.5
        paint_dot(painter, QRectF(area.left(), middle - 3.5, 7, 7), role)
        text = area.adjusted(14, 0, 0, 0)
        step: tuple[int, int] | None = index.data(STEP)
        if step and text.width() > 180:
            bar = QRectF(text.right() - 48, middle - _BAR / 2, 48, _BAR)
            paint_bar(painter, bar, [(step[0] / max(1, step[1]), "accent")])
            text.setRight(int(bar.left()) - _PAD)
        words = index.data(Qt.ItemDataRole.DisplayRole)
        _draw(painter, text, words, role if role == "bad" else "text", _LEFT)


def look_of(batch: BatchFacts) -> tuple[str, str]:
    """Return the picture of a batch's state and its colour's role."""
    if batch.job.state is JobState.FINISHED and batch.failed:
        return "warning", "warn"
    return _JOB_LOOKS[batch.job.state]


def shares_of(batch: BatchFacts) -> list[Share]:
    """Return what has a result, what failed and what was passed over, as shares of the batch."""
    totals = batch.totals
    whole = max(1, totals.found)
    good = totals.done + totals.already_done
    passed = totals.left_out + totals.canceled
    done_role = "accent" if batch.unfinished else "good"
    return [(good / whole, done_role), (batch.failed / whole, "bad"), (passed / whole, "disabled")]


def paint_ground(painter: QPainter, option: QStyleOptionViewItem, *, marked: bool) -> None:
    """Paint a row's ground; `marked`: with a stripe where the keys are."""
    colours = tokens()
    selected = bool(option.state & QStyle.StateFlag.State_Selected)
    if selected:
        painter.fillRect(option.rect, QColor(colours.selection))
    elif option.state & QStyle.StateFlag.State_MouseOver:
        painter.fillRect(option.rect, QColor(colours.raised))
    if marked and selected and option.widget is not None and option.widget.hasFocus():
        stripe = QRect(option.rect.left(), option.rect.top(), 3, option.rect.height())
        painter.fillRect(stripe, QColor(colours.accent_text))


def paint_dot(painter: QPainter, area: QRectF, role: str) -> None:
    """Paint a round mark."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(getattr(tokens(), role)))
    painter.drawEllipse(area)


def _draw(
    painter: QPainter,
    area: QRect,
    words: str,
    role: str,
    where: Qt.AlignmentFlag,
    elide: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
) -> int:
    """Draw one line, cut where it does not fit; return its width."""
    shown = painter.fontMetrics().elidedText(words, elide, area.width())
    painter.setPen(QColor(getattr(tokens(), role)))
    painter.drawText(area, where, shown)
    return painter.fontMetrics().horizontalAdvance(shown)


def _small(option: QStyleOptionViewItem) -> QFont:
    font = QFont(option.font)
    font.setPointSizeF(font.pointSizeF() * 0.9)
    return font
