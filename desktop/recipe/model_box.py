"""The chooser of models: each with its family, size, licence and abilities, and what it needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QStandardItemModel
from PySide6.QtWidgets import (
    QHBoxLayout,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from core.models.spec import ModelSpec
from desktop.recipe import words
from desktop.recipe.editors import SENTENCE_ROLE, Editor, Index, WideCombo
from desktop.theme import tokens
from desktop.widgets.plain import plain_tip
from desktop.words_of_models import family_name, needs, size_words, takes

_SIZE_ROLE = SENTENCE_ROLE + 1
_LACKS_ROLE = SENTENCE_ROLE + 2
_MANAGE = "manage"
_WIDTH = 430
_SEPARATOR = 9


class _ModelDelegate(QStyledItemDelegate):
    """Paints a model's name with its size at the right, and what it is in a line beneath."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Return the size that shows it whole."""
        if _is_separator(index):
            return QSize(_WIDTH, _SEPARATOR)
        lines = 2 if index.data(SENTENCE_ROLE) else 1
        pad = tokens().space
        return QSize(_WIDTH, option.fontMetrics.height() * lines + pad + (lines - 1) * 2)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint the model."""
        colours, space = tokens(), tokens().space
        if _is_separator(index):
            line = option.rect.adjusted(space, _SEPARATOR // 2, -space, -(_SEPARATOR // 2))
            painter.fillRect(line, QColor(colours.line))
            return
        self.initStyleOption(option, index)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        usable = bool(option.state & QStyle.StateFlag.State_Enabled)
        area = option.rect.adjusted(space, space // 2, -space, -space // 2)
        painter.save()
        if chosen:
            painter.fillRect(option.rect, QColor(colours.accent))
        quiet = colours.on_accent if chosen else colours.muted
        size = str(index.data(_SIZE_ROLE) or "")
        painter.setPen(QColor(quiet if usable else colours.disabled))
        painter.drawText(area, _RIGHT, size)
        painter.setPen(
            QColor(colours.on_accent if chosen else colours.text if usable else colours.disabled)
        )
        room = area.width() - option.fontMetrics.horizontalAdvance(size) - space
        self._write(painter, option, QRect(area.left(), area.top(), room, area.height()), index)
        lacks = bool(index.data(_LACKS_ROLE))
        painter.setPen(QColor(colours.warn if lacks and not chosen else quiet))
        below = area.adjusted(0, option.fontMetrics.height() + 2, 0, 0)
        self._write(painter, option, below, index, SENTENCE_ROLE)
        painter.restore()

    @staticmethod
    def _write(
        painter: QPainter,
        option: QStyleOptionViewItem,
        area: QRect,
        index: Index,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> None:
        text = str(index.data(role) or "")
        elided = option.fontMetrics.elidedText(text, Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(area, int(Qt.AlignmentFlag.AlignTop), elided)


def _is_separator(index: Index) -> bool:
    # What QComboBox.insertSeparator writes, and what its own delegate looks at.
    return bool(index.data(Qt.ItemDataRole.AccessibleDescriptionRole) == "separator")


class _ModelCombo(WideCombo):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setItemDelegate(_ModelDelegate(self))

    def add_model(self, spec: ModelSpec) -> None:
        lacks = needs(spec)
        about = (family_name(spec), lacks or takes(spec))
        line = " · ".join(part for part in about if part)
        self.add(spec.name, line, spec.id)
        row = self.count() - 1
        self.setItemData(row, size_words(spec), _SIZE_ROLE)
        self.setItemData(row, lacks, _LACKS_ROLE)
        self.setItemData(row, _tip(spec), Qt.ItemDataRole.ToolTipRole)
        spoken = ", ".join(part for part in (spec.name, *about, size_words(spec)) if part)
        self.setItemData(row, spoken, Qt.ItemDataRole.AccessibleTextRole)
        model = self.model()
        if lacks and isinstance(model, QStandardItemModel):
            model.item(row).setEnabled(False)

    def showPopup(self) -> None:
        """Open the list as wide as a model's line needs."""
        super().showPopup()
        self.view().setMinimumWidth(max(self.width(), _WIDTH))


def _tip(spec: ModelSpec) -> str:
    licence = words.tr("Licence: {0}").format(spec.licence) if spec.licence else ""
    missing = needs(spec)
    lacks = words.tr("It {0}: add the folder that has it under Models.").format(missing)
    lines = (spec.sentence, family_name(spec), size_words(spec), licence, lacks if missing else "")
    return plain_tip("\n".join(line for line in lines if line))


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


_RIGHT = int(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignRight)
