"""A part of the panel that opens and closes under its heading."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QVBoxLayout, QWidget

from desktop.icons import icon
from desktop.recipe import words
from desktop.theme import tokens

_HEIGHT = 30
_ARROW = 14


class SectionHeader(QAbstractButton):
    """An arrow, a title, and what is said at the right; the whole row is the button."""

    def __init__(self, title: str, sentence: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setText(title)
        self.setToolTip(sentence)
        self.setAccessibleName(title.replace("&", ""))
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._said = ""

    def say(self, text: str) -> None:
        """Show a few words at the right."""
        self._said = text
        self.setAccessibleDescription(text)
        self.update()

    def sizeHint(self) -> QSize:
        """Return the size that shows it whole."""
        return QSize(200, _HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint it."""
        colours = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.hasFocus():
            painter.setPen(QPen(QColor(colours.accent_text), 1))
            ring = QRectF(self.rect()).adjusted(0.5, 2.5, -0.5, -2.5)
            painter.drawRoundedRect(ring, colours.radius, colours.radius)
        role = "text" if self.underMouse() else "muted"
        arrow = "chevron-down" if self.isChecked() else "chevron-right"
        middle = (self.height() - _ARROW) // 2
        icon(arrow, role).paint(painter, QRect(2, middle, _ARROW, _ARROW))
        area = self.rect().adjusted(_ARROW + 8, 0, -2, 0)
        painter.setPen(QColor(colours.muted))
        self._write(painter, area, self._said, Qt.AlignmentFlag.AlignRight, bold=False)
        painter.setPen(QColor(colours.text))
        self._write(painter, area, self.text(), Qt.AlignmentFlag.AlignLeft, bold=True)

    def _write(
        self, painter: QPainter, area: QRect, text: str, side: Qt.AlignmentFlag, *, bold: bool
    ) -> None:
        font = self.font()
        font.setBold(bold)
        painter.setFont(font)
        flags = int(side) | int(Qt.AlignmentFlag.AlignVCenter) | int(Qt.TextFlag.TextHideMnemonic)
        painter.drawText(area, flags, text)


class Section(QWidget):
    """A heading with what it holds; how many values in it were changed is always said."""

    toggled = Signal(bool)

    def __init__(self, title: str, sentence: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        space = tokens().space
        self.button = SectionHeader(title, sentence)
        self.body = QWidget()
        self.rows = QVBoxLayout(self.body)
        self.rows.setContentsMargins(0, 2, 0, space)
        self.rows.setSpacing(space - 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.button)
        column.addWidget(self.body)
        self.body.hide()
        self.button.toggled.connect(self._toggle)

    @property
    def is_open(self) -> bool:
        """Whether what it holds is shown."""
        return self.button.isChecked()

    def set_open(self, is_open: bool) -> None:
        """Show or hide what it holds."""
        self.button.setChecked(is_open)

    def set_changed(self, names: tuple[str, ...]) -> None:
        """Say which of its values differ from the preset's."""
        if len(names) == 1:
            self.button.say(words.tr("{0} changed").format(words.label(names[0])))
        else:
            self.button.say(words.tr("{0} changed").format(len(names)) if names else "")

    def _toggle(self, is_open: bool) -> None:
        self.body.setVisible(is_open)
        self.toggled.emit(is_open)
