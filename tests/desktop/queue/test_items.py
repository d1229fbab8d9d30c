"""The table of photographs stays quick with 100,000 rows, and reads only what is looked at."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from core.events import Totals
from core.library.ids import ItemId, JobId, ProjectId
from core.library.records import ItemStatus, Job, JobItem, JobState, Origin
from core.recipe import Recipe
from desktop.queue.batches import BatchModel
from desktop.queue.facts import BatchFacts
from desktop.queue.items import ItemModel
from desktop.queue.views import ItemTable

_MANY = 100_000


class FakeQueue:
    """Answers like JobQueue, without a database."""

    def __init__(self, number: int) -> None:
        self.ids = [ItemId(n) for n in range(number)]
        self.asked: list[ItemId] = []

    def item_ids(self, job: JobId, statuses: Sequence[ItemStatus] = ()) -> list[ItemId]:
        return self.ids

    def items_by_id(self, ids: Sequence[ItemId]) -> list[JobItem]:
        self.asked += ids
        return [_item(which) for which in ids]


class FakeBackend:
    """Answers at once, on the same thread."""

    def __init__(self, number: int) -> None:
        self.queue = FakeQueue(number)

    def ask(self, owner: object, work: Callable[..., Any], then: Callable[..., Any]) -> None:
        then(work(self))


def _item(which: ItemId) -> JobItem:
    name = Path(f"/photos/{which}.jpg")
    return JobItem(which, JobId(1), name, None, ItemStatus.PENDING, 0, None)


def _batch(number: int, name: str = "trip", state: JobState = JobState.WAITING) -> BatchFacts:
    job = Job(
        JobId(number), ProjectId(1), name, Recipe(), (), Origin.WINDOW, "", None, state, False, 0.0
    )
    return BatchFacts(job, Totals(found=3, pending=3))


def test_a_hundred_thousand_photographs_show_at_once_and_only_what_is_seen_is_read(
    qtbot: QtBot,
) -> None:
    backend = FakeBackend(_MANY)
    model = ItemModel(backend)  # type: ignore[arg-type]
    table = ItemTable(model)
    qtbot.addWidget(table)
    table.resize(500, 140)
    table.show()

    began = time.perf_counter()
    model.show(_batch(1))
    took = time.perf_counter() - began
    qtbot.waitUntil(lambda: bool(backend.queue.asked))
    table.scrollToBottom()
    qtbot.waitUntil(lambda: backend.queue.asked[-1] == _MANY - 1)

    assert took < 0.15
    assert len(backend.queue.asked) <= 600


def test_the_models_keep_qts_rules(qtbot: QtBot) -> None:
    items = ItemModel(FakeBackend(300))  # type: ignore[arg-type]
    batches = BatchModel()
    mode = QAbstractItemModelTester.FailureReportingMode.Fatal
    testers = [QAbstractItemModelTester(model, mode) for model in (items, batches)]

    items.show(_batch(1))
    batches.show([_batch(1), _batch(2), _batch(3)])
    batches.show([_batch(3), _batch(1), _batch(4)])
    batches.moveRows(batches.index(-1), 0, 1, batches.index(-1), 3)
    batches.show([])
    items.show(None)

    assert all(testers)


def test_a_finished_batch_cannot_be_dragged_before_work_that_waits() -> None:
    model = BatchModel()
    model.show([_batch(1), _batch(2), _batch(3, state=JobState.FINISHED)])
    root = model.index(-1)

    assert not model.moveRows(root, 2, 1, root, 0)
    assert model.moveRows(root, 0, 1, root, 3)
    assert [batch.job.id for batch in model.batches] == [2, 1, 3]
