"""The queue's first line: counts that add up, time left, and the buttons to stop and go on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt, Signal, SignalInstance
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core.library.records import ItemStatus
from desktop.icons import icon
from desktop.theme import tokens
from desktop.widgets.elided import ElidedLabel
from desktop.widgets.named import flat_button
from desktop.widgets.picture import Picture
from desktop.words import photographs

_ROOM_FOR_RETRY = 900
Statuses = tuple[ItemStatus, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """What the line says and offers.

    `icon` and `role` name the picture; `detail` is the second line; `resumable` is how many photographs Resume would go on
    with, 0: no such button; `stoppable` and `stopping` decide the other two buttons.
    """  # noqa: E501

    icon: str
    role: str
    text: str
    detail: str = ""
    stoppable: bool = False
    stopping: bool = False
    resumable: int = 0


class QueueHeader(QWidget):
    """Says how far the queue is; its buttons only emit."""

    stop_after_wanted = Signal()
    stop_now_wanted = Signal()
    resume_wanted = Signal()
    retry_wanted = Signal()
    narrowed = Signal(object)
    """Statuses: which photographs of a batch are listed; empty: all."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._failed = 0
        self._picture = Picture()
        self.text = ElidedLabel(name="heading")
        self.detail = ElidedLabel(name="small")
        self.filter = self._make_filter()
        self._make_buttons()
        self._lay_out()

    def show_standing(self, standing: Standing) -> None:
        """Show how far the queue is."""
        self._picture.show_icon(standing.icon, standing.role)
        self.text.setText(standing.text)
        self.detail.setText(standing.detail)
        self.detail.setVisible(bool(standing.detail))
        self.stop_after.setEnabled(not standing.stopping)
        self.resume.setText(self.tr("Resume {}").format(photographs(standing.resumable)))
        self._offer(stop=standing.stoppable, resume=bool(standing.resumable))

    def _offer(self, *, stop: bool, resume: bool) -> None:
        """Show buttons; what goes, goes first, or both would need room for a moment."""
        if not stop:
            self.stop_after.hide()
            self.stop_now.hide()
        self.resume.setVisible(resume)
        if stop:
            self.retry.hide()
        self.stop_after.setVisible(stop)
        self.stop_now.setVisible(stop)
        self._show_retry()

    def show_failed(self, failed: int) -> None:
        """Offer to retry so many photographs of the batch that is shown."""
        self._failed = failed
        self.retry.setText(self.tr("Retry {} failed").format(failed))
        self._show_retry()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave out, where it is narrow, what the menu offers too."""
        super().resizeEvent(event)
        self._show_retry()

    def _show_retry(self) -> None:
        lonely = self.stop_now.isHidden() and self.resume.isHidden()
        roomy = self.width() >= _ROOM_FOR_RETRY or lonely
        self.retry.setVisible(bool(self._failed) and roomy)

    def _make_filter(self) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(self.tr("Photographs listed"))
        box.setToolTip(self.tr("Which photographs of the batch are listed."))
        for words, statuses in self._choices():
            box.addItem(words, statuses)
        box.currentIndexChanged.connect(lambda _row: self.narrowed.emit(self.statuses))
        return box

    @property
    def statuses(self) -> Statuses:
        """What the list is narrowed to."""
        chosen: Statuses = self.filter.currentData() or ()
        return chosen

    def _choices(self) -> Sequence[tuple[str, Statuses]]:
        status = ItemStatus
        return [
            (self.tr("All"), ()),
            (self.tr("Open"), (status.PENDING, status.RUNNING, status.STAGED)),
            (self.tr("Done"), (status.DONE, status.ALREADY_DONE)),
            (self.tr("Failed"), (status.FAILED, status.QUARANTINED)),
            (self.tr("Left out"), (status.LEFT_OUT,)),
            (self.tr("Canceled"), (status.CANCELED,)),
        ]

    def _make_buttons(self) -> None:
        self.retry = self._button("retry", self.tr("Retry"), self.retry_wanted)
        self.retry.setToolTip(self.tr("Try the failed photographs of this batch again."))
        self.stop_after = self._button(
            "stop-after", self.tr("Stop &after this one"), self.stop_after_wanted
        )
        self.stop_after.setToolTip(
            self.tr("Finish the photograph in work, then stop; the rest keeps waiting.")
        )
        self.stop_now = self._button("stop", self.tr("Stop &now"), self.stop_now_wanted)
        self.stop_now.setToolTip(
            self.tr("Drop the photograph in work and stop; it is done again on Resume.")
        )
        self.resume = self._button("play", self.tr("Resume"), self.resume_wanted, "on_accent")
        self.resume.setObjectName("primary")
        self.resume.setToolTip(self.tr("Go on where it stopped; what is done stays done."))
        self.more = flat_button(
            "more", self.tr("Batch"), self.tr("What can be done to the batch that is shown.")
        )
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)

    def _button(
        self, name: str, text: str, signal: SignalInstance, role: str = "text"
    ) -> QPushButton:
        button = QPushButton(icon(name, role), text)
        button.setIconSize(QSize(16, 16))
        button.clicked.connect(lambda _checked=False: signal.emit())
        button.hide()
        return button

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 5, 6, 5)
        row.setSpacing(tokens().space)
        row.addWidget(self._picture)
        texts = QVBoxLayout()
        texts.setSpacing(0)
        texts.addWidget(self.text)
        texts.addWidget(self.detail)
        row.addLayout(texts, 1)
        for widget in (self.filter, self.retry, self.stop_after, self.stop_now, self.resume):
            row.addWidget(widget, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.more, 0, Qt.AlignmentFlag.AlignVCenter)
