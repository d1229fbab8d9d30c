"""The queue's actions, for menus and shortcuts: each knows when it can be done."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QAction, QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from core.library.records import OPEN_STATUSES, ItemStatus, JobItem, JobState
from desktop.icons import icon
from desktop.queue.facts import BatchFacts
from desktop.queue.verbs import QueueVerbs

_FAILED = (ItemStatus.FAILED, ItemStatus.QUARANTINED)
Keys = QKeySequence | str


class BatchActions(QObject):
    """What can be done to one batch. `show` tells which one is meant.

    Args:
        verbs: does it.
        move: moves the batch by so many places.
        holder: the widget in which the shortcuts work.
    """

    cancel_wanted = Signal(object)
    """BatchFacts: to be canceled, after a question."""
    photographs_wanted = Signal(object)
    """JobId: its photographs are to be shown."""

    def __init__(self, verbs: QueueVerbs, move: Callable[[int], None], holder: QWidget) -> None:
        super().__init__(holder)
        self._batch: BatchFacts | None = None
        self._verbs = verbs
        self._keys = KeyFilter(holder)
        add = _Adder(self, self._keys)
        self.open = add("grid", self.tr("&Show its photographs"), self._open, "Return")
        self.results = add("reveal", self.tr("Open the results' &folder"), self._results)
        self.first = add("next", self.tr("Run &next"), self._run_next, "Ctrl+Home")
        self.up = add("chevron-up", self.tr("Move &up"), lambda: move(-1), "Alt+Up")
        self.down = add("chevron-down", self.tr("Move &down"), lambda: move(1), "Alt+Down")
        self.pause = add("pause", self.tr("&Pause"), self._pause, "Space")
        self.retry = add("retry", self.tr("&Retry failed"), self._retry)
        self.cancel = add("close", self.tr("&Cancel batch…"), self._cancel, "Delete")
        self.forget = add("trash", self.tr("&Remove from the list"), self._forget, "Shift+Delete")
        self.show(None)

    def show(self, batch: BatchFacts | None) -> None:
        """Offer what can be done to this batch."""
        self._batch = batch
        open_ = batch is not None and batch.unfinished
        halted = batch is not None and batch.job.state in (JobState.PAUSED, JobState.STOPPED)
        for action in (self.first, self.up, self.down, self.pause, self.cancel):
            action.setEnabled(open_)
        for action in (self.open, self.results):
            action.setEnabled(batch is not None)
        self.pause.setText(self.tr("&Resume") if halted else self.tr("&Pause"))
        self.pause.setIcon(icon("play" if halted else "pause"))
        failed = 0 if batch is None else batch.failed
        self.retry.setEnabled(bool(failed))
        words = self.tr("&Retry {} failed").format(failed)
        self.retry.setText(words if failed else self.tr("&Retry failed"))
        self.forget.setEnabled(batch is not None and not open_)

    def all(self) -> list[QAction]:
        """Return the actions, for the sheet of shortcuts."""
        return self._keys.actions

    def fill(self, menu: QMenu) -> None:
        """Put the actions into a menu."""
        menu.addActions([self.open, self.results])
        menu.addSeparator()
        menu.addActions([self.first, self.up, self.down])
        menu.addSeparator()
        menu.addActions([self.pause, self.retry, self.cancel, self.forget])

    def _open(self) -> None:
        self._with(lambda batch: self.photographs_wanted.emit(batch.job.id))

    def _results(self) -> None:
        self._with(lambda batch: self._verbs.find_results(batch.job.id))

    def _run_next(self) -> None:
        self._with(lambda batch: self._verbs.run_next(batch.job.id))

    def _retry(self) -> None:
        self._with(lambda batch: self._verbs.retry(batch.job.id))

    def _forget(self) -> None:
        self._with(lambda batch: self._verbs.forget(batch.job.id))

    def _cancel(self) -> None:
        self._with(self.cancel_wanted.emit)

    def _pause(self) -> None:
        def switch(batch: BatchFacts) -> None:
            halted = batch.job.state in (JobState.PAUSED, JobState.STOPPED)
            (self._verbs.resume if halted else self._verbs.pause)(batch.job.id)

        self._with(switch)

    def _with(self, act: Callable[[BatchFacts], object]) -> None:
        if self._batch is not None:
            act(self._batch)


class ItemActions(QObject):
    """What can be done to selected photographs of a batch."""

    reveal = Signal(object)
    """Path: to be shown in the file manager."""

    def __init__(self, verbs: QueueVerbs, holder: QWidget) -> None:
        super().__init__(holder)
        self._items: list[JobItem] = []
        self._verbs = verbs
        self._keys = KeyFilter(holder)
        add = _Adder(self, self._keys)
        self.retry = add("retry", self.tr("&Retry"), self._retry, "Ctrl+R")
        self.cancel = add("close", self.tr("&Cancel"), self._cancel, "Delete")
        self.result = add("reveal", self.tr("Show in &folder"), self._result, "Ctrl+Shift+R")
        self.source = add("photo", self.tr("Show the &original in its folder"), self._source)
        self.copy = add("copy", self.tr("&Copy what it says"), self._copy, QKeySequence("Ctrl+C"))
        self.show([])

    def show(self, items: Sequence[JobItem]) -> None:
        """Offer what can be done to these photographs."""
        self._items = list(items)
        self.retry.setEnabled(any(item.status in _FAILED for item in items))
        self.cancel.setEnabled(any(item.status in OPEN_STATUSES for item in items))
        has_result = len(items) == 1 and items[0].status in (
            ItemStatus.DONE,
            ItemStatus.ALREADY_DONE,
        )
        self.result.setEnabled(has_result)
        self.source.setEnabled(len(items) == 1)
        self.copy.setEnabled(bool(items))

    def all(self) -> list[QAction]:
        """Return the actions, for the sheet of shortcuts."""
        return self._keys.actions

    def fill(self, menu: QMenu) -> None:
        """Put the actions into a menu."""
        menu.addActions([self.retry, self.cancel])
        menu.addSeparator()
        menu.addActions([self.result, self.source, self.copy])

    def _retry(self) -> None:
        self._verbs.retry_items([i.id for i in self._items if i.status in _FAILED])

    def _cancel(self) -> None:
        self._verbs.cancel_items([i.id for i in self._items if i.status in OPEN_STATUSES])

    def _result(self) -> None:
        self.reveal.emit(self._items[0].output)

    def _source(self) -> None:
        self.reveal.emit(self._items[0].source)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText("\n".join(_told(item) for item in self._items))


class KeyFilter(QObject):
    """Triggers actions by their keys while one widget has the focus.

    The window has other actions on some of these keys; there the focus decides, not an error.
    """

    def __init__(self, holder: QWidget) -> None:
        super().__init__(holder)
        self.actions: list[QAction] = []
        holder.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take keys that belong to an action before the window's shortcuts do."""
        wanted = (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress)
        if event.type() not in wanted or not isinstance(event, QKeyEvent):
            return False
        keys = QKeySequence(event.keyCombination())
        action = next((a for a in self.actions if keys in a.shortcuts()), None)
        if action is None:
            return False
        event.accept()
        if event.type() == QEvent.Type.KeyPress and action.isEnabled():
            action.trigger()
        return True


class _Adder:
    """Makes actions of one owner, their keys working in one widget."""

    def __init__(self, owner: QObject, keys: KeyFilter) -> None:
        self._owner = owner
        self._keys = keys

    def __call__(
        self, picture: str, text: str, act: Callable[[], object], keys: Keys = ""
    ) -> QAction:
        action = QAction(icon(picture), text, self._owner)
        action.setShortcut(QKeySequence(keys))
        action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        action.setShortcutVisibleInContextMenu(True)
        action.triggered.connect(lambda _checked=False: act())
        self._keys.actions.append(action)
        return action


def _told(item: JobItem) -> str:
    said = " ".join(filter(None, [item.message, item.hint])) or item.note
    return f"{item.source}\t{item.status.value}\t{said}"
