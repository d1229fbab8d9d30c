"""The bar under the photograph: neighbours, keep or reject, stars, redo, earlier versions."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from core.library.photo import Decision, Photo
from desktop.icons import icon
from desktop.theme import tokens
from desktop.viewer.buttons import UprightLine, icon_button, text_button
from desktop.viewer.redo import RedoButton
from desktop.viewer.stars import Stars
from desktop.viewer.words import has_result

_ROLES = {Decision.KEEP: "good", Decision.REJECT: "bad", Decision.UNDECIDED: "text"}
_ICONS = {Decision.KEEP: "keep", Decision.REJECT: "reject", Decision.UNDECIDED: "undecided"}


class DecisionBar(QWidget):
    """Signals: `step_wanted(-1 | 1)`, `decided(Decision)`, `rated(int)`, `versions_toggled(bool)`;
    those of `redo`.
    """

    step_wanted = Signal(int)
    decided = Signal(object)
    rated = Signal(int)
    versions_toggled = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._photo: Photo | None = None
        self._previous = icon_button(
            "previous", self.tr("Previous"), self.tr("Show the photograph before this one (Left).")
        )
        self._next = icon_button(
            "next", self.tr("Next"), self.tr("Show the photograph after this one (Right).")
        )
        self._previous.clicked.connect(lambda: self.step_wanted.emit(-1))
        self._next.clicked.connect(lambda: self.step_wanted.emit(1))
        self._decisions = self._decision_buttons()
        self.stars = Stars(self)
        self.stars.rated.connect(self.rated)
        self.redo = RedoButton(self)
        self.redo.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._versions = text_button(
            "versions", "0", self.tr("Show earlier results of this photograph."), checkable=True
        )
        self._versions.clicked.connect(self.versions_toggled)
        self._lay_out()

    def show_photo(self, photo: Photo | None) -> None:
        """Take over what is decided of a photograph."""
        self._photo = photo
        there = has_result(photo)
        decision = photo.decision if photo else Decision.UNDECIDED
        for which, button in self._decisions.items():
            button.setEnabled(there)
            chosen = there and which is decision
            button.setChecked(chosen)
            button.setIcon(icon(_ICONS[which], _ROLES[which] if chosen else "muted"))
        self.stars.set_stars(photo.rating if photo else 0)
        self.stars.setEnabled(photo is not None)
        self.redo.setEnabled(there)
        versions = photo.versions if photo else 0
        self._versions.setVisible(versions > 0)
        self._versions.setText(str(versions))
        self._versions.setAccessibleName(self.tr("{} earlier versions").format(versions))

    def show_steps(self, *, back: bool, on: bool) -> None:
        """Say whether there is a photograph before and after this one."""
        self._previous.setEnabled(back)
        self._next.setEnabled(on)

    def show_versions(self, *, on: bool) -> None:
        """Mark whether the earlier versions are shown."""
        self._versions.setChecked(on)

    def _decision_buttons(self) -> dict[Decision, QToolButton]:
        texts = {
            Decision.KEEP: (self.tr("Keep"), self.tr("Keep this result (P).")),
            Decision.REJECT: (self.tr("Reject"), self.tr("Reject this result (X).")),
            Decision.UNDECIDED: (self.tr("Undecided"), self.tr("Neither keep nor reject (U).")),
        }
        made: dict[Decision, QToolButton] = {}
        for decision, (text, sentence) in texts.items():
            button = text_button(_ICONS[decision], text, sentence, checkable=True)
            button.clicked.connect(lambda _on, which=decision: self._decide(which))
            made[decision] = button
        return made

    def _decide(self, decision: Decision) -> None:
        # What is marked follows the library, not the click.
        self.show_photo(self._photo)
        self.decided.emit(decision)

    def _lay_out(self) -> None:
        space = tokens().space
        row = QHBoxLayout(self)
        row.setContentsMargins(space // 2, space // 2, space // 2, space // 2)
        row.setSpacing(2)
        for button in self._decisions.values():
            row.addWidget(button)
        row.addSpacing(space // 2)
        row.addWidget(UprightLine())
        row.addSpacing(space // 2)
        row.addWidget(self.stars)
        row.addSpacing(space // 2)
        row.addWidget(UprightLine())
        row.addSpacing(space // 2)
        row.addWidget(self.redo)
        row.addWidget(self._versions)
        row.addStretch(1)
        row.addWidget(self._previous)
        row.addWidget(self._next)
