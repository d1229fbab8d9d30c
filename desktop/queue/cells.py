"""What the cells of the photographs' table say, and a photograph's record after an event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from enum import IntEnum

from PySide6.QtCore import Qt

from core.events import ItemDone, ItemFailed, ItemLeftOut, ItemStarted, StepProgress
from core.library.ids import ItemId
from core.library.records import ItemStatus, JobItem
from desktop.queue.words import item_words, seconds_words

ItemEvent = ItemStarted | StepProgress | ItemDone | ItemFailed | ItemLeftOut
Steps = Mapping[ItemId, tuple[int, int]]
Planned = Mapping[float | None, int]
WORKING = (ItemStatus.RUNNING, ItemStatus.STAGED)


class Column(IntEnum):
    """What each column shows."""

    NAME = 0
    STATUS = 1
    STEPS = 2
    SECONDS = 3
    NOTE = 4


def alignment(column: int) -> Qt.AlignmentFlag:
    """Return where a column's text stands; numbers stand at the right."""
    number = column in (Column.STEPS, Column.SECONDS)
    side = Qt.AlignmentFlag.AlignRight if number else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter


class CellText:
    """The words of one batch's photographs.

    Args:
        steps: where each photograph is that was worked on since the batch is shown.
        planned: the steps that run, by strength.
    """

    def __init__(self, steps: Steps, planned: Planned) -> None:
        self._steps = steps
        self._planned = planned

    def step(self, item: JobItem) -> tuple[int, int] | None:
        """Return (step, steps) of a photograph in work, if that is known."""
        return self._steps.get(item.id) if item.status in WORKING else None

    def shown(self, item: JobItem, column: int) -> str:
        """Return what a cell shows."""
        match Column(column):
            case Column.NAME:
                strength = "" if item.strength is None else f"   {item.strength:.2f}"
                return item.source.name + strength
            case Column.STATUS:
                return item_words(item, self.step(item))
            case Column.STEPS:
                return self._steps_shown(item)
            case Column.SECONDS:
                return seconds_words(item.seconds) if item.seconds else ""
            case Column.NOTE:
                return item.message or item.note

    def tip(self, item: JobItem, column: int) -> str:
        """Return what a cell says on hover: whole paths, what went wrong, what to do."""
        if column == Column.NAME:
            return str(item.source)
        if column == Column.STATUS and item.output is not None:
            return f"{item_words(item, self.step(item))}\n{item.output}"
        return "\n".join(filter(None, [item.message, item.hint, item.note]))

    def spoken(self, item: JobItem, column: int) -> str:
        """Return what a screen reader says; the first column tells the whole row."""
        if column != Column.NAME:
            return self.shown(item, column)
        parts = [item.source.name, item_words(item, self.step(item)), item.message, item.hint]
        return ", ".join(filter(None, parts))

    def _steps_shown(self, item: JobItem) -> str:
        if item.status in WORKING:
            step = self._steps.get(item.id)
            return f"{step[0]} / {step[1]}" if step else ""
        if item.status not in (ItemStatus.DONE, ItemStatus.PENDING) or item.unchanged:
            return ""
        run = self._steps.get(item.id, (0, self._planned.get(item.strength)))[1]
        return "" if run is None else str(run)


def changed_by(item: JobItem, event: ItemEvent) -> JobItem:
    """Return the photograph's record as it is after the event."""
    match event:
        case ItemDone(already=True):
            return replace(item, status=ItemStatus.ALREADY_DONE, output=event.output)
        case ItemDone():
            return replace(
                item,
                status=ItemStatus.DONE,
                output=event.output,
                seconds=event.seconds,
                note=event.note,
                unchanged=event.unchanged,
            )
        case ItemFailed():
            status = ItemStatus.QUARANTINED if event.quarantined else ItemStatus.FAILED
            return replace(
                item, status=status, reason=event.reason, message=event.message, hint=event.hint
            )
        case ItemLeftOut():
            status = ItemStatus.LEFT_OUT
            return replace(item, status=status, reason=event.reason, message=event.message)
    return replace(item, status=ItemStatus.RUNNING)
