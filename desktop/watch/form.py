"""The fields of a watch folder, laid out in rows."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QGridLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from core.library.ids import WatchRuleId
from core.library.watched import Recursion, WatchRule
from desktop.recipe.editors import WideCombo
from desktop.recipe.section import Section
from desktop.theme import tokens
from desktop.watch.choices import RecipeChoice
from desktop.watch.fields import FolderField
from desktop.watch.planner import Asked
from desktop.watch.words import tr
from desktop.widgets.named import label

_NAMES_WIDTH = 110


class WatchForm(QWidget):
    """Tells what is asked for; what it means is worked out elsewhere."""

    changed = Signal()

    def __init__(
        self, choices: Sequence[RecipeChoice], chosen: int, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._rule: WatchRuleId | None = None
        self._on_done = ""
        self.folder = FolderField(tr("Choose or type a folder"), tr("Folder to watch"))
        self.recipe = WideCombo()
        for choice in choices:
            self.recipe.add(choice.name, choice.sentence, choice)
        self.recipe.setCurrentIndex(chosen)
        self.output = FolderField(tr("A folder beside it"), tr("Where results go"))
        self.recursion = _recursion_box()
        self.more = Section(tr("More"), tr("Which files, how long to wait, and where they show."))
        self._make_more()
        self._lay_out()
        self._connect()

    def asked(self) -> Asked | None:
        """Return what is asked for; None as long as no folder is entered."""
        folder = self.folder.folder
        if folder is None:
            return None
        choice: RecipeChoice = self.recipe.currentData()
        update = {"folder": self.output.folder}
        output = choice.recipe.output.model_copy(update=update)
        return Asked(
            folder=folder,
            recipe=choice.recipe.model_copy(update={"output": output}),
            strengths=choice.strengths,
            patterns=_patterns(self.patterns.text()),
            recursion=self.recursion.currentData(),
            settle=self.settle.value(),
            use_polling=self.polling.isChecked(),
            folder_recipes=self.folder_recipes.isChecked(),
            on_done=self._on_done,
            project=self.project.currentText().strip(),
            changes=self._rule,
        )

    def show_rule(self, rule: WatchRule) -> None:
        """Show a rule to be changed; its folder stays."""
        settings = rule.settings
        self._rule, self._on_done = rule.id, settings.on_done
        self.folder.show_folder(rule.folder)
        self.folder.set_fixed()
        self.output.show_folder(settings.output)
        self.recursion.setCurrentIndex(self.recursion.findData(settings.recursion))
        self.patterns.setText(" ".join(map(shlex.quote, settings.patterns)))
        self.settle.setValue(settings.settle)
        self.polling.setChecked(settings.use_polling)
        self.folder_recipes.setChecked(settings.folder_recipes)
        self.project.setEditText(settings.project_name)

    def offer_projects(self, names: Sequence[str]) -> None:
        """Offer these projects besides a new one named as the folder."""
        text = self.project.currentText()
        self.project.clear()
        self.project.addItems(list(names))
        self.project.setEditText(text)

    def show_output(self, folder: Path | None, shown: str) -> None:
        """Say what the empty fields mean: where results go, and in which project they show."""
        self.output.set_hint(shown or tr("A folder beside it"))
        line = self.project.lineEdit()
        if line is not None and folder is not None:
            line.setPlaceholderText(folder.name or str(folder))

    def _make_more(self) -> None:
        self.patterns = QLineEdit()
        self.patterns.setPlaceholderText(tr("all photographs, or IMG_*.jpg !*_draft*"))
        self.settle = QDoubleSpinBox()
        self.settle.setRange(0, 3600)
        self.settle.setDecimals(1)
        self.settle.setValue(5.0)
        self.settle.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.settle.setSuffix(tr(" s without a change"))
        self.settle.setFixedWidth(190)
        self.project = QComboBox()
        self.project.setEditable(True)
        self.project.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.polling = QCheckBox(tr("&Look at the folder at intervals"))
        self.folder_recipes = QCheckBox(tr("Folders &may have a recipe of their own"))

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(tokens().space)
        upper, lower = _grid(), _grid()
        column.addLayout(upper)
        column.addWidget(self.more)
        self.more.rows.addLayout(lower)
        _row(upper, tr("&Folder"), self.folder, tr("New photographs in it are edited."))
        _row(upper, tr("&Recipe"), self.recipe, tr("What is done to each photograph."))
        said = tr("Where results go; never the folder that is watched.")
        _row(upper, tr("Resul&ts"), self.output, said)
        said = tr("What is done with photographs in subfolders.")
        _row(upper, tr("&Subfolders"), self.recursion, said)
        said = tr("Patterns with * and ?, separated by blanks; one with ! keeps files out.")
        _row(lower, tr("&Only names"), self.patterns, said)
        said = tr("A photograph is taken once it was not written to for so long.")
        _row(lower, tr("&Wait for"), self.settle, said, wide=False)
        said = tr("The project that shows the photographs and their results.")
        _row(lower, tr("&Project"), self.project, said)
        said = tr("For folders whose changes the system does not tell, as on some networks.")
        _check(lower, self.polling, said)
        said = tr("A file recipe.toml in a folder counts for what lies in it and below.")
        _check(lower, self.folder_recipes, said)

    def _connect(self) -> None:
        for field in (self.folder, self.output):
            field.changed.connect(self.changed)
        self.recipe.activated.connect(self.changed)
        self.recursion.activated.connect(self.changed)
        self.patterns.textChanged.connect(self.changed)
        self.settle.valueChanged.connect(self.changed)
        self.project.editTextChanged.connect(self.changed)
        for box in (self.polling, self.folder_recipes):
            box.toggled.connect(self.changed)


def _recursion_box() -> WideCombo:
    box = WideCombo()
    said = tr("Only photographs in the folder itself.")
    box.add(tr("Leave them out"), said, Recursion.SKIP)
    said = tr("Results lie in the same subfolders.")
    box.add(tr("Watch them too, keep them apart"), said, Recursion.MIRROR)
    said = tr("All results lie in one folder.")
    box.add(tr("Watch them too, results together"), said, Recursion.FLATTEN)
    return box


def _patterns(text: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(text))
    except ValueError:
        return tuple(text.split())


def _grid() -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(14)
    grid.setVerticalSpacing(9)
    grid.setColumnMinimumWidth(0, _NAMES_WIDTH)
    grid.setColumnStretch(1, 1)
    return grid


def _row(grid: QGridLayout, name: str, field: QWidget, sentence: str, *, wide: bool = True) -> None:
    row = grid.rowCount()
    title = label(name)
    title.setTextFormat(Qt.TextFormat.AutoText)
    title.setBuddy(field)
    field.setToolTip(sentence)
    field.setAccessibleName(name.replace("&", ""))
    field.setAccessibleDescription(sentence)
    grid.addWidget(title, row, 0)
    side = Qt.AlignmentFlag(0) if wide else Qt.AlignmentFlag.AlignLeft
    grid.addWidget(field, row, 1, side)


def _check(grid: QGridLayout, box: QCheckBox, sentence: str) -> None:
    box.setToolTip(sentence)
    box.setAccessibleDescription(sentence)
    grid.addWidget(box, grid.rowCount(), 1)
