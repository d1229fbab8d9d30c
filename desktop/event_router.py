"""Events of the rendering thread, turned into what each panel shows: one `match` for all."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from core.events import (
    DeviceLost,
    DevicesDetected,
    Event,
    ItemDone,
    ItemFailed,
    ItemLeftOut,
    ItemStarted,
    JobFinished,
    JobQueued,
    ModelLoading,
    ModelReady,
    PreviewFailed,
    PreviewPart,
    RunnerBlocked,
    StepProgress,
    WorkerState,
    WorkState,
)
from core.library.ids import ItemId
from desktop.window_parts import WindowParts

_GATHER_MS = 100
_WORKING = (WorkState.WORKING, WorkState.STOPPING, WorkState.FOLLOWING)


class EventRouter(QObject):
    """Lives on the main thread; `take` is connected to the worker's bridge."""

    working_changed = Signal(bool)
    """Whether photographs are being edited."""
    state_changed = Signal(object)
    """The WorkerState."""
    devices_found = Signal(object)
    """The DeviceInfos, best first."""
    device_trouble = Signal(str, str)
    """Nothing can render: message and hint."""
    finished = Signal()
    """A batch has come to its end."""
    said = Signal(str)
    model_ready = Signal(object)
    """The ModelReady event: which device and number format are in use."""

    def __init__(self, parts: WindowParts, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._parts = parts
        self._working = False
        self._state = WorkState.STARTING
        self._settled: set[ItemId] = set()
        # Photographs end faster than rows can be read again one by one.
        self._gather = QTimer(self, interval=_GATHER_MS, singleShot=True)
        self._gather.timeout.connect(self._tell_settled)

    @property
    def working(self) -> bool:
        """Whether photographs are being edited."""
        return self._working

    @property
    def renders(self) -> bool:
        """Whether this process edits them, and not another one that is followed."""
        return self._working and self._state is not WorkState.FOLLOWING

    @Slot(object)
    def take(self, event: Event) -> None:
        """Show what happened."""
        match event:
            case PreviewPart() | PreviewFailed():
                self._parts.previews.take(event)
                return
            case StepProgress(item=item, step=step, steps=steps):
                self._parts.viewer.progress(item, step, steps)
            case ItemDone(item=item) | ItemFailed(item=item) | ItemLeftOut(item=item):
                self._settle(item)
            case ItemStarted() | JobQueued() | RunnerBlocked() | DeviceLost():
                pass
            case JobFinished():
                self._tell_settled()
                self._parts.sources.refresh()
                self.finished.emit()
            case ModelLoading(model=model):
                self.said.emit(self.tr("Loading {}…").format(self._name_of(model)))
            case ModelReady():
                self.said.emit("")
                self.model_ready.emit(event)
            case DevicesDetected(devices=devices):
                self.devices_found.emit(devices)
            case WorkerState():
                self._take_state(event)
        self._parts.grid.take(event)
        self._parts.queue.take(event)

    def _name_of(self, model: str) -> str:
        """Return a model's name as it stands within a sentence."""
        spec = self._parts.recipe.draft.specs.get(model)
        name = spec.name if spec is not None else model
        return name[0].lower() + name[1:] if name.startswith("The ") else name

    def _take_state(self, event: WorkerState) -> None:
        self._state = event.state
        working = event.state in _WORKING
        if working != self._working:
            self._working = working
            self.working_changed.emit(working)
            if not working:
                # What was dropped on a stop waits again, which no event tells.
                self._parts.grid.refresh(None)
        if event.state is WorkState.FAILED:
            self.device_trouble.emit(event.message, event.hint)
        self.state_changed.emit(event)

    def _settle(self, item: ItemId) -> None:
        self._settled.add(item)
        if not self._gather.isActive():
            self._gather.start()

    @Slot()
    def _tell_settled(self) -> None:
        """Have the photograph that is looked at read again, when it is among them."""
        current = self._parts.session.current
        if current is not None and current.item in self._settled:
            self._parts.session.touch([current.id])
        self._settled.clear()
