"""The viewer's small buttons, all made alike."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QToolButton, QWidget

from desktop.icons import icon
from desktop.theme import tokens

W = TypeVar("W", bound=QWidget)


def named(widget: W, name: str) -> W:
    """Return the widget with the name by which the style sheet knows its kind."""
    widget.setObjectName(name)
    return widget


def icon_button(name: str, text: str, sentence: str, *, checkable: bool = False) -> QToolButton:
    """Return a flat button with an icon only; `text` is what a screen reader says."""
    button = named(QToolButton(), "flat")
    button.setIcon(icon(name))
    button.setIconSize(QSize(tokens().icon, tokens().icon))
    button.setCheckable(checkable)
    button.setAccessibleName(text)
    button.setToolTip(sentence)
    return button


def text_button(name: str, text: str, sentence: str, *, checkable: bool = False) -> QToolButton:
    """Return a flat button with an icon and its name."""
    button = icon_button(name, text.replace("&", ""), sentence, checkable=checkable)
    button.setText(text)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    return button


class UprightLine(QWidget):
    """A thin line between groups of buttons."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedSize(9, tokens().icon)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it in the theme of the moment."""
        painter = QPainter(self)
        painter.fillRect(self.width() // 2, 0, 1, self.height(), QColor(tokens().line))
