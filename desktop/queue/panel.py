"""The queue panel: batches at the left, the photographs of one of them at the right."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPoint, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QMenu, QMessageBox, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from core.errors import CoreError
from core.events import (
    DeviceLost,
    Event,
    ItemDone,
    ItemFailed,
    ItemLeftOut,
    ItemStarted,
    StepProgress,
    WorkerState,
    WorkState,
)
from core.library.ids import JobId
from core.library.records import JobState
from desktop.backend import Backend
from desktop.queue.actions import BatchActions, ItemActions
from desktop.queue.batches import FACTS, BatchModel
from desktop.queue.facts import BatchFacts
from desktop.queue.header import QueueHeader
from desktop.queue.items import ItemModel
from desktop.queue.state import QueueState
from desktop.queue.verbs import QueueVerbs
from desktop.queue.views import BatchList, ItemTable
from desktop.widgets.banner import Banner, BannerKind
from desktop.widgets.named import label
from desktop.words import photographs

_LOOK_MS = 3000
_LOOK_IDLE_MS = 10_000


class QueuePanel(QWidget):
    """Shows and steers what is to be done. Hand it every event with `take`.

    Args:
        backend: answers what is asked of the library.
    """

    stop_after_wanted = Signal()
    stop_now_wanted = Signal()
    resume_wanted = Signal(object)
    """JobId of a batch to go on with, None: all that were held."""
    wake_wanted = Signal()
    """The queue was changed: the rendering thread is to look."""
    job_chosen = Signal(object)
    """JobId: the batch's photographs are to be shown in the grid."""
    item_chosen = Signal(object)
    """JobItem that was double-clicked, to be looked at."""
    progressed = Signal(int, int, str)
    """Settled and found photographs of what is unfinished, time left: for tray and task bar."""
    reveal = Signal(object)
    """Path of a file or folder, to be shown in the file manager."""

    def __init__(self, backend: Backend, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._backend = backend
        self._user_chose = False
        self._shown: BatchFacts | None = None
        self._said_stop = ""
        self._make()
        self._wire()
        self._lay_out()
        self.refresh()

    # what the main window calls

    @Slot(object)
    def take(self, event: Event) -> None:
        """Show what happened."""
        match event:
            case ItemStarted():
                self._follow(event)
            case StepProgress() | ItemDone() | ItemFailed() | ItemLeftOut():
                self.items.take(event)
            case DeviceLost():
                self.banner.say(event.message, kind=BannerKind.WARNING)
            case WorkerState(state=WorkState.FAILED):
                self.banner.say(event.message, event.hint, kind=BannerKind.ERROR)
            case WorkerState(state=WorkState.HELD | WorkState.IDLE):
                self.items.rest()
        self.state.take(event)

    @Slot()
    def refresh(self) -> None:
        """Read the queue anew."""
        self.state.refresh()

    @Slot()
    def resume_all(self) -> None:
        """Go on with everything that was held, paused or stopped."""
        for batch in self.batches.batches:
            if batch.job.state in (JobState.PAUSED, JobState.STOPPED):
                self.verbs.resume(batch.job.id)
        self.resume_wanted.emit(None)

    def set_open(self, on: bool) -> None:
        """Show batches and photographs, or only the first line."""
        self._pages.setVisible(on)

    def show_job(self, job: JobId) -> None:
        """Show one batch's photographs."""
        row = self.batches.row_of(job)
        if row is not None:
            self._user_chose = True
            self.list.setCurrentIndex(self.batches.index(row))

    def show_error(self, error: CoreError) -> None:
        """Say in place what could not be done."""
        self.banner.say_error(error)

    # making

    def _make(self) -> None:
        self.verbs = QueueVerbs(self._backend, self)
        self.batches = BatchModel(self)
        self.items = ItemModel(self._backend, self)
        self.state = QueueState(self._backend, self.batches, parent=self)
        self.header = QueueHeader()
        self.banner = Banner()
        self.list = BatchList(self.batches)
        self.table = ItemTable(self.items)
        self.table.empty_text = self.tr("No photograph of this batch is in this state.")
        self.batch_actions = BatchActions(self.verbs, self._move, self.list)
        self.item_actions = ItemActions(self.verbs, self.table)
        self._menu = QMenu(self)
        self.batch_actions.fill(self._menu)
        self.header.more.setMenu(self._menu)
        self._items_menu = QMenu(self)
        self.item_actions.fill(self._items_menu)
        self._look_again = QTimer(self, interval=_LOOK_MS)

    def _wire(self) -> None:
        self._wire_header()
        self._wire_lists()
        self.state.standing_changed.connect(self.header.show_standing)
        self.state.progressed.connect(self.progressed)
        self.state.looked.connect(self._looked)
        self.state.troubled.connect(self.show_error)
        self.verbs.changed.connect(self.refresh)
        self.verbs.changed.connect(self.items.reload)
        self.verbs.wake_wanted.connect(self.wake_wanted)
        self.verbs.resume_wanted.connect(self.resume_wanted)
        self.verbs.found.connect(self.reveal)
        self.verbs.troubled.connect(self.show_error)
        self._look_again.timeout.connect(self.refresh)

    def _wire_lists(self) -> None:
        self.batches.reordered.connect(self.verbs.reorder)
        self.list.selectionModel().currentChanged.connect(self._show_batch)
        self.list.clicked.connect(self._take_choice)
        self.list.doubleClicked.connect(lambda _index: self.batch_actions.open.trigger())
        self.list.menu_wanted.connect(self._menu.popup)
        self.batch_actions.cancel_wanted.connect(self._ask_cancel)
        self.batch_actions.photographs_wanted.connect(self.job_chosen)
        self.item_actions.reveal.connect(self.reveal)
        self.table.menu_wanted.connect(self._item_menu)
        self.table.chosen.connect(self.item_chosen)
        self.table.selectionModel().selectionChanged.connect(self._show_item_actions)
        self.items.dataChanged.connect(self._show_item_actions)

    def _wire_header(self) -> None:
        header = self.header
        header.stop_after_wanted.connect(self.stop_after_wanted)
        header.stop_now_wanted.connect(self.stop_now_wanted)
        header.resume_wanted.connect(self.resume_all)
        header.retry_wanted.connect(lambda: self.batch_actions.retry.trigger())
        header.narrowed.connect(lambda _statuses: self._show_items())

    def _lay_out(self) -> None:
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        split.setHandleWidth(1)
        split.addWidget(self.list)
        split.addWidget(self.table)
        split.setSizes([236, 524])
        split.setStretchFactor(1, 1)
        self.list.setMinimumWidth(190)
        self.table.setMinimumWidth(260)
        banner = QVBoxLayout()
        banner.setContentsMargins(8, 0, 8, 4)
        banner.addWidget(self.banner)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addLayout(banner)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._empty())
        self._pages.addWidget(split)
        column.addWidget(self._pages, 1)

    def _empty(self) -> QWidget:
        words = self.tr("Nothing is waiting. Choose photographs and a recipe, then run it.")
        text = label(words, "muted", wrap=True)
        text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        return text

    def showEvent(self, event: QShowEvent) -> None:
        """Keep up with what other processes do, as long as somebody looks."""
        super().showEvent(event)
        self._look_again.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Leave the library alone while nobody looks."""
        super().hideEvent(event)
        self._look_again.stop()

    # what happens

    def _follow(self, event: ItemStarted) -> None:
        if not self._user_chose and event.job != self.items.job:
            row = self.batches.row_of(event.job)
            if row is not None:
                self.list.setCurrentIndex(self.batches.index(row))
        self.items.take(event)
        self.table.follow(event.item)

    @Slot()
    def _looked(self) -> None:
        """Show what was read: a batch if none is shown, its actions, and why one is stopped."""
        if not self.list.currentIndex().isValid() and self.batches.rowCount():
            self.list.setCurrentIndex(self.batches.index(0))
        shown = None if self.items.job is None else self.batches.batch(self.items.job)
        self._offer(shown)
        if shown is not None and (self._shown is None or shown.totals != self._shown.totals):
            self.items.show(shown, self.header.statuses)
        self._shown = shown
        self._say_stop()
        busy = any(batch.unfinished for batch in self.batches.batches)
        self._look_again.setInterval(_LOOK_MS if busy else _LOOK_IDLE_MS)

    def _offer(self, batch: BatchFacts | None) -> None:
        self._pages.setCurrentIndex(int(batch is not None))
        self.header.filter.setVisible(batch is not None)
        self.header.more.setVisible(batch is not None)
        self.batch_actions.show(batch)
        self.header.show_failed(0 if batch is None else batch.failed)

    def _say_stop(self) -> None:
        """Say why a batch is stopped, once for each reason, with the button that goes on."""
        stopped = [b for b in self.batches.batches if b.job.state is JobState.STOPPED]
        working = self.state.worker.state is WorkState.WORKING
        said = stopped[0].job.stop_message + str(working) if stopped else ""
        if said == self._said_stop:
            return
        self._said_stop = said
        if not stopped:
            self.banner.clear()
            return
        job = stopped[0].job
        message = self.tr("Stopped: {}").format(job.stop_message)
        # While another batch runs, the first line has no Resume of its own.
        resume = (self.tr("&Resume"), lambda: self.verbs.resume(job.id))
        buttons = [resume] if working else []
        self.banner.say(message, job.stop_hint, kind=BannerKind.ERROR, buttons=buttons)

    # what the user does

    @Slot(QModelIndex, QModelIndex)
    def _show_batch(self, index: QModelIndex) -> None:
        batch: BatchFacts | None = index.data(FACTS) if index.isValid() else None
        self._shown = batch
        self._offer(batch)
        self.table.clearSelection()
        self.items.show(batch, self.header.statuses)

    def _show_items(self) -> None:
        shown = None if self.items.job is None else self.batches.batch(self.items.job)
        self.items.show(shown, self.header.statuses)

    @Slot()
    def _take_choice(self) -> None:
        self._user_chose = True

    @Slot()
    def _show_item_actions(self) -> None:
        self.item_actions.show(self.table.selected_items())

    @Slot(object)
    def _item_menu(self, where: QPoint) -> None:
        self._show_item_actions()
        self._items_menu.popup(where)

    def _move(self, places: int) -> None:
        row = self.list.currentIndex().row()
        target = row + places + (places > 0)
        if row >= 0 and target >= 0:
            self.batches.moveRows(QModelIndex(), row, 1, QModelIndex(), target)

    @Slot(object)
    def _ask_cancel(self, batch: BatchFacts) -> None:
        waiting = photographs(batch.totals.pending)
        box = QMessageBox(self)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle(self.tr("Cancel batch"))
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText(self.tr("Cancel {} of {}?").format(waiting, batch.name))
        box.setInformativeText(self.tr("Results that are done stay where they are."))
        cancel = box.addButton(self.tr("&Cancel batch"), QMessageBox.ButtonRole.DestructiveRole)
        keep = box.addButton(self.tr("&Keep it"), QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(keep)
        cancel.clicked.connect(lambda: self.verbs.cancel(batch.job.id))
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()
