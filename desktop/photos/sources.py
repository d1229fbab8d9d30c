"""The sidebar: projects, the folders of the open one, its batches, and watch folders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QPoint, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QMenu, QTreeWidgetItem, QVBoxLayout, QWidget

from core.events import (
    Event,
    ItemDone,
    ItemFailed,
    ItemLeftOut,
    ItemStarted,
    JobFinished,
    JobQueued,
    RunnerBlocked,
    WorkerState,
)
from core.library.ids import JobId, ProjectId, WatchRuleId
from core.library.records import Project
from desktop.backend import Backend
from desktop.icons import icon
from desktop.photos.overview import Entry, Kind, Overview, entries, read_batches, read_overview
from desktop.photos.source_tree import SourceTree, item_entry
from desktop.theme import tokens
from desktop.widgets.elided import ElidedLabel
from desktop.widgets.named import flat_button, label

_FOLLOW_MILLISECONDS = 500
_COUNT_MILLISECONDS = 120


class SourcesPanel(QWidget):
    """Says what there is; choosing a line narrows the grid to it.

    Args:
        backend: the library.
    """

    project_chosen = Signal(object)
    """The ProjectId that is to be opened."""
    narrowed = Signal(object, object, str)
    """Show only a folder (Path) or a batch (JobId), and what it is called; None: all."""
    project_menu_wanted = Signal(object, object)
    """The menu of a project (its ProjectId) is to be shown at this QPoint of the screen."""
    batch_menu_wanted = Signal(object, object)
    """The menu of a batch (its JobId) is to be shown at this QPoint of the screen."""
    relocate_wanted = Signal(object)
    """A folder (Path) has moved; ask where to."""
    reveal_wanted = Signal(object)
    """A folder (Path) is to be shown in the file manager."""
    watch_chosen = Signal(object)
    """The photographs of a watched folder (its WatchRuleId) are to be shown."""
    watch_menu_wanted = Signal(object, object)
    """The menu of a watched folder (its WatchRuleId) is to be shown at this QPoint."""
    watch_wanted = Signal(object)
    """A folder is to be watched: a Path that was dropped, or None."""
    watcher_wanted = Signal()
    """It is to be said, or changed, who watches."""

    def __init__(self, backend: Backend, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._backend = backend
        self._project: ProjectId | None = None
        self._overview: Overview | None = None
        self._watch: Sequence[Entry] = ()
        self._chosen: Entry | None = None
        self._reading = self._again = False
        self._held: tuple[JobId, ...] = ()
        self._name = ElidedLabel("", "heading")
        self._more = flat_button(
            "more", self.tr("Project"), self.tr("Make, rename, archive or delete a project.")
        )
        self.tree = SourceTree()
        self.tree.setAccessibleName(self.tr("Projects, folders and batches"))
        self._following = QTimer(self, singleShot=True, interval=_FOLLOW_MILLISECONDS)
        self._following.timeout.connect(self._read_batches)
        self._counting = QTimer(self, singleShot=True, interval=_COUNT_MILLISECONDS)
        self._counting.timeout.connect(self._read_sources)
        self._lay_out()
        self._connect()

    @Slot(object)
    def open_project(self, project: ProjectId) -> None:
        """Show another project."""
        if project != self._project:
            self._project, self._chosen = project, None
            self.tree.choose(None)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Read everything again, the folders last: the grid's questions go first."""
        project = self._project
        if project is None:
            return
        if self._reading:
            self._again = True
            return
        self._reading = True
        self._backend.ask(
            self, lambda services: read_overview(services, project), self._take, self._give_up
        )
        self._counting.start()

    @Slot(object)
    def take(self, event: Event) -> None:
        """Follow what a running batch says, twice a second at most."""
        if isinstance(event, WorkerState) and event.held != self._held:
            self._held = event.held
            self._following.start()
        if isinstance(event, _CHANGES) and not self._following.isActive():
            self._following.start()

    @Slot()
    def _read_batches(self) -> None:
        project = self._project
        if project is not None:
            self._backend.ask(
                self,
                lambda services: read_batches(services, project),
                lambda batches: self._change(project, batches=batches),
            )

    @Slot()
    def _read_sources(self) -> None:
        project = self._project
        if project is not None:
            self._backend.ask(
                self,
                lambda services: tuple(services.photos.sources(project)),
                lambda sources: self._change(project, sources=sources),
            )

    @Slot()
    def show_all(self) -> None:
        """Mark that all photographs are shown."""
        self._choose(Entry(Kind.ALL, ""))

    @Slot(object)
    def set_watch(self, watch: Sequence[Entry]) -> None:
        """Show watch folders."""
        self._watch = tuple(watch)
        if self._overview is not None:
            self._show_entries(self._overview)

    def choose_watch(self, rule: WatchRuleId, folder: Path) -> None:
        """Mark that a watched folder's photographs are shown, now or when its line is there."""
        self._choose(Entry(Kind.WATCH, "", rule=rule, folder=folder))

    def _choose(self, entry: Entry) -> None:
        self._chosen = entry
        self.tree.choose(entry)

    @property
    def projects(self) -> tuple[Project, ...]:
        """All projects in use, as they were read last."""
        return self._overview.projects if self._overview is not None else ()

    def sizeHint(self) -> QSize:
        """Return the width that names usually need."""
        return QSize(220, 400)

    def minimumSizeHint(self) -> QSize:
        """Return the least width that is of use."""
        return QSize(180, 120)

    def _lay_out(self) -> None:
        space = tokens().space
        mark = label()
        mark.setPixmap(icon("project", "muted").pixmap(QSize(18, 18), self.devicePixelRatioF()))
        head = QHBoxLayout()
        head.setContentsMargins(space + 2, 6, 6, 4)
        head.setSpacing(space)
        head.addWidget(mark)
        head.addWidget(self._name, 1)
        head.addWidget(self._more)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self.tree, 1)

    def _connect(self) -> None:
        self._more.clicked.connect(self._ask_project_menu)
        self.tree.currentItemChanged.connect(self._narrow)
        self.tree.itemClicked.connect(self._click)
        self.tree.itemActivated.connect(self._activate)
        self.tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.tree.customContextMenuRequested.connect(self._menu_at)
        self.tree.folder_dropped.connect(self.watch_wanted)

    def _take(self, overview: Overview) -> None:
        self._reading = False
        if overview.project == self._project:
            before = self._overview
            if before is not None and before.project == overview.project:
                overview = replace(overview, sources=before.sources)
            self._show(overview)
        if self._again:
            self._again = False
            self.refresh()

    def _change(self, project: ProjectId, **parts: Any) -> None:
        if self._overview is not None and self._overview.project == project == self._project:
            self._show(replace(self._overview, **parts))

    def _show(self, overview: Overview) -> None:
        self._overview = overview
        mine = (one.name for one in overview.projects if one.id == overview.project)
        self._name.setText(next(mine, ""))
        self._show_entries(overview)

    def _show_entries(self, overview: Overview) -> None:
        self.tree.show_entries(entries(overview, self._watch, self._held))
        if self.tree.chosen() is None:
            self.tree.choose(self._chosen)
        if self.tree.chosen() is None and (self._chosen is None or self._chosen.rule is None):
            self.show_all()

    def _give_up(self, error: object) -> None:
        self._reading = self._again = False
        self._backend.troubled.emit(error)

    @Slot()
    def _ask_project_menu(self) -> None:
        where = self._more.mapToGlobal(QPoint(0, self._more.height()))
        self.project_menu_wanted.emit(self._project, where)

    @Slot(QTreeWidgetItem)
    def _narrow(self, item: QTreeWidgetItem | None) -> None:
        entry = item_entry(item) if item is not None else None
        if entry is not None and entry.kind in (Kind.ALL, Kind.FOLDER, Kind.BATCH):
            self._chosen = entry
            self.narrowed.emit(entry.folder, entry.job, entry.text if entry.job else "")

    @Slot(QTreeWidgetItem)
    def _click(self, item: QTreeWidgetItem) -> None:
        entry = item_entry(item)
        if entry.kind is Kind.PROJECT:
            self.project_chosen.emit(entry.project)
        elif not self._do_watch(entry):
            # A line that is chosen already narrows again: the grid may show all meanwhile.
            self._narrow(item)

    @Slot(QTreeWidgetItem)
    def _activate(self, item: QTreeWidgetItem) -> None:
        entry = item_entry(item)
        if entry.kind is Kind.PROJECT:
            self.project_chosen.emit(entry.project)
        elif entry.missing:
            self.relocate_wanted.emit(entry.folder)
        else:
            self._do_watch(entry)

    def _do_watch(self, entry: Entry) -> bool:
        """Do what a line of the section of watched folders is for; return whether it is one."""
        if entry.kind is Kind.WATCH:
            self.watch_chosen.emit(entry.rule)
            return True
        if entry.kind not in (Kind.WATCHER, Kind.ADD_WATCH):
            return False
        # What is shown stays as it was, so does the line that says so.
        self.tree.choose(self._chosen)
        if entry.kind is Kind.WATCHER:
            self.watcher_wanted.emit()
        else:
            self.watch_wanted.emit(None)
        return True

    @Slot(QPoint)
    def _menu_at(self, point: QPoint) -> None:
        item = self.tree.itemAt(point)
        if item is None:
            return
        entry, where = item_entry(item), self.tree.viewport().mapToGlobal(point)
        if entry.kind is Kind.PROJECT:
            self.project_menu_wanted.emit(entry.project, where)
        elif entry.rule is not None:
            self.watch_menu_wanted.emit(entry.rule, where)
        elif entry.job is not None:
            self.batch_menu_wanted.emit(entry.job, where)
        elif entry.folder is not None:
            self._folder_menu(entry.folder).exec(where)

    def _folder_menu(self, folder: Path) -> QMenu:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        show = menu.addAction(icon("reveal"), self.tr("&Show in file manager"))
        show.triggered.connect(lambda: self.reveal_wanted.emit(folder))
        move = menu.addAction(icon("folder-missing"), self.tr("&Relocate…"))
        move.setToolTip(self.tr("Say where this folder is now; nothing is moved."))
        move.triggered.connect(lambda: self.relocate_wanted.emit(folder))
        return menu


_CHANGES = (
    JobQueued,
    ItemStarted,
    ItemDone,
    ItemFailed,
    ItemLeftOut,
    JobFinished,
    RunnerBlocked,
)
