"""The dialog of models: which are known, what they can do, and what is missing."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QGridLayout,
    QListWidget,
    QListWidgetItem,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from desktop.backend import Backend
from desktop.dialogs.frame import DialogFrame, scrolled
from desktop.dialogs.model_facts import ModelFacts, details, look
from desktop.icons import icon
from desktop.widgets.banner import Banner, BannerKind
from desktop.widgets.named import label
from desktop.words import gigabytes


class ModelsDialog(DialogFrame):
    """Lists the models; one of them in full.

    Args:
        backend: answers what is asked of the library.
        chosen: id of the model to show first.
    """

    chosen = Signal(object)
    """Id of the model that the recipe is to use."""
    reveal = Signal(object)
    """Path of a model's folder, to be shown in the file manager."""

    def __init__(self, backend: Backend, chosen: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.set_heading(
            self.tr("Models"), self.tr("What Regrain can edit photographs with on this computer.")
        )
        self._first = chosen
        self._models: list[ModelFacts] = []
        self._make_list()
        self._make_page()
        self._make_buttons()
        self.resize(760, 470)
        backend.ask(self, look, self.show_models, self.banner.say_error)

    @Slot(object)
    def show_models(self, models: Sequence[ModelFacts]) -> None:
        """List these models."""
        self._models = list(models)
        self.list.clear()
        for facts in models:
            item = QListWidgetItem(facts.spec.name)
            picture = ("warning", "warn") if facts.missing else ("model", "accent_text")
            item.setIcon(icon(*picture))
            item.setToolTip(f"{facts.spec.name}, {gigabytes(facts.bytes)}")
            self.list.addItem(item)
        ids = [facts.spec.id for facts in models]
        if ids:
            self.list.setCurrentRow(ids.index(self._first) if self._first in ids else 0)

    @property
    def current(self) -> ModelFacts | None:
        """The model that is shown in full."""
        row = self.list.currentRow()
        return self._models[row] if 0 <= row < len(self._models) else None

    def _make_list(self) -> None:
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("Models"))
        self.list.setSpacing(1)
        self.list.setMinimumWidth(190)
        self.list.currentRowChanged.connect(self._show_current)

    def _make_page(self) -> None:
        self.name = label(name="heading", wrap=True)
        self.banner = Banner()
        self._about = label(name="muted", wrap=True)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(7)
        self._grid.setColumnStretch(1, 1)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(16, 2, 8, 2)
        for widget in (self.name, self._about, self.banner):
            column.addWidget(widget)
        column.addSpacing(6)
        column.addLayout(self._grid)
        column.addStretch(1)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        split.addWidget(self.list)
        split.addWidget(scrolled(page))
        split.setStretchFactor(1, 1)
        self.body.addWidget(split, 1)

    def _make_buttons(self) -> None:
        self._folder = self.add_button(self.tr("Show in &folder"), left=True)
        self._folder.setIcon(icon("reveal"))
        self._folder.setToolTip(self.tr("Show the model's files in the file manager."))
        self._folder.clicked.connect(self._show_folder)
        self.add_close()
        self.use = self.add_button(self.tr("&Use for the recipe"), primary=True)
        self.use.setToolTip(self.tr("Choose this model; its own defaults are taken over."))
        self.use.clicked.connect(self._choose)
        self.use.setEnabled(False)
        self._folder.setEnabled(False)

    @Slot()
    def _show_current(self) -> None:
        facts = self.current
        usable = facts is not None and not facts.missing
        self.use.setEnabled(usable)
        self._folder.setEnabled(facts is not None)
        if facts is None:
            return
        self.name.setText(facts.spec.name)
        self._about.setText(facts.spec.sentence)
        self._fill(facts)
        if facts.missing:
            what = ", ".join(facts.missing)
            self.banner.say(
                self.tr("{} is not complete: {} is missing.").format(facts.spec.name, what),
                self.tr("Install Regrain again, or add the model again."),
                kind=BannerKind.WARNING,
                dismissable=False,
            )
        else:
            self.banner.clear()

    def _fill(self, facts: ModelFacts) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        for row, (name, value) in enumerate(details(facts).items()):
            self._grid.addWidget(label(name, "muted"), row, 0, Qt.AlignmentFlag.AlignTop)
            shown = label(value, wrap=True)
            shown.setTextInteractionFlags(
                Qt.TextInteractionFlag.TextSelectableByMouse
                | Qt.TextInteractionFlag.TextSelectableByKeyboard
            )
            shown.setAccessibleName(f"{name}: {value}")
            self._grid.addWidget(shown, row, 1)

    @Slot()
    def _choose(self) -> None:
        if self.current is not None:
            self.chosen.emit(self.current.spec.id)
            self.accept()

    @Slot()
    def _show_folder(self) -> None:
        if self.current is not None:
            self.reveal.emit(self.current.spec.folder)
