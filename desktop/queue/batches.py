"""The list of batches as a Qt model; reordered by dragging."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)

from core.events import Totals
from core.library.ids import JobId
from core.library.records import JobState
from desktop.queue.facts import BatchFacts
from desktop.queue.words import job_words, totals_words
from desktop.widgets.plain import plain_tip

Index = QModelIndex | QPersistentModelIndex
FACTS = Qt.ItemDataRole.UserRole + 1
"""The BatchFacts of a row."""
LEFT = Qt.ItemDataRole.UserRole + 2
"""`about 6 min left`, or nothing."""


class BatchModel(QAbstractListModel):
    """Batches, the unfinished ones first in the order in which they are worked on."""

    reordered = Signal(object)
    """list[JobId]: the unfinished batches in their new order."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._batches: list[BatchFacts] = []
        self._left: dict[JobId, str] = {}

    # reading

    @property
    def batches(self) -> Sequence[BatchFacts]:
        """All of them, in order."""
        return self._batches

    def row_of(self, job: JobId) -> int | None:
        """Return the batch's row, None when it is not shown."""
        rows = (row for row, batch in enumerate(self._batches) if batch.job.id == job)
        return next(rows, None)

    def batch(self, job: JobId) -> BatchFacts | None:
        """Return one batch."""
        row = self.row_of(job)
        return None if row is None else self._batches[row]

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """Return the number of batches."""
        return 0 if parent.isValid() else len(self._batches)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what is asked for of one batch."""
        if not index.isValid():
            return None
        batch = self._batches[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return batch.name
            case Qt.ItemDataRole.ToolTipRole:
                return plain_tip(self._tip(batch))
            case Qt.ItemDataRole.AccessibleTextRole:
                return self._spoken(batch)
        if role == FACTS:
            return batch
        return self._left.get(batch.job.id, "") if role == LEFT else None

    def _spoken(self, batch: BatchFacts) -> str:
        parts = [batch.name, job_words(batch.job, batch.totals), totals_words(batch.totals)]
        return ", ".join([*parts, *filter(None, [self._left.get(batch.job.id, "")])])

    def _tip(self, batch: BatchFacts) -> str:
        job = batch.job
        lines = [batch.name, f"{job_words(job, batch.totals)}: {totals_words(batch.totals)}"]
        if batch.totals.ignored:
            lines.append(self.tr("{} other files ignored").format(batch.totals.ignored))
        return "\n".join([*lines, *filter(None, [job.stop_message, job.stop_hint])])

    # changing

    def show(self, batches: Sequence[BatchFacts]) -> None:
        """Show these; what is there already keeps its place in the views."""
        wanted = {batch.job.id for batch in batches}
        for row in reversed(range(len(self._batches))):
            if self._batches[row].job.id not in wanted:
                self.beginRemoveRows(QModelIndex(), row, row)
                del self._batches[row]
                self.endRemoveRows()
        for row, batch in enumerate(batches):
            self._place(row, batch)

    def _place(self, row: int, batch: BatchFacts) -> None:
        at = self.row_of(batch.job.id)
        if at is None:
            self.beginInsertRows(QModelIndex(), row, row)
            self._batches.insert(row, batch)
            self.endInsertRows()
        elif at != row:
            self.beginMoveRows(QModelIndex(), at, at, QModelIndex(), row)
            del self._batches[at]
            self._batches.insert(row, batch)
            self.endMoveRows()
            self._changed(row)
        elif self._batches[row] != batch:
            self._batches[row] = batch
            self._changed(row)

    def count(self, job: JobId, **more: int) -> None:
        """Add to one batch's counts: `count(job, pending=-1, done=1)`."""
        batch = self.batch(job)
        if batch is not None:
            changed = {name: getattr(batch.totals, name) + by for name, by in more.items()}
            self._set(replace(batch, totals=replace(batch.totals, **changed)))

    def set_totals(self, job: JobId, totals: Totals) -> None:
        """Show these counts of one batch."""
        batch = self.batch(job)
        if batch is not None:
            self._set(replace(batch, totals=totals))

    def set_state(self, job: JobId, state: JobState) -> None:
        """Show one batch in this state, before the library says more."""
        batch = self.batch(job)
        if batch is not None and batch.job.state is not state:
            self._set(replace(batch, job=replace(batch.job, state=state)))

    def set_left(self, job: JobId, words: str) -> None:
        """Show how long one batch still takes."""
        row = self.row_of(job)
        if row is not None and self._left.get(job, "") != words:
            self._left[job] = words
            self._changed(row)

    def _set(self, batch: BatchFacts) -> None:
        row = self.row_of(batch.job.id)
        if row is not None:
            self._batches[row] = batch
            self._changed(row)

    def _changed(self, row: int) -> None:
        index = self.index(row)
        self.dataChanged.emit(index, index)

    # dragging

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Only what is unfinished has an order to be changed."""
        flag = Qt.ItemFlag
        if not index.isValid():
            return flag.ItemIsDropEnabled
        flags = flag.ItemIsEnabled | flag.ItemIsSelectable | flag.ItemNeverHasChildren
        return flags | flag.ItemIsDragEnabled if self._batches[index.row()].unfinished else flags

    def supportedDropActions(self) -> Qt.DropAction:
        """Batches are moved, never copied."""
        return Qt.DropAction.MoveAction

    def moveRows(
        self,
        source: Index,
        row: int,
        count: int,
        target: Index,
        before: int,
    ) -> bool:
        """Move one unfinished batch before another row, at most behind the last unfinished."""
        ahead = sum(batch.unfinished for batch in self._batches)
        before = min(before, ahead)
        if count != 1 or row >= ahead or before in (row, row + 1):
            return False
        self.beginMoveRows(QModelIndex(), row, row, QModelIndex(), before)
        self._batches.insert(before - (before > row), self._batches.pop(row))
        self.endMoveRows()
        self.reordered.emit([batch.job.id for batch in self._batches[:ahead]])
        return True
