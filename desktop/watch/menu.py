"""The menu of a watched folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QMenu, QWidget

from desktop.icons import icon
from desktop.watch.standing import WatchedFolder
from desktop.watch.words import tr

Choice = tuple[str, str, str, Callable[[], None]] | None
"""Icon, text, one sentence, what it does; None: a line between."""


def folder_menu(parent: QWidget, choices: Sequence[Choice]) -> QMenu:
    """Return a menu of these choices."""
    menu = QMenu(parent)
    menu.setToolTipsVisible(True)
    for choice in choices:
        if choice is None:
            menu.addSeparator()
            continue
        picture, text, sentence, action = choice
        entry = menu.addAction(icon(picture), text) if picture else menu.addAction(text)
        entry.setToolTip(sentence)
        entry.triggered.connect(lambda _checked=False, action=action: action())
    return menu


def pause_words(folder: WatchedFolder) -> tuple[str, str, str]:
    """Return icon, text and sentence of Pause, or of Resume."""
    if folder.rule.paused:
        return "resume", tr("&Resume"), tr("Go on, with what came meanwhile first.")
    return "pause", tr("&Pause"), tr("Take nothing from the folder until it is resumed.")
