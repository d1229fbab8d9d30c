"""The chooser of models: each with its family, size, licence and abilities, and what it needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QHBoxLayout, QWidget

from core.models.spec import ModelSpec
from desktop.recipe import words
from desktop.recipe.editors import Editor, WideCombo
from desktop.recipe.model_delegate import ModelDelegate, data_of

_MANAGE = "manage"
_WIDTH = 430


class _ModelCombo(WideCombo):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setItemDelegate(ModelDelegate(_WIDTH, self))

    def add_model(self, spec: ModelSpec) -> None:
        self.addItem(spec.name, spec.id)
        row = self.count() - 1
        for role, text in data_of(spec).items():
            self.setItemData(row, text, role)
        model = self.model()
        if spec.missing and isinstance(model, QStandardItemModel):
            model.item(row).setEnabled(False)

    def showPopup(self) -> None:
        """Open the list as wide as a model's line needs."""
        super().showPopup()
        self.view().setMinimumWidth(max(self.width(), _WIDTH))


class ModelEdit(Editor):
    """The known models; one that is not here stays readable, one that lacks parts is greyed."""

    manage_wanted = Signal()
    """Models are to be added, looked at or taken out."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.box = _ModelCombo(self)
        self.setFocusProxy(self.box)
        self._shown = ""
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.box)
        self.box.activated.connect(self._choose)

    def set_models(self, specs: Sequence[ModelSpec]) -> None:
        """Offer these models, those that lack parts last and greyed."""
        self.box.clear()
        for spec in sorted(specs, key=lambda spec: bool(spec.missing)):
            self.box.add_model(spec)
        self.box.insertSeparator(self.box.count())
        self.box.add(words.tr("Add or manage models…"), "", _MANAGE)
        self.show_value(self._shown)

    def show_value(self, value: Any) -> None:
        """Show a model by its id."""
        self._shown = str(value)
        row = self.box.findData(value) if value else -1
        self.box.setCurrentIndex(row)
        self.box.setPlaceholderText(words.tr("{0} (not here)").format(value))
        tip = self.box.itemData(row, Qt.ItemDataRole.ToolTipRole) if row >= 0 else None
        self.box.setToolTip(str(tip) if tip else words.sentence("model"))

    def _choose(self, row: int) -> None:
        value = self.box.itemData(row)
        if value == _MANAGE:
            self.show_value(self._shown)
            self.manage_wanted.emit()
        else:
            self.edited.emit(value)
