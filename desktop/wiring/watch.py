"""Watch folders: the thread that watches, the sidebar's section, the grid, and what goes wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Slot

from core.events import Event, JobQueued
from core.library.ids import ProjectId, WatchRuleId
from core.library.records import Project
from core.library.watched import WatchRule
from desktop.watch.controller import WatchController
from desktop.watch.lines import watch_entries
from desktop.watch.standing import Standing, WatchedFolder, project_of
from desktop.watch.words import folder_name, hint_words, is_trouble
from desktop.widgets.banner import BannerKind
from desktop.wiring.watch_dialogs import WatchDialogs

if TYPE_CHECKING:
    from desktop.main_window import MainWindow
    from desktop.watch.thread import WatchThread

_REFRESH_MS = 1500
_END_MS = 12_000


class WatchWiring(QObject):
    """Connects what watches with what is shown."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._parts = window.parts
        self.controller = WatchController(window.parts.backend, self)
        self.dialogs = WatchDialogs(window, self.controller)
        self.watching: WatchThread | None = None
        self._opening: WatchRule | None = None
        self._told: dict[WatchRuleId, str] = {}
        self._outdated = False
        self._resting = QTimer(self, interval=_REFRESH_MS, singleShot=True)
        self._resting.timeout.connect(self._refresh_again)
        self._connect()

    def start(self) -> None:
        """Begin to watch, when the library is open and the rendering thread is there."""
        from desktop.watch.thread import WatchThread

        worker = self._parts.worker
        if worker is None:
            return
        self.watching = WatchThread(self._window.launch.opener(), worker.wake)
        self.watching.happened.connect(self.controller.take)
        self.watching.happened.connect(self._take)
        self.watching.changed.connect(self.controller.take_watcher)
        self.watching.start()
        self.controller.begin()

    def finish(self) -> None:
        """Let the threads end; `close` waits for them."""
        self.controller.end()
        if self.watching is not None:
            self.watching.finish()

    def close(self) -> bool:
        """End every thread; return whether they ended in time."""
        self.finish()
        ended = self.watching is None or self.watching.wait(_END_MS)
        return self.dialogs.close() and ended

    @property
    def standing(self) -> Standing:
        """How it stands with the watched folders."""
        return self.controller.standing

    def _connect(self) -> None:
        controller, sources = self.controller, self._parts.sources
        controller.changed.connect(self._show)
        controller.written.connect(self._refresh)
        controller.stored.connect(self._open_stored)
        controller.refused.connect(self._window.say_error)
        self.dialogs.service_started.connect(self._let_go)
        sources.watch_chosen.connect(self.open)
        self.dialogs.open_wanted.connect(self.open)
        self._parts.session.project_changed.connect(self._narrow)
        self._show(self.standing)

    # what happens

    @Slot(object)
    def _take(self, event: Event) -> None:
        """Show what the watching thread put into a batch."""
        if isinstance(event, JobQueued):
            self._window.wiring.batches.router.take(event)
            self._parts.sources.take(event)
            self._refresh()

    @Slot()
    def _refresh(self) -> None:
        """Read anew what is shown of watched folders, at once, then after a rest."""
        if self._resting.isActive():
            self._outdated = True
            return
        self._resting.start()
        project = self._parts.session.project
        names = {one.rule.settings.project_name for one in self.standing.folders}
        if project is not None and project.name in names:
            self._parts.session.touch(None)
        self._parts.sources.refresh()
        self._parts.queue.refresh()

    @Slot()
    def _refresh_again(self) -> None:
        if self._outdated:
            self._outdated = False
            self._refresh()

    @Slot()
    def _let_go(self) -> None:
        """Leave the folders to the service that was just started."""
        if self.watching is not None:
            self.watching.let_go()

    @Slot(object)
    def _show(self, standing: Standing) -> None:
        self._parts.sources.set_watch(watch_entries(standing))
        self._parts.grid.expect(one.rule.folder for one in standing.folders)
        for folder in standing.folders:
            self._tell_trouble(folder)

    def _tell_trouble(self, folder: WatchedFolder) -> None:
        """Say once what stands in a folder's way; take it back when it is over."""
        rule, banner = folder.rule, self._parts.banner
        told = self._told.get(rule.id, "")
        if not is_trouble(rule):
            self._told.pop(rule.id, None)
            if told and banner.message == told:
                banner.clear()
        elif rule.message != told:
            self._told[rule.id] = rule.message
            banner.say(rule.message, hint_words(rule), kind=BannerKind.WARNING)
            if not self._window.isActiveWindow():
                title = self.tr("Watching {}").format(folder_name(rule))
                self._window.wiring.batches.notifier.notify(title, rule.message)

    # showing a folder's photographs

    @Slot(object)
    def open(self, which: WatchRuleId) -> None:
        """Show the photographs of a watched folder, with what came of them."""
        folder = self.standing.folder(which)
        if folder is not None:
            self._open(folder.rule)

    def _open(self, rule: WatchRule) -> None:
        def show(project: ProjectId) -> None:
            self._opening = rule
            self._parts.projects.open(project)

        self._parts.backend.ask(self, lambda services: project_of(services, rule), show)

    @Slot(object)
    def _open_stored(self, rule: WatchRule) -> None:
        self._window.status.say(self.tr("{} is watched.").format(folder_name(rule)))
        self._open(rule)

    @Slot(object)
    def _narrow(self, _project: Project) -> None:
        rule, self._opening = self._opening, None
        if rule is not None:
            self._window.wiring.photos.show_viewer(on=False)
            self._parts.grid.narrow(rule.folder, None)
            self._parts.sources.choose_watch(rule.id, rule.folder)
