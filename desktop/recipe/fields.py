"""Field: a setting's name, its editor, the mark that it was changed, and its error beside it."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from core.errors import CoreError
from desktop.icons import icon
from desktop.recipe import words
from desktop.recipe.editors import Editor
from desktop.theme import tokens

_RESET = 18
_WIDEST = ("review", "provenance", "max_side", "true_guidance")


class ResetButton(QAbstractButton):
    """A small arrow that sets a changed value back; its place stays when it is hidden."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedSize(_RESET, _RESET)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setToolTip(words.tr("Set {0} back to what the preset says.").format(name))
        self.setAccessibleName(words.tr("Reset {0}").format(name))
        policy = self.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.setSizePolicy(policy)
        self.hide()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.hasFocus() or self.underMouse():
            painter.setPen(QColor(tokens().accent_text if self.hasFocus() else tokens().line))
            painter.setBrush(QColor(tokens().raised))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        inset = 3
        icon("undo", "accent_text").paint(
            painter, self.rect().adjusted(inset, inset, -inset, -inset)
        )


def label_width(widget: QWidget) -> int:
    """Return how wide the column of names is in the widget's font, the reset arrow included."""
    # Before it is polished a widget does not have the style sheet's font.
    widget.ensurePolished()
    metrics = widget.fontMetrics()
    return max(metrics.horizontalAdvance(words.label(name)) for name in _WIDEST) + _RESET + 8


class SmallLabel(QLabel):
    """A line of small text that wraps; `name` is its look in the style sheet."""

    def __init__(self, name: str = "small", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)

    def say(self, text: str) -> None:
        """Show a text, or nothing and take no room."""
        self.setText(text)
        self.setVisible(bool(text))


class Field(QWidget):
    """One setting. `wide` puts the editor under its name, for what needs the panel's width.

    The signals carry the setting's name first.
    """

    edited = Signal(str, object)
    moved = Signal(str, object)
    ended = Signal()
    reset_wanted = Signal(str)

    def __init__(
        self, name: str, editor: Editor, *, wide: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.name = name
        self.editor = editor
        shown, sentence = words.label(name), words.sentence(name)
        self.label = QLabel(shown)
        self.label.setBuddy(editor)
        self.side = QHBoxLayout()
        self.reset = ResetButton(shown)
        self.note = SmallLabel()
        self.error = SmallLabel("bad")
        self.note.hide()
        self.error.hide()
        for widget in (self.label, editor, *editor.findChildren(QWidget)):
            widget.setToolTip(widget.toolTip() or sentence)
        self._name_parts(shown)
        self._lay_out(wide)
        self._connect()

    def show_value(self, value: object, *, changed: bool) -> None:
        """Show a value; `changed` marks that it differs from the preset's."""
        if not self.error.text():
            self.editor.show_value(value)
        self.show_changed(changed)

    def show_changed(self, changed: bool) -> None:
        """Mark, or no longer, that the value differs from the preset's."""
        self.reset.setVisible(changed)
        role = QPalette.ColorRole.Link if changed else QPalette.ColorRole.WindowText
        self.label.setForegroundRole(role)

    def show_error(self, error: CoreError | None) -> None:
        """Say why what was entered is refused; None: it is not."""
        text = f"{error.message} {error.hint}".strip() if error else ""
        self.error.say(text)
        self.editor.set_wrong(error is not None)
        self.editor.setAccessibleDescription(text)

    def _name_parts(self, shown: str) -> None:
        self.setAccessibleName(shown)
        proxy = self.editor.focusProxy()
        for widget in (self.editor, proxy, *self.editor.findChildren(QWidget)):
            if widget is not None and not widget.accessibleName():
                widget.setAccessibleName(shown)

    def _lay_out(self, wide: bool) -> None:
        space = tokens().space
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        head = QHBoxLayout()
        head.setSpacing(0)
        head.addWidget(self.label)
        head.addStretch(1)
        head.addWidget(self.reset)
        head.addSpacing(4)
        head.addLayout(self.side)
        if wide:
            column.addLayout(head)
            column.addWidget(self.editor)
        else:
            name = QWidget()
            name.setLayout(head)
            name.setFixedWidth(label_width(self))
            head.setContentsMargins(0, 0, space // 2, 0)
            row = QHBoxLayout()
            row.setSpacing(0)
            row.addWidget(name)
            row.addWidget(self.editor, 1)
            column.addLayout(row)
        column.addWidget(self.note)
        column.addWidget(self.error)

    def _connect(self) -> None:
        self.editor.edited.connect(lambda value: self.edited.emit(self.name, value))
        self.editor.moved.connect(lambda value: self.moved.emit(self.name, value))
        self.editor.ended.connect(self.ended)
        self.editor.reset_wanted.connect(lambda: self.reset_wanted.emit(self.name))
        self.reset.clicked.connect(lambda: self.reset_wanted.emit(self.name))
