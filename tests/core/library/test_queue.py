"""The queue: no photograph is lost, taken twice, or counted twice; no late report does harm."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import exc, text

from core.engine.messages import Numerics
from core.errors import BatchStopped, LibraryError, Reason, StopReason
from core.library.records import Claim, ItemStatus, JobState
from core.library.states import ARROWS, StaleClaim, move
from core.recipe import SeedMode
from tests.core.library.bench import Bench
from tests.core.library.plans import statements


def one_claim(bench: Bench) -> Claim:
    bench.photo("a.jpg")
    bench.enqueue()
    (claim,) = bench.queue.claim("run", 1)
    return claim


def test_a_batch_goes_from_waiting_to_finished_and_its_totals_always_add_up(bench: Bench) -> None:
    for number in range(5):
        bench.photo(f"{number}.jpg")
    bench.photo("x.cr3")
    bench.photo("x.xmp")
    job = bench.enqueue().job
    totals = bench.queue.totals(job)
    assert totals.adds_up()
    assert (totals.found, totals.pending, totals.left_out, totals.ignored) == (6, 5, 1, 1)
    assert bench.queue.job(job).state is JobState.WAITING
    claims = bench.queue.claim("run", 2)
    assert bench.queue.job(job).state is JobState.RUNNING
    assert bench.queue.totals(job).pending == 5
    bench.queue.release(claims)
    assert bench.work() == 5
    totals = bench.queue.totals(job)
    assert totals.adds_up()
    assert totals.done == 5
    assert bench.queue.job(job).state is JobState.FINISHED
    assert bench.queue.jobs(unfinished=True) == []


def test_items_are_claimed_in_natural_order_and_never_twice(bench: Bench) -> None:
    for name in ("10.jpg", "9.jpg", "1.jpg", "sub/2.jpg"):
        bench.photo(name)
    bench.enqueue()
    claims = bench.queue.claim("one", 3) + bench.queue.claim("other", 3)
    assert [claim.source.name for claim in claims] == ["1.jpg", "9.jpg", "10.jpg", "2.jpg"]
    assert bench.queue.claim("one", 3) == []


def test_a_claim_carries_the_items_own_strength_and_drawn_seed(bench: Bench) -> None:
    bench.photo("a.jpg")
    recipe = bench.recipe()
    edit = recipe.edit.model_copy(update={"seed_mode": SeedMode.RANDOM})
    recipe = recipe.model_copy(update={"edit": edit})
    seeds = iter([11, 22, 33, 44])
    bench.enqueue(recipe, strengths=(0.2, 0.4), draw_seed=lambda: next(seeds))
    again = bench.enqueue(recipe, strengths=(0.2, 0.4), draw_seed=lambda: next(seeds))
    assert again.resumed
    first, second = bench.queue.claim("run", 5)
    assert (first.edit.strength, first.edit.seed) == (0.2, 11)
    assert (second.edit.strength, second.edit.seed) == (0.4, 22)
    assert first.edit.seed_mode == "fixed"
    assert [claim.planned.name for claim in (first, second)] == ["a_0.2.jpg", "a_0.4.jpg"]


def test_reports_of_an_attempt_that_is_over_are_refused_and_change_nothing(bench: Bench) -> None:
    old = one_claim(bench)
    rendered = bench.render(old)
    bench.queue.release([old])
    (new,) = bench.queue.claim("run", 1)
    assert new.attempt == old.attempt + 1
    reports = [
        lambda: bench.queue.announce(old.item, old.attempt),
        lambda: bench.queue.stage(old, rendered, old.planned, None),
        lambda: bench.queue.already_done(old.item, old.attempt, old.planned),
        lambda: bench.queue.fail(old.item, old.attempt, Reason.NAN, "late"),
        lambda: bench.queue.crashed(old.item, old.attempt),
        lambda: bench.publisher.publish(old, rendered),
    ]
    for report in reports:
        with pytest.raises(StaleClaim):
            report()
    bench.queue.release([old])
    assert bench.queue.item(new.item).status is ItemStatus.RUNNING
    assert bench.names() == []


def test_an_item_never_goes_from_done_to_failed(bench: Bench) -> None:
    claim = one_claim(bench)
    bench.publisher.publish(claim, bench.render(claim))
    with pytest.raises(StaleClaim):
        bench.queue.fail(claim.item, claim.attempt, Reason.NAN, "late")
    assert bench.queue.item(claim.item).status is ItemStatus.DONE


def test_the_database_itself_refuses_every_other_change_of_status(folder: Path) -> None:
    """A bug in one program must not make another's finished photograph wait or vanish."""
    columns = "job_id, asset_id, position, attempt, attempts, crashes, alone, announced"
    with closing(sqlite3.connect(folder / "library.db", isolation_level=None)) as connection:
        for start in ItemStatus:
            for end in ItemStatus:
                connection.execute("DELETE FROM item")
                connection.execute(
                    f"INSERT INTO item ({columns}, message, hint, note, unchanged, seconds, status)"
                    " VALUES (1, 1, 0, 0, 0, 0, 0, 0, '', '', '', 0, 0, ?)",
                    [start],
                )
                refused = False
                try:
                    connection.execute("UPDATE item SET status = ?", [end])
                except sqlite3.IntegrityError:
                    refused = True
                assert refused == (end != start and end not in ARROWS[start]), (start, end)


def test_a_wrong_arrow_in_the_program_is_a_bug_and_is_raised_as_one(bench: Bench) -> None:
    claim = one_claim(bench)
    start = [ItemStatus.DONE]
    with pytest.raises(ValueError, match="never goes from done to failed"):
        bench.database.write(lambda c: move(c, claim.item, claim.attempt, start, ItemStatus.FAILED))


def test_a_photograph_that_kills_the_worker_runs_alone_and_is_set_aside_at_the_third_death(
    bench: Bench,
) -> None:
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        bench.photo(name)
    job = bench.enqueue().job
    first, second, _ = bench.queue.claim("run", 3)
    assert bench.queue.crashed(first.item, first.attempt) is ItemStatus.PENDING
    assert bench.queue.crashed(second.item, second.attempt) is ItemStatus.PENDING
    statuses = []
    for _ in range(3):
        (alone,) = bench.queue.claim("run", 3)
        assert alone.alone
        assert alone.source.name == "a.jpg"
        statuses.append(bench.queue.crashed(alone.item, alone.attempt, "killed the worker"))
    assert statuses == [ItemStatus.PENDING, ItemStatus.PENDING, ItemStatus.QUARANTINED]
    item = bench.queue.item(first.item)
    assert (item.reason, item.message) == (Reason.CRASHED_3X, "killed the worker")
    (other,) = bench.queue.claim("run", 3)
    assert other.source.name == "b.jpg"
    assert bench.queue.retry(job) == 0
    assert bench.queue.retry(job, quarantined=True) == 1
    (retried,) = bench.queue.claim("run", 1, job)
    assert retried.alone


def test_a_released_photograph_does_not_use_up_an_attempt(bench: Bench) -> None:
    claim = one_claim(bench)
    bench.queue.release([claim])
    assert bench.queue.item(claim.item).attempts == 0
    (claim,) = bench.queue.claim("run", 1)
    bench.queue.release([claim], refund=False)
    assert bench.queue.item(claim.item).attempts == 1
    (claim,) = bench.queue.claim("run", 1)
    assert claim.attempt == 3


def test_numerics_are_those_of_the_first_claim_for_good(bench: Bench) -> None:
    bench.photo("a.jpg")
    job = bench.enqueue().job
    first = Numerics(device="cuda:0", dtype="bf16", rows=4)
    assert bench.queue.set_numerics(job, first) == first
    assert bench.queue.set_numerics(job, Numerics(device="cpu")) == first
    assert bench.queue.job(job).numerics == first


@pytest.mark.parametrize(
    ("reason", "status"),
    [
        (Reason.VANISHED, ItemStatus.LEFT_OUT),
        (Reason.NAME_TAKEN, ItemStatus.LEFT_OUT),
        (Reason.TRUNCATED, ItemStatus.FAILED),
        (Reason.NAN, ItemStatus.FAILED),
    ],
)
def test_rules_leave_out_and_troubles_fail(
    bench: Bench, reason: Reason, status: ItemStatus
) -> None:
    claim = one_claim(bench)
    assert bench.queue.fail(claim.item, claim.attempt, reason, "what", "do") is status
    item = bench.queue.item(claim.item)
    assert (item.status, item.reason, item.message, item.hint) == (status, reason, "what", "do")


def test_a_stopped_batch_hands_out_nothing_until_it_is_resumed(bench: Bench) -> None:
    claim = one_claim(bench)
    bench.photo("b.jpg")
    bench.queue.release([claim])
    bench.queue.block(claim.job, StopReason.DISK_FULL, "full", "free space")
    job = bench.queue.job(claim.job)
    assert (job.state, job.stop_reason, job.stop_message, job.stop_hint) == (
        JobState.STOPPED,
        StopReason.DISK_FULL,
        "full",
        "free space",
    )
    assert bench.queue.claim("run", 1) == []
    bench.queue.unblock(claim.job)
    bench.queue.pause(claim.job)
    assert bench.queue.job(claim.job).state is JobState.PAUSED
    assert bench.queue.claim("run", 1) == []
    bench.queue.resume(claim.job)
    assert len(bench.queue.claim("run", 1)) == 1


def test_a_paused_batch_does_not_hold_up_the_next_one(bench: Bench) -> None:
    bench.photo("a.jpg")
    first = bench.enqueue().job
    second = bench.enqueue(bench.recipe(0.9)).job
    bench.queue.pause(first)
    assert [claim.job for claim in bench.queue.claim("run", 9)] == [second]


def test_cancel_takes_what_waits_now_and_what_is_in_work_when_it_comes_back(bench: Bench) -> None:
    bench.photo("a.jpg")
    bench.photo("b.jpg")
    job = bench.enqueue().job
    (claim,) = bench.queue.claim("run", 1)
    bench.queue.cancel(job)
    assert bench.queue.is_canceled(job)
    assert bench.queue.totals(job).canceled == 1
    bench.queue.release([claim])
    totals = bench.queue.totals(job)
    assert totals.adds_up()
    assert (totals.canceled, totals.pending) == (2, 0)
    assert bench.queue.job(job).state is JobState.CANCELED


def test_a_finished_batch_cannot_be_canceled_any_more(bench: Bench) -> None:
    claim = one_claim(bench)
    bench.publisher.publish(claim, bench.render(claim))
    bench.queue.cancel(claim.job)
    assert bench.queue.job(claim.job).state is JobState.FINISHED


def test_retrying_a_canceled_batch_lets_its_failed_ones_really_run(bench: Bench) -> None:
    bench.photo("b.jpg")
    claim = one_claim(bench)
    bench.queue.fail(claim.item, claim.attempt, Reason.NAN, "x")
    bench.queue.cancel(claim.job)
    assert bench.queue.retry(claim.job) == 1
    assert [again.item for again in bench.queue.claim("run", 9)] == [claim.item]


def test_the_same_command_after_a_cancel_is_a_new_batch(bench: Bench) -> None:
    claim = one_claim(bench)
    bench.queue.cancel(claim.job)
    again = bench.enqueue()
    assert not again.resumed
    assert again.job != claim.job


def test_unknown_numbers_are_said_plainly(bench: Bench) -> None:
    with pytest.raises(LibraryError, match="no batch number 77"):
        bench.queue.job(77)  # type: ignore[arg-type]
    with pytest.raises(LibraryError, match="no batch number 77"):
        bench.queue.totals(77)  # type: ignore[arg-type]
    with pytest.raises(LibraryError, match="no photograph number 5"):
        bench.queue.item(5)  # type: ignore[arg-type]


def test_an_output_folder_that_cannot_be_made_stops_before_anything_is_stored(
    bench: Bench,
) -> None:
    bench.photo("a.jpg")
    bench.out.write_text("a file is in the way")
    with pytest.raises(BatchStopped):
        bench.enqueue()
    assert bench.queue.jobs() == []


def test_a_finished_item_costs_a_fixed_number_of_statements(bench: Bench) -> None:
    """However many photographs wait, one of them takes as long as the first."""
    costs = []
    for batch, photographs in enumerate((3, 40)):
        for number in range(photographs):
            bench.photo(f"{batch}-{number}.jpg")
        bench.enqueue(bench.recipe(0.1 + batch / 10))
        bench.database.catch_up()
        with statements() as seen:
            (claim,) = bench.queue.claim("run", 1)
        costs.append(len(seen))
        rendered = bench.render(claim)
        # Hashes of files that are old enough ride along with the next write.
        bench.database.catch_up()
        with statements() as seen:
            bench.publisher.publish(claim, rendered)
        costs[-1] += len(seen)
        bench.work()
        for path in bench.trip.iterdir():
            path.unlink()
    assert costs[0] == costs[1]


def test_a_broken_rule_of_the_database_is_a_bug_and_not_said_as_the_users_trouble(
    bench: Bench,
) -> None:
    with pytest.raises(exc.IntegrityError):
        bench.database.write(
            lambda c: c.execute(text("INSERT INTO item (id, job_id) VALUES (1, 99)"))
        )
