"""A model as a list shows it: its name with its size, and what it is in a line beneath."""

from __future__ import annotations

from PySide6.QtCore import QObject, QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from core.models.spec import ModelSpec
from desktop.recipe.editors import SENTENCE_ROLE, Index
from desktop.recipe.words import tr
from desktop.theme import tokens
from desktop.widgets.plain import plain_tip
from desktop.words_of_models import family_name, needs, size_words, takes

SIZE_ROLE = SENTENCE_ROLE + 1
LACKS_ROLE = SENTENCE_ROLE + 2
_SEPARATOR = 9
_RIGHT = int(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignRight)


def data_of(spec: ModelSpec, lacks: str = "", size: str = "") -> dict[int, str]:
    """Return what an item of a list has of a model, by role.

    Args:
        lacks: why it cannot be used, where the spec does not say it.
        size: in words, where the spec does not say it.
    """
    lacks, size = lacks or needs(spec), size or size_words(spec)
    about = [part for part in (family_name(spec), lacks or takes(spec)) if part]
    return {
        Qt.ItemDataRole.DisplayRole: spec.name,
        SENTENCE_ROLE: " · ".join(about),
        SIZE_ROLE: size,
        LACKS_ROLE: lacks,
        Qt.ItemDataRole.ToolTipRole: _tip(spec, lacks, size),
        Qt.ItemDataRole.AccessibleTextRole: ", ".join(filter(None, (spec.name, *about, size))),
    }


def _tip(spec: ModelSpec, lacks: str, size: str) -> str:
    licence = tr("Licence: {0}").format(spec.licence) if spec.licence else ""
    lines = (spec.sentence, family_name(spec), size, licence, lacks)
    return plain_tip("\n".join(line for line in lines if line))


class ModelDelegate(QStyledItemDelegate):
    """Paints a model's name with its size at the right, and what it is in a line beneath.

    Args:
        width: of a line, in logical pixels.
    """

    def __init__(self, width: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._width = width

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Return the size that shows it whole."""
        if _is_separator(index):
            return QSize(self._width, _SEPARATOR)
        lines = 2 if index.data(SENTENCE_ROLE) else 1
        pad = tokens().space
        return QSize(self._width, option.fontMetrics.height() * lines + pad + (lines - 1) * 2)

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
        size = str(index.data(SIZE_ROLE) or "")
        painter.setPen(QColor(quiet if usable else colours.disabled))
        painter.drawText(area, _RIGHT, size)
        painter.setPen(
            QColor(colours.on_accent if chosen else colours.text if usable else colours.disabled)
        )
        room = area.width() - option.fontMetrics.horizontalAdvance(size) - space
        self._write(painter, option, QRect(area.left(), area.top(), room, area.height()), index)
        lacks = bool(index.data(LACKS_ROLE))
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
