"""Ways to make a result again: another seed, more or less strength, the recipe of the panel."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from desktop.controllers.batches import Redo
from desktop.icons import icon


class RedoButton(QToolButton):
    """Makes the result again with a new seed; its menu knows other ways.

    Signals: `wanted(Redo)`, and `recipe_wanted()` for the recipe that the panel shows now.
    """

    wanted = Signal(object)
    recipe_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("flat")
        self.setText(self.tr("Redo") + " ▾")
        self.setIcon(icon("retry"))
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setAccessibleName(self.tr("Redo"))
        self.setToolTip(
            self.tr("Make this result again in another way; the earlier one is kept (R: new seed).")
        )
        self.setMenu(self._menu())

    def _menu(self) -> QMenu:
        menu = QMenu(self)
        ways = (
            (Redo.SEED, self.tr("With a &new seed"), "R", "dice"),
            (Redo.STRONGER, self.tr("&Stronger"), "Shift+R", "plus"),
            (Redo.GENTLER, self.tr("&Gentler"), "Ctrl+R", "minus"),
        )
        for way, text, keys, name in ways:
            menu.addAction(self._action(menu, way, f"{text}\t{keys}", name))
        menu.addSeparator()
        with_recipe = menu.addAction(icon("recipe"), self.tr("With the recipe on the &right"))
        with_recipe.triggered.connect(self.recipe_wanted)
        return menu

    def _action(self, menu: QMenu, way: Redo, text: str, name: str) -> QAction:
        # The key stands in the text only: the window's own action has the shortcut.
        action = QAction(icon(name), text, menu)
        action.triggered.connect(lambda: self.wanted.emit(way))
        return action
