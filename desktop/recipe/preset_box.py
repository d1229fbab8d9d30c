"""The presets: chosen from a list; saved, renamed, deleted, imported and exported by its menu."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QInputDialog,
    QMenu,
    QMessageBox,
    QWidget,
)

from core import presets as store
from core.errors import CoreError
from core.recipe import Recipe
from desktop.backend import Backend
from desktop.recipe import words
from desktop.recipe.buttons import tool_button
from desktop.recipe.editors import WideCombo

if TYPE_CHECKING:
    from core.services import Services

_RECIPE_FILES = "Recipes (*.toml *.json)"


class PresetBox(QWidget):
    """Shows the presets of the chosen model; what changes them is done on the library's thread.

    `recipe`: returns the recipe as the panel has it now, to be saved or exported.
    """

    chosen = Signal(object)
    """A preset, as a Recipe."""
    loaded = Signal(object)
    """All presets, shipped ones first, a tuple of Recipes."""
    failed = Signal(object)
    """A CoreError: a preset file that is damaged, a name that is taken."""

    def __init__(
        self, backend: Backend, recipe: Callable[[], Recipe], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._backend = backend
        self._recipe = recipe
        self._shown: tuple[Recipe, ...] = ()
        self._current: Recipe | None = None
        self.box = WideCombo(self)
        self.box.setAccessibleName(words.label("preset"))
        self.box.setToolTip(words.sentence("preset"))
        self.box.activated.connect(self._choose)
        self.setFocusProxy(self.box)
        self.menu = QMenu(self)
        self.menu.aboutToShow.connect(self._enable)
        self._actions = self._make_menu()
        self.more = tool_button(
            "more", words.tr("Preset menu"), words.tr("Save, rename, delete, import or export.")
        )
        self.more.clicked.connect(self._open_menu)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.box, 1)
        row.addWidget(self.more)

    def insert_label(self, label: QWidget) -> None:
        """Put a label before the list."""
        layout = self.layout()
        assert isinstance(layout, QHBoxLayout)
        layout.insertWidget(0, label)

    def load(self) -> None:
        """Read the presets again."""
        self._backend.ask(self, _read, self._take, self.failed.emit)

    def show_preset(
        self, base: Recipe, presets: Sequence[Recipe], changed: Sequence[str] = ()
    ) -> None:
        """Show which of the presets the recipe started from, and which settings were changed."""
        self._current = base
        fitting = tuple(presets)
        if fitting != self._shown or self.box.count() != len(fitting):
            self._shown = fitting
            self.box.clear()
            for preset in fitting:
                self.box.add(preset.name or preset.id, preset.sentence, preset)
        ids = [preset.id for preset in fitting]
        self.box.setCurrentIndex(ids.index(base.id) if base.id in ids else -1)
        name = base.name or words.tr("Model defaults")
        self.box.setPlaceholderText(name)
        for row, preset in enumerate(fitting):
            star = " *" if changed and preset.id == base.id else ""
            self.box.setItemText(row, (preset.name or preset.id) + star)
        names = ", ".join(dict.fromkeys(words.label(field) for field in changed))
        said = words.tr("Changed: {0}.").format(names) if changed else words.sentence("preset")
        self.box.setToolTip(said)
        self.box.setAccessibleDescription(said)

    def save(self) -> None:
        """Ask for a name and store the recipe under it."""
        own = self._current is not None and not store.is_shipped(self._current)
        first = self._current.name if self._current is not None and own else ""
        name = self._ask_name(words.tr("Save preset"), first)
        if name:
            recipe = self._portable()
            self._do(lambda folder: store.save_preset(folder, name, recipe, replace=name == first))

    def rename(self) -> None:
        """Ask for another name for the chosen preset."""
        if self._current is None:
            return
        old = self._current.name
        name = self._ask_name(words.tr("Rename preset"), old)
        if name and name != old:
            self._do(lambda folder: store.rename_preset(folder, old, name))

    def delete(self) -> None:
        """Delete the chosen preset after asking."""
        if self._current is None:
            return
        name = self._current.name
        question = words.tr("Delete the preset {0}? Recipes made with it stay as they are.")
        box = QMessageBox(
            QMessageBox.Icon.NoIcon, words.tr("Delete preset"), question.format(name), parent=self
        )
        box.setTextFormat(Qt.TextFormat.PlainText)
        delete = box.addButton(words.tr("&Delete"), QMessageBox.ButtonRole.DestructiveRole)
        box.addButton(QMessageBox.StandardButton.Cancel)
        box.exec()
        if box.clickedButton() is delete:
            self._do(lambda folder: store.delete_preset(folder, name), choose=False)

    def import_file(self) -> None:
        """Ask for a recipe file and take it among the presets."""
        path, _ = QFileDialog.getOpenFileName(
            self, words.tr("Import preset"), "", words.tr(_RECIPE_FILES)
        )
        if path:
            self._do(lambda folder: store.import_preset(folder, Path(path)))

    def export_file(self) -> None:
        """Ask for a file and write the recipe as the panel has it."""
        recipe = self._recipe()
        name = f"{recipe.name or words.tr('recipe')}.toml"
        path, _ = QFileDialog.getSaveFileName(
            self, words.tr("Export preset"), name, words.tr(_RECIPE_FILES)
        )
        if path:
            file = Path(path) if Path(path).suffix else Path(f"{path}.toml")
            self._backend.ask(
                self, lambda _services: _replace(recipe, file), None, self.failed.emit
            )

    def _portable(self) -> Recipe:
        """Return the recipe without its folder: that is one batch's, not a preset's."""
        recipe = self._recipe()
        return recipe.model_copy(
            update={"output": recipe.output.model_copy(update={"folder": None})}
        )

    def _do(self, change: Callable[[Path], Recipe], *, choose: bool = True) -> None:
        def work(services: Services) -> tuple[Recipe, tuple[Recipe, ...]]:
            made = change(services.paths.presets)
            return made, store.readable_presets(services.paths.presets)[0]

        def then(answer: tuple[Recipe, tuple[Recipe, ...]]) -> None:
            made, presets = answer
            self.loaded.emit(presets)
            if choose:
                self.chosen.emit(made)

        self._backend.ask(self, work, then, self.failed.emit)

    def _take(self, answer: tuple[tuple[Recipe, ...], tuple[CoreError, ...]]) -> None:
        presets, troubles = answer
        self.loaded.emit(presets)
        for trouble in troubles[:1]:
            self.failed.emit(trouble)

    def _choose(self, row: int) -> None:
        preset = self.box.itemData(row)
        if isinstance(preset, Recipe):
            self.chosen.emit(preset)

    def _make_menu(self) -> dict[str, QAction]:
        entries: tuple[tuple[str, str, Callable[[], None]], ...] = (
            ("save", words.tr("&Save as preset…"), self.save),
            ("rename", words.tr("&Rename preset…"), self.rename),
            ("delete", words.tr("&Delete preset…"), self.delete),
            ("import", words.tr("&Import preset…"), self.import_file),
            ("export", words.tr("&Export preset…"), self.export_file),
        )
        actions: dict[str, QAction] = {}
        for name, text, act in entries:
            action = self.menu.addAction(text)
            action.triggered.connect(act)
            actions[name] = action
            if name == "delete":
                self.menu.addSeparator()
        return actions

    def _enable(self) -> None:
        own = self._current is not None and bool(self._current.id)
        own = own and self._current is not None and not store.is_shipped(self._current)
        self._actions["rename"].setEnabled(own)
        self._actions["delete"].setEnabled(own)

    def _open_menu(self) -> None:
        self.menu.popup(self.more.mapToGlobal(QPoint(0, self.more.height())))

    def _ask_name(self, title: str, first: str) -> str:
        dialog = QInputDialog(self)
        dialog.setWindowTitle(title)
        dialog.setLabelText(words.tr("Name of the preset:"))
        dialog.setTextValue(first)
        dialog.setWindowModality(Qt.WindowModality.WindowModal)
        return dialog.textValue().strip() if dialog.exec() else ""


def _read(services: Services) -> tuple[tuple[Recipe, ...], tuple[CoreError, ...]]:
    return store.readable_presets(services.paths.presets)


def _replace(recipe: Recipe, file: Path) -> None:
    """Write the file; the dialog has asked already whether one that is there may go."""
    file.unlink(missing_ok=True)
    store.export_preset(recipe, file)
