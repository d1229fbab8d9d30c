"""What all dialogs share: margins, a heading, and a row of buttons at the bottom."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from desktop.theme import tokens
from desktop.widgets.named import label, named


class DialogFrame(QDialog):
    """A dialog with a heading, a sentence under it, a body and buttons.

    Call `set_heading`, fill `body`, add buttons with `add_button`, left to right.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 18, 22, 16)
        column.setSpacing(tokens().space)
        self._title = label(name="title")
        self._sentence = label(name="muted", wrap=True)
        self._sentence.hide()
        column.addWidget(self._title)
        column.addWidget(self._sentence)
        column.addSpacing(4)
        self.body = QVBoxLayout()
        self.body.setSpacing(tokens().space)
        column.addLayout(self.body, 1)
        column.addSpacing(4)
        self.buttons = QHBoxLayout()
        self.buttons.setSpacing(tokens().space)
        self.buttons.addStretch(1)
        column.addLayout(self.buttons)

    def set_heading(self, title: str, sentence: str = "") -> None:
        """Say what the dialog is, and in a sentence what for."""
        self.setWindowTitle(title)
        self._title.setText(title)
        self._sentence.setText(sentence)
        self._sentence.setVisible(bool(sentence))

    def add_button(self, text: str, *, primary: bool = False, left: bool = False) -> QPushButton:
        """Add a button at the bottom; `left`: away from those that end the dialog."""
        button = QPushButton(text)
        button.setAutoDefault(primary)
        button.setDefault(primary)
        if primary:
            button.setObjectName("primary")
        if left:
            self.buttons.insertWidget(0, button)
        else:
            self.buttons.addWidget(button)
        return button

    def fit(self) -> None:
        """Be just as high as what is said needs at this width."""
        layout = self.layout()
        if layout is not None:
            layout.activate()
            self.resize(self.width(), layout.totalHeightForWidth(self.width()))

    def add_close(self) -> QPushButton:
        """Add the button that only closes."""
        button = self.add_button(self.tr("&Close"))
        button.clicked.connect(self.reject)
        return button


def card() -> tuple[QFrame, QVBoxLayout]:
    """Return a raised frame and the column in it."""
    frame = named(QFrame(), "raised")
    frame.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    column = QVBoxLayout(frame)
    column.setContentsMargins(14, 11, 14, 11)
    column.setSpacing(4)
    return frame, column


def scrolled(widget: QWidget) -> QScrollArea:
    """Return a frameless area that scrolls `widget` upright only."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(widget)
    area.viewport().setAutoFillBackground(False)
    widget.setAutoFillBackground(False)
    return area
