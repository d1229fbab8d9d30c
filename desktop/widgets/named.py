"""Widgets with the object name that the style sheet knows them by."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QToolButton, QWidget

from desktop.icons import icon

W = TypeVar("W", bound=QWidget)


def named(widget: W, name: str) -> W:
    """Give a widget its name in the style sheet and return it."""
    widget.setObjectName(name)
    return widget


def label(text: str = "", name: str = "", *, wrap: bool = False) -> QLabel:
    """Return a label of plain text; `wrap` lets it take several lines."""
    made = named(QLabel(text), name)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setWordWrap(wrap)
    return made


def flat_button(picture: str, spoken: str, tip: str, role: str = "text") -> QToolButton:
    """Return a button that is only an icon, with its name for screen readers."""
    made = named(QToolButton(), "flat")
    made.setIcon(icon(picture, role))
    made.setAccessibleName(spoken)
    made.setToolTip(tip)
    return made
