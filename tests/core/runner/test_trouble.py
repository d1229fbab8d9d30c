"""One file's trouble is its own; that of disk, model or library is no photograph's."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import (
    BatchStopped,
    ImageReadError,
    LibraryError,
    Reason,
    SettingsError,
    StopReason,
)
from core.events import ItemDone, ItemFailed, ItemLeftOut, ItemStarted, RunnerBlocked, Totals
from core.library.records import Claim, HashedFile, ItemStatus, JobState
from core.runner import RunOutcome, decide
from tests.runs import Bench, manifest

Benches = Callable[..., Bench]


def blocked(bench: Bench) -> RunnerBlocked:
    (event,) = bench.of(RunnerBlocked)
    assert isinstance(event, RunnerBlocked)
    return event


def unreadable(path: Path, number: int) -> ImageReadError:
    error = ImageReadError(Reason.UNREADABLE, f"{path.name} cannot be read.")
    error.__cause__ = OSError(number, "injected")
    return error


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Path]]:
    """Make reading of one file fail the first `times`; return the list of what was read."""

    def arrange(bench: Bench, name: str, number: int, times: int) -> list[Path]:
        monkeypatch.setattr(decide, "RETRY_DELAYS", (0.05, 0.1))
        real, read = bench.catalog.hash_file, []

        def hash_file(path: Path) -> HashedFile:
            read.append(path)
            if path.name == name and [p.name for p in read].count(name) <= times:
                raise unreadable(path, number)
            return real(path)

        monkeypatch.setattr(bench.catalog, "hash_file", hash_file)
        return read

    return arrange


def test_each_bad_file_has_its_reason_and_the_others_are_done(bench: Bench) -> None:
    (cut,) = bench.photographs("cut.png")
    cut.write_bytes(cut.read_bytes()[:300])
    bench.photographs("a.png", "nan.png", "oom.png", "z.png")
    assert bench.edit() == Totals(found=5, done=2, failed=3)
    reasons = {
        event.source.name: event.reason
        for event in bench.of(ItemFailed)
        if isinstance(event, ItemFailed)
    }
    assert reasons == {
        "cut.png": Reason.TRUNCATED,
        "nan.png": Reason.NAN,
        "oom.png": Reason.OOM_GPU,
    }
    assert set(manifest(bench.output)) == {"a.png", "z.png"}


def test_a_photograph_that_vanished_is_left_out(bench: Bench) -> None:
    bench.photographs("a.png", "b.png")
    job = bench.enqueue().job
    (bench.source / "a.png").unlink()
    assert bench.run(job) is RunOutcome.FINISHED
    assert bench.queue.totals(job) == Totals(found=2, done=1, left_out=1)
    (event,) = bench.of(ItemLeftOut)
    assert isinstance(event, ItemLeftOut)
    assert event.reason is Reason.VANISHED


def test_a_read_error_that_passes_is_tried_again(
    bench: Bench, failing: Callable[..., list[Path]]
) -> None:
    """A flaky cable or a network disk that hiccups must not fail a photograph at once."""
    bench.photographs("a.png", "b.png", "c.png")
    read = failing(bench, "b.png", errno.EIO, times=2)
    assert bench.edit() == Totals(found=3, done=3)
    assert [path.name for path in read].count("b.png") == 3


def test_a_read_error_that_stays_fails_only_its_photograph(
    bench: Bench, failing: Callable[..., list[Path]]
) -> None:
    bench.photographs("a.png", "b.png", "c.png")
    failing(bench, "b.png", errno.ESTALE, times=100)
    assert bench.edit() == Totals(found=3, done=2, failed=1)


def test_a_file_without_permission_is_not_tried_again(
    bench: Bench, failing: Callable[..., list[Path]]
) -> None:
    bench.photographs("a.png", "b.png")
    read = failing(bench, "b.png", errno.EACCES, times=100)
    assert bench.edit() == Totals(found=2, done=1, failed=1)
    assert [path.name for path in read].count("b.png") == 1


def test_a_drive_that_does_not_answer_stops_the_batch(
    bench: Bench, failing: Callable[..., list[Path]]
) -> None:
    bench.photographs("a.png", "b.png")
    failing(bench, "b.png", errno.ENODEV, times=1)
    job = bench.enqueue().job
    assert bench.run(job) is RunOutcome.BLOCKED
    assert blocked(bench).reason is StopReason.VOLUME_MISSING
    assert bench.queue.totals(job).failed == 0
    bench.queue.unblock(job)
    assert bench.run(job) is RunOutcome.FINISHED
    assert bench.queue.totals(job).done == 2


def test_a_photograph_saved_while_it_was_read_is_read_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the result is made of must be what its key says."""
    monkeypatch.setattr(decide, "RETRY_DELAYS", (0.0, 0.0))
    bench.photographs("a.png")
    saved = bench.photographs("other/saved.png")[0].read_bytes()
    (bench.source / "other/saved.png").unlink()
    real = bench.publisher.prepare

    def prepare(claim: Claim) -> Path:
        if claim.source.read_bytes() != saved:
            claim.source.write_bytes(saved)
        return real(claim)

    monkeypatch.setattr(bench.publisher, "prepare", prepare)
    assert bench.edit(bench.source / "a.png") == Totals(found=1, done=1)
    (result,) = bench.catalog.results_by_key(bench.catalog.result_at(bench.output / "a.png").key)
    assert result.source_sha256 == bench.catalog.hash_file(bench.source / "a.png").sha256


def test_a_model_that_is_gone_stops_the_batch_until_it_is_back(bench: Bench) -> None:
    bench.photographs("a.png", "b.png")
    job = bench.enqueue().job
    folder = bench.model.folder
    folder.rename(folder.with_name("away"))
    assert bench.run(job) is RunOutcome.BLOCKED
    assert blocked(bench).reason is StopReason.MODEL_MISSING
    stored = bench.queue.job(job)
    assert (stored.state, stored.stop_reason) == (JobState.STOPPED, StopReason.MODEL_MISSING)
    assert [item.attempts for item in bench.queue.items(job)] == [0, 0]
    folder.with_name("away").rename(folder)
    assert bench.run(job) is RunOutcome.BLOCKED, "a stopped batch waits for Resume"
    bench.queue.unblock(job)
    assert bench.run(job) is RunOutcome.FINISHED
    assert bench.queue.totals(job) == Totals(found=2, done=2)


def test_a_model_that_nobody_knows_stops_the_batch(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.photographs("a.png")
    job = bench.enqueue().job
    specs = bench.runner._parts.registry.specs
    monkeypatch.delitem(specs, "fake")
    assert bench.run(job) is RunOutcome.BLOCKED
    assert blocked(bench).reason is StopReason.MODEL_MISSING
    assert "fake" in blocked(bench).message


def test_a_lost_gpu_fails_no_photograph(bench: Bench) -> None:
    bench.photographs("a.png", "lost.png", "z.png")
    job = bench.enqueue().job
    assert bench.run(job) is RunOutcome.BLOCKED
    assert blocked(bench).reason is StopReason.GPU_LOST
    totals = bench.queue.totals(job)
    assert (totals.failed, totals.done + totals.pending) == (0, 3)
    assert all(item.attempts == 0 for item in bench.queue.items(job, ItemStatus.PENDING))


def test_one_stopped_batch_does_not_hold_up_the_next(bench: Bench) -> None:
    bench.photographs("a.png", "lost.png")
    bad = bench.enqueue(strength=0.2).job
    bench.photographs("good/b.png")
    good = bench.enqueue(bench.source / "good", folder=bench.home / "second").job
    assert bench.run() is RunOutcome.BLOCKED
    assert bench.queue.job(bad).state is JobState.STOPPED
    assert bench.queue.totals(good) == Totals(found=1, done=1)


@pytest.mark.parametrize("reason", [StopReason.DISK_FULL, StopReason.READ_ONLY])
@pytest.mark.parametrize("where", ["prepare", "publish"])
def test_a_disk_that_refuses_in_the_parent_stops_the_batch(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, where: str, reason: StopReason
) -> None:
    bench.photographs("a.png", "b.png", "c.png")
    job = bench.enqueue().job

    def refuse(*arguments: object) -> Path:
        raise BatchStopped(reason, "Stopped: injected.", hint="Free space.")

    monkeypatch.setattr(bench.publisher, where, refuse)
    assert bench.run(job) is RunOutcome.BLOCKED
    assert blocked(bench).reason is reason
    assert bench.queue.totals(job) == Totals(found=3, pending=3)
    assert all(item.status is ItemStatus.PENDING for item in bench.queue.items(job))
    monkeypatch.undo()
    bench.queue.unblock(job)
    assert bench.run(job) is RunOutcome.FINISHED
    assert bench.queue.totals(job).done == 3
    assert set(manifest(bench.output)) == {"a.png", "b.png", "c.png"}


def test_a_library_that_cannot_be_written_stops_and_loses_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.photographs("a.png", "b.png")
    job = bench.enqueue().job

    def fail(*arguments: object) -> None:
        raise LibraryError("The disk of the library is full.")

    monkeypatch.setattr(bench.queue, "announce", fail)
    assert bench.run(job) is RunOutcome.BLOCKED
    assert blocked(bench).reason is StopReason.DB_ERROR
    monkeypatch.undo()
    assert bench.run(job) is RunOutcome.FINISHED
    assert bench.queue.totals(job) == Totals(found=2, done=2)


def test_a_file_named_in_the_settings_that_is_gone_stops_the_batch(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.photographs("a.png")
    job = bench.enqueue().job

    def missing(*arguments: object) -> str:
        raise SettingsError("film.safetensors is not there.", hint="Put it back.")

    monkeypatch.setattr(decide, "settings_digest", missing)
    assert bench.run(job) is RunOutcome.BLOCKED
    assert blocked(bench).message == "film.safetensors is not there."
    assert bench.queue.totals(job).pending == 1


def test_a_result_that_may_not_take_its_name_is_left_out(bench: Bench) -> None:
    bench.photographs("a.png", "b.png")
    bench.output.mkdir()
    (bench.output / "a.png").write_bytes(b"somebody's own")
    job = bench.enqueue(on_conflict="skip").job
    bench.run(job)
    assert bench.queue.totals(job) == Totals(found=2, done=1, left_out=1)
    assert (bench.output / "a.png").read_bytes() == b"somebody's own"


def test_a_claim_that_another_took_is_dropped(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two records of one result would break the counts."""
    bench.photographs("a.png")
    job = bench.enqueue().job

    def steal(event: object) -> None:
        if isinstance(event, ItemStarted):
            item = bench.queue.item(event.item)
            bench.queue.fail(item.id, item.attempts, Reason.UNREADABLE, "taken away")

    bench.sink = steal
    assert bench.run(job) is RunOutcome.FINISHED
    assert not bench.of(ItemDone)
    assert bench.queue.totals(job).adds_up()
    assert manifest(bench.output) == {}
