"""What went wrong with the photograph that is shown, said in its place, with what to do."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from desktop.icons import icon
from desktop.theme import tokens
from desktop.viewer.buttons import named
from desktop.viewer.notices import Notice, Remedy, remedy_words

_WIDEST = 460


class Card(QFrame):
    """A notice over the canvas; in its middle where there is no picture, else at its top.

    Signals: `wanted(Remedy)`: what the button is for.
    """

    wanted = Signal(object)

    def __init__(self, canvas: QWidget) -> None:
        super().__init__(canvas)
        self.setObjectName("raised")
        self._canvas = canvas
        self._in_middle = False
        self._remedy = Remedy.NONE
        self._sign = QLabel()
        self._sign.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._message = named(QLabel(), "heading")
        self._hint = named(QLabel(), "muted")
        for label in (self._message, self._hint):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._button = QPushButton()
        self._button.clicked.connect(lambda: self.wanted.emit(self._remedy))
        self._lay_out()
        canvas.installEventFilter(self)
        self.hide()

    def say(self, notice: Notice | None, *, middle: bool = False) -> None:
        """Show a notice, or none."""
        self.setVisible(notice is not None)
        if notice is None:
            return
        self._remedy, self._in_middle = notice.remedy, middle
        self._message.setText(notice.message)
        self._hint.setText(notice.hint)
        self._hint.setVisible(bool(notice.hint))
        self._button.setText(remedy_words(notice.remedy))
        self._button.setVisible(notice.remedy is not Remedy.NONE)
        sign = icon(notice.sign, notice.role).pixmap(QSize(20, 20), self.devicePixelRatioF())
        self._sign.setPixmap(sign)
        self.setAccessibleName(" ".join(part for part in (notice.message, notice.hint) if part))
        self._place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the canvas' size."""
        if event.type() is QEvent.Type.Resize and self.isVisible():
            self._place()
        return False

    def _place(self) -> None:
        space, room = 2 * tokens().space, self._canvas.size()
        self.setFixedWidth(max(120, min(_WIDEST, room.width() - 2 * space)))
        layout = self.layout()
        height = self.sizeHint().height()
        if layout is not None and layout.hasHeightForWidth():
            height = layout.heightForWidth(self.width())
        self.setFixedHeight(height)
        left = (room.width() - self.width()) // 2
        top = (room.height() - height) // 2 if self._in_middle else space // 2
        self.move(left, max(0, top))
        self.raise_()

    def _lay_out(self) -> None:
        space = tokens().space
        texts = QVBoxLayout()
        texts.setSpacing(space // 2)
        texts.addWidget(self._message)
        texts.addWidget(self._hint)
        texts.addWidget(self._button, 0, Qt.AlignmentFlag.AlignLeft)
        row = QHBoxLayout(self)
        row.setContentsMargins(space * 2, space + 4, space * 2, space + 4)
        row.setSpacing(space + 4)
        row.addWidget(self._sign)
        row.addLayout(texts, 1)
