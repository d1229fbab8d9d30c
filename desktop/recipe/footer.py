"""What stays in sight under the recipe: whom it applies to, the Run button, the disk space."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QPushButton, QVBoxLayout, QWidget

from core.forecast import Estimate
from desktop.recipe import words
from desktop.recipe.draft import RecipeDraft
from desktop.recipe.fields import SmallLabel
from desktop.recipe.run_button import RunButton
from desktop.recipe.state import unready
from desktop.recipe.target import Target, TargetSizes
from desktop.theme import tokens
from desktop.words_of_models import needs


class Footer(QWidget):
    """`Applies to: 12 selected photographs`, `Use for the folder`, and the Run button."""

    use_for_all_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        space = tokens().space
        self.scope = SmallLabel()
        self.use_for_all = QPushButton(words.tr("&Use for the folder"))
        self.use_for_all.setObjectName("link")
        self.use_for_all.setToolTip(words.tr("Give all photographs of the project this recipe."))
        self.use_for_all.clicked.connect(self.use_for_all_wanted)
        self.running = SmallLabel()
        self.run = RunButton()
        line = QFrame()
        line.setObjectName("line")
        line.setFixedHeight(1)
        inner = QVBoxLayout()
        inner.setContentsMargins(space + 2, space, space + 2, space)
        inner.setSpacing(space // 2 + 1)
        inner.addWidget(self.running)
        inner.addWidget(self.scope)
        inner.addWidget(self.use_for_all)
        inner.addWidget(self.run)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(line)
        column.addLayout(inner)
        self.reason = ""
        """Why a run cannot start, as the window sees it."""
        self._count = 0
        self._estimate: Estimate | None = None
        self._sizes = TargetSizes()
        self.running.hide()
        self.show_scope("", selected=False)

    def show_scope(self, scope: str, *, selected: bool) -> None:
        """Say whom the recipe applies to, if to anybody; `selected`: to some, not to all."""
        self.scope.say(words.tr("Applies to: {0}").format(scope) if scope else "")
        self.use_for_all.setVisible(selected)

    def show_running(self, changed: bool) -> None:
        """Say, once a dial was moved, that the batch that runs is not touched by it."""
        self.running.say(words.tr("The running batch keeps its recipe.") if changed else "")

    def set_work(self, count: int, estimate: Estimate | None, sizes: TargetSizes) -> None:
        """Take how many photographs there are, with the estimate or what it is made from."""
        self._count, self._estimate, self._sizes = count, estimate, sizes

    def show_work(self, draft: RecipeDraft, target: Target | None) -> None:
        """Show what a run would do with the recipe as it stands."""
        state, spec = draft.state, draft.spec
        estimate = self._estimate
        if spec is not None and self._sizes.sizes:
            estimate = self._sizes.estimate(state.recipe, spec, state.strengths)
        where = target.folder.name if target else ""
        reason = self._why_not(draft)
        self.run.show_work(state.edit.mode, self._count, estimate, where=where, reason=reason)

    def _why_not(self, draft: RecipeDraft) -> str:
        """Return why a run cannot start; empty when it can."""
        if draft.spec is None:
            return words.tr("Choose a model that is here first.")
        if draft.problems:
            name = words.label(next(iter(draft.problems)))
            return words.tr("Correct the value of {0} first.").format(name)
        if draft.spec.missing:
            return f"{draft.spec.name} {needs(draft.spec)}."
        lacking = unready(draft.state, draft.spec)
        if lacking is not None:
            return lacking.message
        if not self._count and not self.reason:
            return words.tr("No photographs are shown that could be edited.")
        return self.reason
