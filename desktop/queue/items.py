"""The photographs of one batch as a Qt table model; rows are read as they come into view."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    QTimer,
    Signal,
    Slot,
)

from core.events import ItemStarted, StepProgress
from core.library.ids import ItemId, JobId
from core.library.records import ItemStatus, JobItem
from desktop.backend import Backend
from desktop.queue.cells import CellText, Column, ItemEvent, alignment, changed_by
from desktop.queue.facts import BatchFacts
from desktop.widgets.plain import plain_tip

if TYPE_CHECKING:
    from core.services import Services

Index = QModelIndex | QPersistentModelIndex
ITEM = Qt.ItemDataRole.UserRole + 1
"""The JobItem of a row; None while it is being read."""
STEP = Qt.ItemDataRole.UserRole + 2
"""(step, steps) of a row that is being worked on, else None."""
_CHUNK = 100
_MOST_CHUNKS = 50


class ItemModel(QAbstractTableModel):
    """One batch's photographs, or those of them in some states.

    Args:
        backend: answers what is asked of the library.
    """

    loaded = Signal()
    """The batch's list of photographs is there."""

    def __init__(self, backend: Backend, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._backend = backend
        self._batch: BatchFacts | None = None
        self._statuses: tuple[ItemStatus, ...] = ()
        self._question = 0
        self._ids: Sequence[ItemId] = []
        self._rows: dict[ItemId, int] = {}
        self._chunks: OrderedDict[int, list[JobItem | None]] = OrderedDict()
        self._wanted: set[int] = set()
        self._steps: dict[ItemId, tuple[int, int]] = {}
        self._text = CellText(self._steps, {})
        self._fetch = QTimer(self, singleShot=True, interval=0)
        self._fetch.timeout.connect(self._fetch_chunks)

    # what is shown

    @property
    def job(self) -> JobId | None:
        """The batch that is shown."""
        return None if self._batch is None else self._batch.job.id

    def show(self, batch: BatchFacts | None, statuses: Collection[ItemStatus] = ()) -> None:
        """Show this batch's photographs; only those in one of `statuses`, if any are given."""
        same = batch is not None and self.job == batch.job.id
        same = same and tuple(statuses) == self._statuses
        self._batch, self._statuses = batch, tuple(statuses)
        self._text = CellText(self._steps, batch.steps if batch else {})
        if not same:
            self._steps.clear()
            self._take_ids([])
        self.reload()

    def reload(self) -> None:
        """Read the list anew; what did not change stays where it is."""
        self._question += 1
        job, statuses, asked = self.job, self._statuses, self._question
        if job is None:
            return

        def look(services: Services) -> Sequence[ItemId]:
            return services.queue.item_ids(job, statuses)

        def take(ids: Sequence[ItemId]) -> None:
            if asked == self._question:
                self._take_ids(ids)
                self.loaded.emit()

        self._backend.ask(self, look, take)

    def refresh_rows(self) -> None:
        """Read what is in view anew, after something changed that no event told."""
        self._wanted |= set(self._chunks)
        if self._wanted:
            self._fetch.start()

    def rest(self) -> None:
        """Nothing is in work any more: what was dropped waits again."""
        self._steps.clear()
        self.refresh_rows()

    def _take_ids(self, ids: Sequence[ItemId]) -> None:
        if ids == self._ids:
            self.refresh_rows()
            return
        self.beginResetModel()
        self._ids = ids
        self._rows = {item: row for row, item in enumerate(ids)}
        self._chunks.clear()
        self._wanted.clear()
        self.endResetModel()

    def item(self, row: int) -> JobItem | None:
        """Return the photograph of a row; None while it is being read."""
        chunk = self._chunks.get(row // _CHUNK)
        if chunk is None:
            self._wanted.add(row // _CHUNK)
            self._fetch.start()
            return None
        return chunk[row % _CHUNK]

    def id_of(self, row: int) -> ItemId:
        """Return the number of a row's photograph."""
        return self._ids[row]

    def row_of(self, item: ItemId) -> int | None:
        """Return the photograph's row, None when it is not shown."""
        return self._rows.get(item)

    @Slot()
    def _fetch_chunks(self) -> None:
        wanted, self._wanted = sorted(self._wanted), set()
        for chunk in wanted:
            self._fetch_chunk(chunk)

    def _fetch_chunk(self, chunk: int) -> None:
        ids = self._ids
        part = ids[chunk * _CHUNK : (chunk + 1) * _CHUNK]

        def take(items: Sequence[JobItem]) -> None:
            if ids is self._ids:
                self._take_chunk(chunk, len(part), items)

        self._backend.ask(self, lambda services: services.queue.items_by_id(part), take)

    def _take_chunk(self, chunk: int, size: int, items: Sequence[JobItem]) -> None:
        first = chunk * _CHUNK
        held: list[JobItem | None] = [None] * size
        for item in items:
            held[self._rows[item.id] - first] = item
        self._chunks[chunk] = held
        self._chunks.move_to_end(chunk)
        while len(self._chunks) > _MOST_CHUNKS:
            self._chunks.popitem(last=False)
        self._rows_changed(first, first + size - 1)

    def _rows_changed(self, first: int, last: int) -> None:
        end = self.index(last, Column.NOTE)
        self.dataChanged.emit(self.index(first, Column.NAME), end)

    # events

    def take(self, event: ItemEvent) -> None:
        """Show what happened to one photograph."""
        row = self._rows.get(event.item)
        if row is None:
            return
        if isinstance(event, StepProgress):
            self._steps[event.item] = (event.step, event.steps)
        elif isinstance(event, ItemStarted):
            self._steps.pop(event.item, None)
        chunk = self._chunks.get(row // _CHUNK)
        held = chunk[row % _CHUNK] if chunk else None
        if chunk is not None and held is not None:
            chunk[row % _CHUNK] = changed_by(held, event)
        self._rows_changed(row, row)

    # Qt's questions

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """Return the number of photographs."""
        return 0 if parent.isValid() else len(self._ids)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """Return the number of columns."""
        return 0 if parent.isValid() else len(Column)

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Any:
        """Return a column's title."""
        if orientation is Qt.Orientation.Vertical:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return alignment(section)
        titles = [self.tr("Photograph"), self.tr("Status"), self.tr("Steps"), self.tr("Time")]
        return [*titles, self.tr("Note")][section] if role == Qt.ItemDataRole.DisplayRole else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what is asked for of one cell."""
        if not index.isValid():
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return alignment(index.column())
        item = self.item(index.row())
        if role == ITEM or item is None:
            return item
        text, column = self._text, index.column()
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return text.shown(item, column)
            case Qt.ItemDataRole.ToolTipRole:
                return plain_tip(text.tip(item, column))
            case Qt.ItemDataRole.AccessibleTextRole:
                return text.spoken(item, column)
        return text.step(item) if role == STEP else None
