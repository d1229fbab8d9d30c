"""What the user does to the queue happens in just that order, and no photograph is lost by it."""

from __future__ import annotations

import pytest

from core.errors import CoreError, LibraryError, Reason
from core.library.ids import ItemId, JobId
from core.library.projects import Projects
from core.library.records import ItemStatus, JobState
from tests.core.library.bench import Bench


def batches(bench: Bench, number: int, project: str = "") -> list[JobId]:
    bench.photo("a.jpg")
    bench.photo("b.jpg")
    strengths = [0.1 + step / 10 for step in range(number)]
    return [bench.enqueue(bench.recipe(one), project=project).job for one in strengths]


def claimed(bench: Bench) -> list[JobId]:
    """Claim all that waits; return the batches in the order in which they came."""
    order: list[JobId] = []
    while claims := bench.queue.claim("run", 9):
        order += [claim.job for claim in claims]
    return list(dict.fromkeys(order))


def test_batches_are_worked_off_in_the_order_in_which_the_user_put_them(bench: Bench) -> None:
    one, two, three, four = batches(bench, 4)
    bench.queue.reorder([four, two])
    assert [job.id for job in reversed(bench.queue.jobs())] == [one, four, three, two]
    assert claimed(bench) == [one, four, three, two]


def test_reordering_passes_over_what_is_gone_and_counts_each_once(bench: Bench) -> None:
    one, two = batches(bench, 2)
    bench.queue.reorder([two, JobId(99), two, one])
    assert claimed(bench) == [two, one]
    bench.queue.reorder([])


def test_run_next_goes_before_all_others_and_new_ones_still_come_last(bench: Bench) -> None:
    one, two, three = batches(bench, 3)
    bench.queue.run_next(three)
    bench.queue.run_next(two)
    last = bench.enqueue(bench.recipe(0.9)).job
    assert claimed(bench) == [two, three, one, last]


def test_the_order_outlives_the_program(bench: Bench) -> None:
    one, two = batches(bench, 2)
    bench.queue.run_next(two)
    bench.close()
    bench.open()
    assert claimed(bench) == [two, one]


def test_one_photograph_is_canceled_and_the_others_are_made(bench: Bench) -> None:
    (job,) = batches(bench, 1)
    first, second = bench.queue.item_ids(job)
    assert bench.queue.cancel_items([first, ItemId(99)]) == 1
    assert bench.work() == 1
    totals = bench.queue.totals(job)
    assert totals.adds_up()
    assert (totals.done, totals.canceled, totals.pending) == (1, 1, 0)
    assert bench.queue.job(job).state is JobState.FINISHED
    assert bench.queue.cancel_items([first, second]) == 0


def test_a_photograph_in_work_is_not_canceled_under_the_runners_hands(bench: Bench) -> None:
    (job,) = batches(bench, 1)
    (claim,) = bench.queue.claim("run", 1)
    assert bench.queue.cancel_items(bench.queue.item_ids(job)) == 1
    bench.publisher.publish(claim, bench.render(claim))
    assert bench.queue.item(claim.item).status is ItemStatus.DONE


def test_a_canceled_photograph_waits_again_when_it_is_asked_for(bench: Bench) -> None:
    """By Retry, and by running the same command over the unfinished batch."""
    (job,) = batches(bench, 1)
    first, second = bench.queue.item_ids(job)
    bench.queue.cancel_items([first])
    assert bench.queue.retry_item(first)
    bench.queue.cancel_items([first])
    assert bench.enqueue(bench.recipe(0.1)).job == job
    assert bench.queue.item_ids(job, [ItemStatus.PENDING]) == [first, second]


def test_one_failed_photograph_is_tried_again_and_the_other_is_not(bench: Bench) -> None:
    (job,) = batches(bench, 1)
    for claim in bench.queue.claim("run", 2):
        bench.queue.fail(claim.item, claim.attempt, Reason.NAN, "no number", "try again")
    first, second = bench.queue.item_ids(job)
    bench.queue.pause(job)
    assert bench.queue.retry_item(second)
    assert not bench.queue.retry_item(second)
    item = bench.queue.item(second)
    assert (item.status, item.reason, item.message) == (ItemStatus.PENDING, None, "")
    assert bench.queue.item(first).status is ItemStatus.FAILED
    assert [claim.item for claim in bench.queue.claim("run", 9)] == [second]


def test_retrying_one_of_a_canceled_batch_leaves_the_rest_canceled(bench: Bench) -> None:
    (job,) = batches(bench, 1)
    first, second = bench.queue.item_ids(job)
    bench.queue.cancel(job)
    assert bench.queue.retry_item(first)
    assert [claim.item for claim in bench.queue.claim("run", 9)] == [first]
    assert bench.queue.item(second).status is ItemStatus.CANCELED


def test_what_the_scan_left_out_cannot_be_tried_again(bench: Bench) -> None:
    bench.photo("a.gif")
    job = bench.enqueue().job
    (item,) = bench.queue.item_ids(job)
    assert not bench.queue.retry_item(item)


def test_a_finished_batch_leaves_the_list_and_its_results_stay_known(bench: Bench) -> None:
    (job,) = batches(bench, 1)
    with pytest.raises(CoreError, match="not finished"):
        bench.queue.forget(job)
    bench.work()
    bench.queue.forget(job)
    assert bench.queue.jobs() == []
    assert bench.queue.totals(job).done == 2
    assert bench.catalog.result_at(bench.out / "a.jpg") is not None


def test_a_batch_that_is_taken_up_again_is_on_the_list_again(bench: Bench) -> None:
    (job,) = batches(bench, 1)
    for claim in bench.queue.claim("run", 2):
        bench.queue.fail(claim.item, claim.attempt, Reason.NAN, "no number")
    bench.queue.forget(job)
    assert bench.enqueue(bench.recipe(0.1)).job == job
    assert [listed.id for listed in bench.queue.jobs()] == [job]


def test_items_come_by_batch_by_status_and_by_number_in_the_order_asked_for(bench: Bench) -> None:
    (job,) = batches(bench, 1)
    (claim,) = bench.queue.claim("run", 1)
    bench.publisher.publish(claim, bench.render(claim))
    first, second = bench.queue.item_ids(job)
    assert bench.queue.item_ids(job, [ItemStatus.DONE]) == [first]
    found = bench.queue.items_by_id([second, ItemId(99), first])
    assert [item.id for item in found] == [second, first]
    assert found[1] == bench.queue.item(first)


def test_batches_are_listed_by_project_and_all_totals_add_up(bench: Bench) -> None:
    (trip,) = batches(bench, 1, "Trip")
    others = batches(bench, 2)
    project = Projects(bench.database).all()[0].id
    assert [job.id for job in bench.queue.jobs(project=project)] == [trip]
    bench.work()
    totals = bench.queue.all_totals([trip, *others, JobId(99)])
    assert totals == {job: bench.queue.totals(job) for job in (trip, *others)}
    assert all(entry.adds_up() for entry in totals.values())
    with pytest.raises(LibraryError):
        bench.queue.totals(JobId(99))
