"""Small buttons as the recipe panel has them: an icon, a spoken name and one sentence."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QToolButton

from desktop.icons import icon


def tool_button(name: str, shown: str, sentence: str, *, side: int = 15) -> QToolButton:
    """Return a flat button with the icon `name`, `side` logical pixels large."""
    button = QToolButton()
    button.setObjectName("flat")
    button.setIcon(icon(name))
    button.setIconSize(QSize(side, side))
    button.setAccessibleName(shown)
    button.setToolTip(sentence)
    return button
