"""The dialog of models: which are known, what they can do, what is missing; added and removed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QGridLayout,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QMessageBox,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from core.errors import CoreError
from core.models.found import ExtraFile, ScanReport
from core.models.spec import ModelSpec
from desktop.dialogs.frame import DialogFrame, scrolled
from desktop.dialogs.model_facts import ModelFacts, details, look
from desktop.icons import icon
from desktop.models.adding import Adding
from desktop.models.busy_line import BusyLine
from desktop.models.desk import ModelDesk
from desktop.models.refused_dialog import RefusedDialog
from desktop.models.words import added_words, scan_words, tr
from desktop.recipe.model_delegate import ModelDelegate, data_of
from desktop.widgets.banner import Banner, BannerKind
from desktop.widgets.named import label
from desktop.words import gigabytes
from desktop.words_of_models import needs, size_of

_LIST = 270


class ModelsDialog(DialogFrame):
    """Lists the models; one of them in full. Models come and go by the desk.

    Args:
        desk: adds, checks, removes and downloads.
        chosen: id of the model to show first.
    """

    chosen = Signal(object)
    """Id of the model that the recipe is to use."""
    reveal = Signal(object)
    """Path of a model's folder, to be shown in the file manager."""

    def __init__(self, desk: ModelDesk, chosen: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.set_heading(
            self.tr("Models"), self.tr("What Regrain can edit photographs with on this computer.")
        )
        self._desk = desk
        self._wanted = chosen
        self._models: list[ModelFacts] = []
        self.adding = Adding(desk, self)
        self.news = Banner()
        self.body.addWidget(self.news)
        self._make_list()
        self._make_page()
        self._make_buttons()
        self.resize(900, 560)
        self._connect()
        self._ask()

    @Slot(object)
    def show_models(self, models: Sequence[ModelFacts]) -> None:
        """List these models."""
        there = self.current
        self._models = list(models)
        self.list.clear()
        for facts in models:
            self.list.addItem(_item(facts))
        ids = [facts.spec.id for facts in models]
        first = self._wanted or (there.spec.id if there else "")
        self._wanted = "" if first in ids else self._wanted
        if ids:
            self.list.setCurrentRow(ids.index(first) if first in ids else 0)

    @property
    def current(self) -> ModelFacts | None:
        """The model that is shown in full."""
        row = self.list.currentRow()
        return self._models[row] if 0 <= row < len(self._models) else None

    def _make_list(self) -> None:
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("Models"))
        self.list.setSpacing(1)
        self.list.setMinimumWidth(_LIST)
        self.list.setItemDelegate(ModelDelegate(_LIST - 20, self.list))
        self.list.currentRowChanged.connect(self._show_current)
        self.menu = QMenu(self)
        self.adding.fill(self.menu)
        self.add = QPushButton(icon("plus"), self.tr("&Add a model"))
        self.add.setToolTip(self.tr("Add a file, a folder, or all that another program has."))
        self.add.setMenu(self.menu)

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
        left = QWidget()
        beside = QVBoxLayout(left)
        beside.setContentsMargins(0, 0, 0, 0)
        beside.addWidget(self.list, 1)
        beside.addWidget(self.add)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        split.addWidget(left)
        split.addWidget(scrolled(page))
        split.setStretchFactor(1, 1)
        self.body.addWidget(split, 1)

    def _make_buttons(self) -> None:
        self.busy = BusyLine(self._desk)
        self.body.addWidget(self.busy)
        self._folder = self.add_button(self.tr("Show in &folder"), left=True)
        self._folder.setIcon(icon("reveal"))
        self._folder.setToolTip(self.tr("Show the model's files in the file manager."))
        self.remove = self.add_button(self.tr("&Remove…"), left=True)
        self.remove.setToolTip(self.tr("Take it off this list; its files stay."))
        self.check = self.add_button(self.tr("C&heck"), left=True)
        self.check.setToolTip(self.tr("See whether its files are still those that were added."))
        self.add_close()
        self.use = self.add_button(self.tr("&Use for the recipe"), primary=True)
        self.use.setToolTip(self.tr("Choose this model; its own defaults are taken over."))
        for button in (self.use, self._folder, self.remove, self.check):
            button.setEnabled(False)

    def _connect(self) -> None:
        desk = self._desk
        self.use.clicked.connect(self._choose)
        self._folder.clicked.connect(self._show_folder)
        self.remove.clicked.connect(self._remove)
        self.check.clicked.connect(self._check)
        QShortcut(QKeySequence.StandardKey.Delete, self.list, self._remove)
        self.list.itemActivated.connect(self._choose)
        desk.changed.connect(self._ask)
        desk.added.connect(self._say_added)
        desk.scanned.connect(self._say_scanned)
        desk.checked.connect(self._say_checked)
        desk.downloaded.connect(self._say_downloaded)
        desk.planned.connect(self.adding.question)
        desk.failed.connect(self._say_error)

    @Slot()
    def _ask(self) -> None:
        self._desk.backend.ask(self, look, self.show_models, self.news.say_error)

    @Slot()
    def _show_current(self) -> None:
        facts = self.current
        usable = facts is not None and not facts.missing and not facts.spec.missing
        self.use.setEnabled(usable)
        self._folder.setEnabled(facts is not None)
        own = facts is not None and not facts.spec.pixel_space
        self.remove.setEnabled(own)
        self.check.setEnabled(facts is not None)
        if facts is None:
            return
        self.name.setText(facts.spec.name)
        self._about.setText(facts.spec.sentence)
        self._fill(facts)
        self._show_lack(facts)

    def _show_lack(self, facts: ModelFacts) -> None:
        name, spec = facts.spec.name, facts.spec
        said, warning = partial(self.banner.say, dismissable=False), BannerKind.WARNING
        if facts.missing:
            what = self.tr("{} is not complete: {} is missing.")
            hint = self.tr("Put it back, or remove the model and add it again.")
            said(what.format(name, ", ".join(facts.missing)), hint, kind=warning)
        elif spec.missing:
            hint = self.tr("Add the folder where that lies, or download it.")
            get = self.tr("&Download…"), partial(self._desk.plan_download, spec.id)
            said(f"{name} {needs(spec)}.", hint, kind=warning, buttons=[get])
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
        if self.current is not None and self.use.isEnabled():
            self.chosen.emit(self.current.spec.id)
            self.accept()

    @Slot()
    def _show_folder(self) -> None:
        if self.current is not None:
            self.reveal.emit(self.current.spec.folder)

    @Slot()
    def _check(self) -> None:
        if self.current is not None:
            self._desk.check(self.current.spec)

    @Slot()
    def _remove(self) -> None:
        if self.current is None or not self.remove.isEnabled():
            return
        spec = self.current.spec
        asked = self.tr("Take {} off the list? Its files stay where they are.").format(spec.name)
        box = QMessageBox(QMessageBox.Icon.NoIcon, self.tr("Remove model"), asked, parent=self)
        box.setTextFormat(Qt.TextFormat.PlainText)
        yes = box.addButton(self.tr("&Remove"), QMessageBox.ButtonRole.DestructiveRole)
        box.addButton(QMessageBox.StandardButton.Cancel)
        box.exec()
        if box.clickedButton() is yes:
            self._desk.remove(spec)

    @Slot(object)
    def _say_added(self, found: ModelSpec | ExtraFile) -> None:
        lacks = isinstance(found, ModelSpec) and bool(found.missing)
        kind = BannerKind.WARNING if lacks else BannerKind.INFO
        self.news.say(*added_words(found), kind=kind)
        if isinstance(found, ModelSpec):
            self._wanted = found.id

    @Slot(object)
    def _say_scanned(self, report: ScanReport) -> None:
        why = self.tr("&Why…"), partial(self._show_refused, report)
        self.news.say(scan_words(report), buttons=[why] if report.refused else [])

    def _show_refused(self, report: ScanReport) -> None:
        RefusedDialog(report, self).exec()

    @Slot(str, object)
    def _say_checked(self, model: str, problems: tuple[str, ...]) -> None:
        names = [facts.spec.name for facts in self._models if facts.spec.id == model]
        name = names[0] if names else model
        if problems:
            said = self.tr("{}: {}.").format(name, "; ".join(problems))
            hint = self.tr("Add the model again if you changed it yourself.")
            self.news.say(said, hint, kind=BannerKind.WARNING)
        else:
            self.news.say(self.tr("{} is as it was added.").format(name))

    @Slot(object)
    def _say_downloaded(self, specs: tuple[ModelSpec, ...]) -> None:
        names = ", ".join(spec.name for spec in specs)
        said = self.tr("{} is here.").format(names) if names else self.tr("The download is here.")
        self.news.say(said)
        if specs:
            self._wanted = specs[0].id

    @Slot(object)
    def _say_error(self, error: CoreError) -> None:
        self.news.say_error(error)


def _item(facts: ModelFacts) -> QListWidgetItem:
    size = facts.bytes or size_of(facts.spec)
    lacks = _lacks(facts)
    item = QListWidgetItem()
    for role, text in data_of(facts.spec, lacks, gigabytes(size) if size else "").items():
        item.setData(role, text)
    return item


def _lacks(facts: ModelFacts) -> str:
    return tr("lacks {0}").format(", ".join(facts.missing)) if facts.missing else ""
