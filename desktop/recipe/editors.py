"""Editors of single values: what a Field holds. Each shows a value and tells what was entered."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from desktop.recipe.dials import Dial
from desktop.theme import tokens

SENTENCE_ROLE = Qt.ItemDataRole.UserRole + 1
Index = QModelIndex | QPersistentModelIndex
_NUMBER_WIDTH = 54
_LEAST_COMBO = 64
_PROMPT_LINES = 3
_BAR_AS_NEEDED = Qt.ScrollBarPolicy.ScrollBarAsNeeded


class Editor(QWidget):
    """Shows a value; `edited` tells a new one, `moved` one of a gesture that `ended` closes."""

    edited = Signal(object)
    moved = Signal(object)
    ended = Signal()
    reset_wanted = Signal()

    def show_value(self, value: Any) -> None:
        """Show a value, telling nothing."""
        raise NotImplementedError

    def set_wrong(self, wrong: bool) -> None:
        """Mark what was entered as refused."""


class SentenceDelegate(QStyledItemDelegate):
    """Paints a choice with its one sentence beneath, muted."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Return the size that shows it whole."""
        size = super().sizeHint(option, index)
        lines = 2 if index.data(SENTENCE_ROLE) else 1
        height = option.fontMetrics.height() * lines + 2 * self._pad()
        return QSize(size.width(), height)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint the choice."""
        self.initStyleOption(option, index)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        enabled = bool(option.state & QStyle.StateFlag.State_Enabled)
        colours = tokens()
        painter.save()
        if chosen:
            painter.fillRect(option.rect, QColor(colours.accent))
        area = option.rect.adjusted(self._pad() + 4, self._pad(), -self._pad(), -self._pad())
        name = colours.on_accent if chosen else colours.text if enabled else colours.disabled
        painter.setPen(QColor(name))
        painter.drawText(area, int(Qt.AlignmentFlag.AlignTop), str(index.data()))
        sentence = index.data(SENTENCE_ROLE)
        if sentence:
            painter.setPen(QColor(colours.on_accent if chosen else colours.muted))
            below = QRect(area)
            below.setTop(area.top() + option.fontMetrics.height())
            text = option.fontMetrics.elidedText(
                sentence, Qt.TextElideMode.ElideRight, below.width()
            )
            painter.drawText(below, int(Qt.AlignmentFlag.AlignTop), text)
        painter.restore()

    @staticmethod
    def _pad() -> int:
        return tokens().space // 2


class WideCombo(QComboBox):
    """A combo box that leaves the wheel to the panel and shows its list as wide as it needs."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setItemDelegate(SentenceDelegate(self))
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(6)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def add(self, name: str, sentence: str, value: object) -> None:
        """Append a choice."""
        self.addItem(name, value)
        self.setItemData(self.count() - 1, sentence, SENTENCE_ROLE)
        self.setItemData(self.count() - 1, sentence, Qt.ItemDataRole.ToolTipRole)

    def showPopup(self) -> None:
        """Open the list wide enough for its sentences."""
        metrics = self.fontMetrics()
        texts = [
            str(self.itemData(row, role) or "")
            for row in range(self.count())
            for role in (Qt.ItemDataRole.DisplayRole, SENTENCE_ROLE)
        ]
        widest = max((metrics.horizontalAdvance(text) for text in texts), default=0)
        self.view().setMinimumWidth(min(420, max(self.width(), widest + 40)))
        super().showPopup()

    def minimumSizeHint(self) -> QSize:
        """Return the smallest useful size."""
        return QSize(_LEAST_COMBO, super().minimumSizeHint().height())

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the panel that is scrolled."""
        event.ignore()


class ChoiceEdit(Editor):
    """One of several named values."""

    def __init__(
        self, choices: Mapping[StrEnum, tuple[str, str]], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.box = WideCombo(self)
        self.setFocusProxy(self.box)
        _fill(self, self.box)
        self.set_choices(choices)
        self.box.activated.connect(lambda row: self.edited.emit(self.box.itemData(row)))

    def set_choices(self, choices: Mapping[StrEnum, tuple[str, str]]) -> None:
        """Offer these values: each with its name and one sentence."""
        if [self.box.itemData(row) for row in range(self.box.count())] == list(choices):
            return
        self.box.clear()
        for value, (name, sentence) in choices.items():
            self.box.add(name, sentence, value)

    def show_value(self, value: Any) -> None:
        """Show a value, telling nothing."""
        row = next((r for r in range(self.box.count()) if self.box.itemData(r) == value), -1)
        self.box.setCurrentIndex(row)


class NumberBox(QLineEdit):
    """A number as text, checked by whoever takes it; Escape brings the shown one back."""

    entered = Signal(object)
    """The text, without blanks round it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown = ""
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.setFixedWidth(_NUMBER_WIDTH)
        self.editingFinished.connect(self._enter)

    def show_text(self, text: str) -> None:
        """Show a text, telling nothing."""
        self._shown = text
        self.setText(text)
        self.setCursorPosition(0)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take keys that mean something here."""
        if event.key() == Qt.Key.Key_Escape and self.text() != self._shown:
            self.show_text(self._shown)
            self.entered.emit(self._shown)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Select the text when it is reached by Tab."""
        super().focusInEvent(event)
        if event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason):
            self.selectAll()

    def _enter(self) -> None:
        if self.text() != self._shown:
            self.entered.emit(self.text().strip())


class SliderEdit(Editor):
    """A dial with its number beside it. `scale` dial steps make one unit of the value."""

    def __init__(
        self, low: float, high: float, *, scale: int = 1, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._scale = scale
        self.dial = Dial(round(low * scale), round(high * scale), self)
        self.number = NumberBox(self)
        self.setFocusProxy(self.dial)
        _fill(self, self.dial, self.number)
        self.dial.moved.connect(self._move)
        self.dial.ended.connect(self.ended)
        self.dial.reset_wanted.connect(self.reset_wanted)
        self.number.entered.connect(self.edited)

    def show_value(self, value: Any) -> None:
        """Show a value, telling nothing."""
        self.dial.show_value(round(float(value) * self._scale))
        self.number.show_text(f"{value:g}")

    def set_wrong(self, wrong: bool) -> None:
        """Mark what was entered as refused."""
        mark_wrong(self.number, wrong)

    def _move(self, steps: int) -> None:
        self.moved.emit(steps // self._scale if self._scale == 1 else steps / self._scale)


class LineEdit(Editor):
    """One line of text, told when it is finished."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.line = NumberBox(self)
        self.line.setAlignment(Qt.AlignmentFlag.AlignLeft)
        self.line.setMaximumWidth(16_777_215)
        self.line.setMinimumWidth(40)
        self.setFocusProxy(self.line)
        _fill(self, self.line)
        self.line.entered.connect(self.edited)

    def show_value(self, value: Any) -> None:
        """Show a value, telling nothing."""
        self.line.show_text(str(value))

    def set_wrong(self, wrong: bool) -> None:
        """Mark what was entered as refused."""
        mark_wrong(self.line, wrong)


class _Prompt(QPlainTextEdit):
    left = Signal()

    def __init__(self, parent: QWidget, lines: int) -> None:
        super().__init__(parent)
        self._reason = ""
        self._lines = lines
        self.setTabChangesFocus(True)
        self.set_lines(lines)

    def set_lines(self, lines: int) -> None:
        self.setFixedHeight(lines * self.fontMetrics().lineSpacing() + 16)

    def say_off(self, reason: str) -> None:
        self._reason = reason
        bar = Qt.ScrollBarPolicy.ScrollBarAlwaysOff if reason else _BAR_AS_NEEDED
        self.setVerticalScrollBarPolicy(bar)
        self.set_lines(1 if reason else self._lines)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """End the gesture."""
        super().focusOutEvent(event)
        self.left.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint it, and in its place why nothing can be written."""
        super().paintEvent(event)
        if self._reason:
            painter = QPainter(self.viewport())
            painter.setPen(QColor(tokens().muted))
            area = self.viewport().rect().adjusted(4, 0, 0, 0)
            painter.drawText(area, int(Qt.AlignmentFlag.AlignVCenter), self._reason)


class TextEdit(Editor):
    """A few lines of text, told while they are typed."""

    def __init__(self, parent: QWidget | None = None, *, lines: int = _PROMPT_LINES) -> None:
        super().__init__(parent)
        self.text = _Prompt(self, lines)
        self.setFocusProxy(self.text)
        _fill(self, self.text)
        self._showing = False
        self.text.textChanged.connect(self._tell)
        self.text.left.connect(self.ended)

    def show_value(self, value: Any) -> None:
        """Show a value, telling nothing."""
        if str(value) == self.text.toPlainText():
            return
        self._showing = True
        self.text.setPlainText(str(value))
        self._showing = False

    def set_wrong(self, wrong: bool) -> None:
        """Mark what was entered as refused."""
        mark_wrong(self.text, wrong)

    def say_off(self, reason: str) -> None:
        """Say in its place why nothing can be written here; empty: something can."""
        self.text.say_off(reason)
        self.text.setAccessibleDescription(reason)

    def _tell(self) -> None:
        if not self._showing:
            self.moved.emit(self.text.toPlainText())


class SwitchEdit(Editor):
    """Yes or no, with words beside the box."""

    def __init__(self, words: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.box = QCheckBox(words, self)
        self.box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFocusProxy(self.box)
        _fill(self, self.box)
        self.box.clicked.connect(lambda: self.edited.emit(self.box.isChecked()))

    def show_value(self, value: Any) -> None:
        """Show a value, telling nothing."""
        self.box.setChecked(bool(value))


def mark_wrong(widget: QWidget, wrong: bool) -> None:
    """Give a widget the look of refused input, by the style sheet's property."""
    if bool(widget.property("wrong")) != wrong:
        widget.setProperty("wrong", wrong)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def _fill(editor: QWidget, *widgets: QWidget) -> None:
    row = QHBoxLayout(editor)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(tokens().space - 2)
    for widget in widgets:
        row.addWidget(widget)
