"""Buttons with a text, as this package's panels have them."""

from __future__ import annotations

from PySide6.QtWidgets import QPushButton

from desktop.widgets.named import named


def push_button(text: str, sentence: str, name: str = "") -> QPushButton:
    """Return a button with a text; `name` is the theme's: primary, flat, link."""
    made = named(QPushButton(text), name)
    made.setToolTip(sentence)
    return made
