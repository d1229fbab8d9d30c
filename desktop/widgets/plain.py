"""Tooltips that are shown letter by letter: Qt takes what looks like HTML in them for HTML."""

from __future__ import annotations

import html

from PySide6.QtGui import Qt


def plain_tip(text: str) -> str:
    """Return a tooltip that shows `text` as it is, though a file in it is called `<b>x</b>.jpg`."""
    if not Qt.mightBeRichText(text):
        return text
    lines = html.escape(text).replace("\n", "<br>")
    return f'<span style="white-space: pre">{lines}</span>'
