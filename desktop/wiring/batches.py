"""Batches: run, stopped, resumed, exported; and what the system is told meanwhile."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QFileDialog, QMessageBox

from core.events import WorkerState, WorkState
from core.library.ids import JobId, PhotoId
from core.library.photo import PhotoQuery, Shown
from core.library.records import JobItem
from desktop.event_router import EventRouter
from desktop.queue.header import Standing
from desktop.system.awake import KeepAwake
from desktop.system.ending import BatchEnds
from desktop.system.notify import Notifier
from desktop.system.taskbar import TaskbarProgress
from desktop.system.tray import Tray
from desktop.words import count, results

if TYPE_CHECKING:
    from core.services import Services
    from desktop.main_window import MainWindow


class BatchWiring(QObject):
    """Connects the queue, the worker's events, and the system around the window."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._parts = window.parts
        preferences = window.launch.preferences
        self.router = EventRouter(self._parts, self)
        self.tray = Tray(self)
        self.awake = KeepAwake(enabled=preferences.keep_awake, parent=self)
        self.notifier = Notifier(self.tray, enabled=preferences.notify, parent=self)
        self.ends = BatchEnds(
            self._parts.backend, self.notifier, on_done=preferences.on_done, parent=self
        )
        self.taskbar = TaskbarProgress(parent=self)
        self._connect_queue()
        self._connect_router()
        self._connect_actions()
        self._show_state(WorkerState(WorkState.STARTING))

    def connect_worker(self) -> None:
        """Hear the rendering thread, which is there now."""
        bridge, worker = self._parts.bridge, self._parts.worker
        if bridge is None or worker is None:
            return
        bridge.happened.connect(self.router.take)
        bridge.happened.connect(self.ends.take)
        bridge.happened.connect(self._parts.sources.take)
        worker.warm_up()

    def _connect_queue(self) -> None:
        queue, batches = self._parts.queue, self._parts.batches
        queue.stop_after_wanted.connect(batches.stop_after_this_one)
        queue.stop_now_wanted.connect(batches.stop_now)
        queue.resume_wanted.connect(batches.resume)
        queue.wake_wanted.connect(batches.wake)
        queue.job_chosen.connect(self._show_job)
        queue.item_chosen.connect(self._show_item)
        queue.reveal.connect(self._window.reveal)
        queue.state.standing_changed.connect(self._show_standing)
        queue.progressed.connect(self._show_progress)
        queue.verbs.changed.connect(lambda: self._parts.session.touch(None))
        queue.verbs.changed.connect(self._parts.sources.refresh)
        batches.said.connect(self._window.status.say)
        batches.troubled.connect(self._window.say_error)
        batches.stored.connect(lambda _jobs: queue.refresh())
        batches.stored.connect(lambda _jobs: self._parts.sources.refresh())
        self._parts.photos.said.connect(self._window.status.say)
        self._parts.backend.troubled.connect(self._window.say_error)

    def _connect_router(self) -> None:
        router = self.router
        router.working_changed.connect(self.awake.set_working)
        router.working_changed.connect(self._parts.recipe.set_running)
        router.state_changed.connect(self._show_state)
        router.said.connect(self._window.status.say)

    def _connect_actions(self) -> None:
        actions, batches = self._window.actions_, self._parts.batches
        actions["stop_after"].triggered.connect(batches.stop_after_this_one)
        actions["stop_now"].triggered.connect(batches.stop_now)
        actions["resume"].triggered.connect(self._parts.queue.resume_all)
        actions["retry_failed"].triggered.connect(self._retry_failed)
        actions["export"].triggered.connect(self._export)
        actions["trash_results"].triggered.connect(self._trash)
        self.tray.show_wanted.connect(self._window.come_to_front)
        self.tray.stop_after_wanted.connect(batches.stop_after_this_one)
        self.tray.stop_now_wanted.connect(batches.stop_now)
        self.tray.resume_wanted.connect(self._parts.queue.resume_all)
        self.tray.quit_wanted.connect(self._window.actions_["quit"].trigger)

    # what is shown

    @Slot(object)
    def _show_state(self, state: WorkerState) -> None:
        working = state.state in (WorkState.WORKING, WorkState.FOLLOWING)
        self._window.actions_.enable(("stop_after", "stop_now"), on=working)
        if not working:
            self.taskbar.clear()
        if state.message and state.state is not WorkState.FAILED:
            self._window.status.say(state.message)

    @Slot(object)
    def _show_standing(self, standing: Standing) -> None:
        self._window.status.show_work(standing.text if self.router.working else "")
        filled = bool(self._parts.queue.batches.batches)
        self._parts.queue.set_open(filled)
        self._window.layout_.show_queue(filled=filled)
        self._window.actions_.enable(("resume",), on=bool(standing.resumable))
        self.tray.set_state(working=self.router.working, resumable=bool(standing.resumable))

    @Slot(int, int, str)
    def _show_progress(self, settled: int, found: int, left: str) -> None:
        """Show how far the work is on the task bar and in the tray."""
        if self.router.working and found:
            self.taskbar.show(settled, found)
            self.tray.show_progress(settled, found, left)

    @Slot(object)
    def _show_job(self, job: JobId) -> None:
        batch = self._parts.queue.batches.batch(job)
        self._parts.grid.narrow(None, job, batch.job.name if batch else "")
        self._window.wiring.photos.show_viewer(on=False)

    @Slot(object)
    def _show_item(self, item: JobItem) -> None:
        """Look at the photograph of a line of the queue."""
        project = self._parts.session.project
        if project is None:
            return

        def show(found: dict[Path, PhotoId]) -> None:
            photo = found.get(item.source)
            if photo is not None:
                self._window.wiring.photos.open_when_shown(photo)
                self._parts.grid.select([photo])

        self._parts.backend.ask(
            self,
            lambda services: dict(services.photos.by_paths(project.id, [item.source])),
            show,
        )

    # what is done

    @Slot()
    def _retry_failed(self) -> None:
        jobs = [batch.job.id for batch in self._parts.queue.batches.batches if batch.failed]
        self._parts.batches.retry(jobs)

    @Slot()
    def _export(self) -> None:
        """Ask where to, and copy what was kept of the selection, or of the whole project."""
        project = self._parts.session.project
        if project is None:
            return
        chosen = self._parts.session.selection

        def kept(services: Services) -> list[PhotoId]:
            every = services.photos.order(PhotoQuery(project.id, shown=Shown.KEPT))
            return [photo for photo in every if not chosen or len(chosen) == 1 or photo in chosen]

        self._parts.backend.ask(self, kept, self._export_these)

    def _export_these(self, photos: list[PhotoId]) -> None:
        if not photos:
            self._window.status.say(self.tr("Nothing is kept yet: press P on a result to keep it."))
            return
        title = self.tr("Export {} kept").format(count(len(photos)))
        folder = QFileDialog.getExistingDirectory(self._window, title)
        if folder:
            self._parts.batches.export(photos, Path(folder))

    @Slot()
    def _trash(self) -> None:
        photos = self._parts.session.targets()
        if not photos:
            return
        box = QMessageBox(self._window)
        box.setIcon(QMessageBox.Icon.Question)
        box.setText(self.tr("Move {} to the trash?").format(results(len(photos))))
        box.setInformativeText(self.tr("Originals are not touched."))
        move = box.addButton(self.tr("Move to &trash"), QMessageBox.ButtonRole.DestructiveRole)
        box.addButton(QMessageBox.StandardButton.Cancel)
        box.exec()
        if box.clickedButton() is move:
            self._parts.batches.trash_results(photos)
