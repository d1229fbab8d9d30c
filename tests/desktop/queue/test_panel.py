"""What a user sees of the queue and does to it, on the real widgets and a real library."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import QModelIndex, QPoint, QSize, Qt
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from core.errors import StopReason
from core.events import (
    Event,
    ItemDone,
    ItemStarted,
    StepProgress,
    WorkerState,
    WorkState,
)
from core.library.records import ItemStatus, JobState
from desktop.queue.cells import Column
from desktop.queue.panel import QueuePanel

Settle = Callable[[], None]
_NAMES = ("a.png", "b.png", "c.png", "d.png")


def texts(panel: QueuePanel, column: Column) -> list[str]:
    """Return what a column of the photographs' table shows."""
    model = panel.items
    return [model.index(row, column).data() for row in range(model.rowCount())]


def names(panel: QueuePanel) -> list[str]:
    """Return the batches in the order in which they are listed."""
    return [batch.job.name for batch in panel.batches.batches]


def test_an_empty_queue_says_what_to_do(panel: QueuePanel, settle: Settle) -> None:
    settle()

    assert panel.header.text.text() == "The queue is empty"
    assert panel.header.filter.isHidden() and panel.header.stop_now.isHidden()


def test_batches_and_their_photographs_are_listed(
    library: Any, panel: QueuePanel, settle: Settle
) -> None:
    library.batch("trip", *_NAMES, strengths=(0.2, 0.4))
    library.batch("later", "e.png")
    settle()
    settle()

    assert names(panel) == ["trip", "later"]
    assert panel.items.rowCount() == 8
    assert texts(panel, Column.NAME)[:2] == ["a.png   0.20", "a.png   0.40"]
    assert set(texts(panel, Column.STATUS)) == {"Waiting"}
    assert texts(panel, Column.STEPS)[:2] == ["2", "4"]


def test_a_run_is_followed_from_events_alone_and_the_counts_add_up(
    library: Any, panel: QueuePanel, settle: Settle
) -> None:
    job = library.batch("trip", *_NAMES)
    settle()
    settle()
    panel.take(WorkerState(WorkState.WORKING))

    def sink(event: Event) -> None:
        panel.take(event)
        batch = panel.batches.batch(job)
        assert batch is not None and batch.totals.adds_up()
        if isinstance(event, StepProgress):
            row = panel.items.row_of(event.item)
            status = panel.items.index(row, Column.STATUS).data()
            assert status == f"Working ({event.step} of {event.steps})"

    library.run(job, sink)

    assert panel.batches.batch(job).totals.done == 4
    assert set(texts(panel, Column.STATUS)) == {"Done"}
    settle()
    assert panel.batches.batch(job).job.state is JobState.FINISHED
    assert panel.header.text.text() == "4 done, 0 waiting, 0 failed of 4"


def test_a_failed_photograph_says_why_and_what_to_do_and_can_be_retried(
    library: Any, panel: QueuePanel, settle: Settle, qtbot: QtBot
) -> None:
    job = library.batch("trip", *_NAMES)
    first, second = library.claims(job, 2)
    library.fail(first, "a.png ends too early.", "Copy it from the card again.")
    library.fail(second, "b.png ends too early.")
    settle()
    settle()

    assert texts(panel, Column.STATUS)[0] == "Failed (ends too early)"
    tip = panel.items.index(0, Column.NOTE).data(Qt.ItemDataRole.ToolTipRole)
    assert tip == "a.png ends too early.\nCopy it from the card again."
    spoken = panel.items.index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert "Failed" in spoken and "Copy it" in spoken

    panel.table.selectRow(0)
    with qtbot.waitSignal(panel.wake_wanted):
        panel.item_actions.retry.trigger()
    settle()
    assert texts(panel, Column.STATUS)[:2] == ["Waiting", "Failed (ends too early)"]

    with qtbot.waitSignal(panel.wake_wanted):
        panel.header.retry.click()
    settle()
    assert set(texts(panel, Column.STATUS)) == {"Waiting"}


def test_only_failed_ones_can_be_listed(library: Any, panel: QueuePanel, settle: Settle) -> None:
    job = library.batch("trip", *_NAMES)
    library.fail(library.claims(job, 1)[0], "a.png ends too early.")
    settle()

    panel.header.filter.setCurrentText("Failed")
    settle()

    assert texts(panel, Column.NAME) == ["a.png"]


def test_selected_photographs_are_canceled(
    library: Any, panel: QueuePanel, settle: Settle, qtbot: QtBot
) -> None:
    library.batch("trip", *_NAMES)
    settle()
    settle()

    panel.table.selectRow(1)
    with qtbot.waitSignal(panel.wake_wanted):
        panel.item_actions.cancel.trigger()
    settle()

    assert texts(panel, Column.STATUS) == ["Waiting", "Canceled", "Waiting", "Waiting"]
    assert panel.header.text.text() == "0 done, 3 waiting, 0 failed of 4"
    assert panel.header.detail.text() == "1 canceled"


@pytest.mark.parametrize("how", ["drag", "menu", "next"])
def test_batches_are_reordered_and_it_is_stored(
    library: Any, panel: QueuePanel, settle: Settle, qtbot: QtBot, how: str
) -> None:
    jobs = [library.batch(name, f"{name}.png") for name in ("first", "second", "third")]
    settle()

    with qtbot.waitSignal(panel.wake_wanted):
        if how == "drag":
            # What the view does when the third row is dropped above the first.
            panel.batches.moveRows(QModelIndex(), 2, 1, QModelIndex(), 0)
        else:
            panel.show_job(jobs[2])
            action = panel.batch_actions.first if how == "next" else panel.batch_actions.up
            action.trigger()
    settle()

    wanted = ["first", "third", "second"] if how == "menu" else ["third", "first", "second"]
    assert names(panel) == wanted
    unfinished = [job.name for job in library.services.queue.jobs(unfinished=True)]
    assert unfinished == wanted[::-1]
    claimed = library.services.queue.claim("test", 1)
    assert claimed[0].job == (jobs[0] if how == "menu" else jobs[2])


def test_a_paused_batch_is_resumed_and_the_worker_told(
    library: Any, panel: QueuePanel, settle: Settle, qtbot: QtBot
) -> None:
    job = library.batch("trip", *_NAMES)
    settle()

    with qtbot.waitSignal(panel.wake_wanted):
        panel.batch_actions.pause.trigger()
    settle()
    assert library.services.queue.job(job).state is JobState.PAUSED
    assert panel.header.resume.text() == "Resume 4 photographs"

    with qtbot.waitSignal(panel.resume_wanted) as told:
        panel.batch_actions.pause.trigger()
    assert told.args == [job]
    assert library.services.queue.job(job).state is JobState.WAITING


def test_after_a_crash_resume_says_how_many_photographs_wait(
    library: Any, panel: QueuePanel, settle: Settle, qtbot: QtBot
) -> None:
    job = library.batch("trip", *_NAMES)
    library.fail(library.claims(job, 1)[0], "a.png ends too early.")

    with qtbot.waitSignal(panel.progressed, check_params_cb=lambda *told: told[:2] == (1, 4)):
        panel.take(WorkerState(WorkState.HELD, held=(job,)))
        settle()

    assert panel.header.resume.isVisible()
    assert panel.header.resume.text() == "Resume 3 photographs"
    with qtbot.waitSignal(panel.resume_wanted) as told:
        panel.header.resume.click()
    assert told.args == [None]


def test_a_stopped_batch_says_why_in_place(library: Any, panel: QueuePanel, settle: Settle) -> None:
    job = library.batch("trip", *_NAMES)
    message = "USB disk has 0.8 GB left, this batch needs about 12 GB."
    library.services.queue.block(job, StopReason.DISK_FULL, message, "Free space, then Resume.")

    panel.take(WorkerState(WorkState.IDLE))
    settle()

    assert panel.banner.message == f"Stopped: {message}"
    assert panel.banner.hint == "Free space, then Resume."
    assert panel.header.resume.isVisible()
    assert panel.size() == QSize(760, 170), "the message must not push the photographs away"
    panel.header.resume.click()
    settle()
    assert panel.banner.message == ""
    assert library.services.queue.job(job).state is JobState.WAITING


def test_stopping_is_offered_only_while_it_works(
    library: Any, panel: QueuePanel, settle: Settle, qtbot: QtBot
) -> None:
    library.batch("trip", *_NAMES)
    settle()
    assert panel.header.stop_now.isHidden()

    panel.take(WorkerState(WorkState.WORKING))
    assert panel.size() == QSize(760, 170)
    with qtbot.waitSignal(panel.stop_after_wanted):
        panel.header.stop_after.click()
    panel.take(WorkerState(WorkState.STOPPING))
    assert not panel.header.stop_after.isEnabled()
    with qtbot.waitSignal(panel.stop_now_wanted):
        panel.header.stop_now.click()

    panel.take(WorkerState(WorkState.FOLLOWING, "Another Regrain works on it"))
    settle()
    assert panel.header.stop_now.isHidden()
    assert panel.header.detail.text() == "Another Regrain works on it"


def test_canceling_a_batch_asks_and_keeps_results(
    library: Any, panel: QueuePanel, settle: Settle, qtbot: QtBot
) -> None:
    job = library.batch("trip", *_NAMES)
    settle()

    panel.batch_actions.cancel.trigger()
    box = panel.findChild(QMessageBox)
    assert box is not None and "4 photographs of trip" in box.text()
    button = next(b for b in box.buttons() if "Cancel" in b.text())
    with qtbot.waitSignal(panel.wake_wanted):
        button.click()

    assert library.services.queue.job(job).state is JobState.CANCELED


def test_a_finished_batch_is_taken_off_the_list(
    library: Any, panel: QueuePanel, settle: Settle, qtbot: QtBot
) -> None:
    job = library.batch("trip", "a.png")
    library.run(job, lambda _event: None)
    settle()
    assert panel.batch_actions.forget.isEnabled() and not panel.batch_actions.cancel.isEnabled()

    with qtbot.waitSignal(panel.wake_wanted):
        panel.batch_actions.forget.trigger()
    settle()

    assert names(panel) == []
    assert (library.home / "trip-out" / "a.png").exists()


def test_the_results_folder_and_a_result_are_shown(
    library: Any, panel: QueuePanel, settle: Settle, qtbot: QtBot
) -> None:
    job = library.batch("trip", "a.png")
    library.run(job, lambda _event: None)
    settle()
    settle()

    with qtbot.waitSignal(panel.reveal) as told:
        panel.batch_actions.results.trigger()
    assert told.args == [library.home / "trip-out"]
    panel.table.selectRow(0)
    with qtbot.waitSignal(panel.reveal) as told:
        panel.item_actions.result.trigger()
    assert told.args == [library.home / "trip-out" / "a.png"]


def test_keys_of_the_window_do_not_shadow_those_of_the_queue(
    library: Any, panel: QueuePanel, settle: Settle, qtbot: QtBot
) -> None:
    library.batch("trip", *_NAMES)
    settle()
    settle()

    panel.table.selectRow(0)
    with qtbot.waitSignal(panel.wake_wanted):
        qtbot.keyClick(panel.table, Qt.Key.Key_Delete)
    settle()

    assert texts(panel, Column.STATUS)[0] == "Canceled"


def test_the_list_follows_the_work_until_something_is_selected(
    library: Any, panel: QueuePanel, settle: Settle, qtbot: QtBot
) -> None:
    job = library.batch("trip", *(f"p{n:02}.png" for n in range(40)))
    settle()
    last = library.services.queue.item_ids(job)[-1]

    panel.take(ItemStarted(job, last, library.home / "trip" / "p39.png"))

    bottom = QPoint(5, panel.table.viewport().height() - 5)
    qtbot.waitUntil(lambda: panel.table.indexAt(bottom).row() >= 37, timeout=3000)
    panel.table.selectRow(38)
    first = library.services.queue.item_ids(job)[0]
    panel.take(ItemStarted(job, first, library.home / "trip" / "p00.png"))
    qtbot.wait(400)
    assert panel.table.indexAt(bottom).row() >= 37


def test_an_event_that_comes_twice_does_not_unbalance_the_counts(
    library: Any, panel: QueuePanel, settle: Settle
) -> None:
    job = library.batch("trip", "a.png")
    settle()
    item = library.first_item(job)
    done = ItemDone(job, item, library.home / "trip/a.png", library.home / "x.png", 1.0)

    panel.take(done)
    panel.take(done)

    totals = panel.batches.batch(job).totals
    assert totals.adds_up() and totals.pending == 0
    settle()
    assert panel.batches.batch(job).totals.pending == 1
    assert library.services.queue.item(item).status is ItemStatus.PENDING
