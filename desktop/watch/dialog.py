"""The dialog that adds a watch folder, or changes one; refusals are said in place."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtWidgets import QButtonGroup, QCheckBox, QRadioButton, QVBoxLayout, QWidget

from core.errors import CoreError
from core.library.watched import Existing
from desktop.dialogs.frame import DialogFrame, card
from desktop.recipe.output_editors import readable
from desktop.theme import tokens
from desktop.watch.choices import RecipeChoice
from desktop.watch.form import WatchForm
from desktop.watch.planner import Asked, Planned, WatchPlanner
from desktop.watch.standing import WatchedFolder
from desktop.widgets.banner import Banner, BannerKind
from desktop.widgets.named import label
from desktop.words import count, photographs

if TYPE_CHECKING:
    from core.forecast import Estimate
    from core.watch.setup import WatchPlan

_ASK_MS = 250


class WatchDialog(DialogFrame):
    """Asks for a folder, a recipe and where results go; says what that means while it is typed.

    Args:
        choices: the recipes that are offered.
        chosen: which of them is chosen at first.
        planner: works out what is asked for.
        changing: the folder whose rule is changed; None: a new one.
    """

    wanted = Signal(object, object, bool)
    """A WatchPlan is to be begun, with what Existing photographs are; True: all again."""

    def __init__(
        self,
        choices: Sequence[RecipeChoice],
        chosen: int,
        planner: WatchPlanner,
        changing: WatchedFolder | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._planner = planner
        self._changing = changing
        self._plan: WatchPlan | None = None
        self.form = WatchForm(choices, chosen)
        self.target = label(name="muted", wrap=True)
        self.banner = Banner()
        self._asking = QTimer(self, singleShot=True, interval=_ASK_MS)
        self._asking.timeout.connect(self._ask)
        self._make_existing()
        self._lay_out()
        self._connect()
        if changing is not None:
            self.form.show_rule(changing.rule)
        self._say_nothing()
        (self.form.folder if changing is None else self.form.recipe).setFocus()
        self.resize(560, 10)
        self.fit()

    def show_folder(self, folder: Path) -> None:
        """Enter a folder."""
        self.form.folder.show_folder(folder)

    def reject(self) -> None:
        """Let go; nothing is stored."""
        self._planner.ask(None)
        super().reject()

    # making

    def _make_existing(self) -> None:
        self.there = label(self.tr("Photographs that are there already"), "section")
        self.new_only = QRadioButton(self.tr("Only &new ones"))
        self.new_only.setToolTip(self.tr("Leave alone what is in the folder now."))
        self.new_only.setChecked(True)
        self.all = QRadioButton(self.tr("&All"))
        self.all.setToolTip(self.tr("Edit what is in the folder now, then what comes."))
        self._group = QButtonGroup(self)
        for button in (self.new_only, self.all):
            self._group.addButton(button)
        self.again = QCheckBox(self.tr("&Also edit those again that were taken before"))
        self.again.setToolTip(self.tr("A changed recipe counts for new photographs otherwise."))
        known = self._changing.known if self._changing is not None else 0
        if self._changing is not None and self._changing.total:
            words = self.tr("&Also edit again the {} that were taken before")
            self.again.setText(words.format(count(self._changing.total)))
        self._existing, column = card()
        for widget in (self.there, self.new_only, self.all):
            column.addWidget(widget)
            widget.setVisible(self._changing is None or known > 0)
        column.addWidget(self.again)
        self.again.setVisible(self._changing is not None)
        if known:
            self.all.setText(self.tr("&All {} too").format(count(known)))

    def _lay_out(self) -> None:
        if self._changing is None:
            title, action = self.tr("Watch a folder"), self.tr("&Watch")
            sentence = self.tr(
                "Photographs that appear in it are edited as they come, the originals stay as "
                "they are. One that is saved again gets a new result."
            )
        else:
            title, action = self.tr("Change a watch folder"), self.tr("&Save")
            sentence = self.tr("What is changed counts for photographs that come from now on.")
        self.set_heading(title, sentence)
        column = QVBoxLayout()
        column.setSpacing(tokens().space + 2)
        for widget in (self.form, self.target, self._existing, self.banner):
            column.addWidget(widget)
        self.body.addLayout(column)
        self.body.addStretch(1)
        self.add_button(self.tr("&Cancel")).clicked.connect(self.reject)
        self.begin = self.add_button(action, primary=True)
        self.begin.clicked.connect(self._begin)

    def _connect(self) -> None:
        self.form.changed.connect(self._change)
        self.form.more.toggled.connect(lambda _open: QTimer.singleShot(0, self, self.fit))
        self._planner.planned.connect(self._show_plan)
        self._planner.refused.connect(self._refuse)
        self._planner.costed.connect(self._show_cost)

    # what it means

    @Slot()
    def _change(self) -> None:
        self._plan = None
        self.begin.setEnabled(False)
        self._planner.ask(None)
        self._asking.start()

    @Slot()
    def _ask(self) -> None:
        asked = self.form.asked()
        if asked is None:
            self._say_nothing()
            return
        if self._changing is None:
            self.target.setText(" ")
            self._say_there(self.tr("Counting…"))
            self.fit()
        self._planner.ask(asked)

    def _say_nothing(self) -> None:
        self.begin.setEnabled(False)
        self.target.setText(self.tr("Choose the folder that a camera or another program fills."))
        self.target.setVisible(self._changing is None)
        self._existing.setVisible(self._changing is not None)
        self.banner.clear()

    @Slot(object, object)
    def _show_plan(self, _asked: Asked, planned: Planned) -> None:
        plan = self._plan = planned.plan
        self.form.show_output(plan.settings.folder, readable(plan.settings.output))
        words = self.tr("{} becomes {}").format(planned.name, readable(planned.example))
        self.target.setText(words)
        self.target.show()
        self._say_notes(plan)
        if self._changing is None:
            self._show_there(plan)
        self.begin.setEnabled(True)
        self.fit()

    def _say_notes(self, plan: WatchPlan) -> None:
        notes = list(plan.notes)
        if plan.rule is not None and self._changing is None:
            words = self.tr("{} is watched already, with results in that folder: it is changed.")
            notes.append(words.format(plan.settings.folder.name))
        if plan.settings.marker and plan.rule is None:
            notes.append(
                self.tr(
                    "A hidden file is put into it: without that file, the drive is taken to be "
                    "away."
                )
            )
        if notes:
            self.banner.say("\n".join(notes), dismissable=False)
        else:
            self.banner.clear()

    def _show_there(self, plan: WatchPlan) -> None:
        number = plan.photographs
        self.all.setVisible(number > 0)
        self.new_only.setVisible(number > 0)
        if plan.rule is not None:
            self._existing.hide()
        elif number:
            self._say_there(self.tr("{} there already").format(photographs(number)))
            self.all.setText(self.tr("&All {}").format(count(number)))
        else:
            self._say_there(self.tr("There is no photograph in it yet."))

    def _say_there(self, text: str) -> None:
        self.there.setText(text)
        self._existing.show()

    @Slot(object, object)
    def _show_cost(self, _asked: Asked, cost: Estimate) -> None:
        if self._plan is not None:
            number = count(self._plan.photographs)
            self.all.setText(self.tr("&All {} ({})").format(number, cost.time()))

    @Slot(object, object)
    def _refuse(self, _asked: Asked, error: CoreError) -> None:
        self.target.hide()
        if self._changing is None:
            self._existing.hide()
        self.banner.say(error.message, error.hint, kind=BannerKind.ERROR, dismissable=False)
        self.fit()

    @Slot()
    def _begin(self) -> None:
        if self._plan is None:
            return
        existing = Existing.ALL if self.all.isChecked() else Existing.NEW_ONLY
        again = self.again.isVisible() and self.again.isChecked()
        self.wanted.emit(self._plan, existing, again)
        self.accept()
