"""What a user gets from a run: each photograph once, nothing twice, nothing of others lost."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.engine.messages import Numerics
from core.events import (
    Event,
    ItemDone,
    ItemStarted,
    JobFinished,
    ModelLoading,
    ModelReady,
    StepProgress,
    Totals,
)
from core.library.lock import RenderLock
from core.library.records import JobState
from core.outputs.fsops import FsOps
from core.runner import EngineChoice, RunOutcome
from tests.fake_results import expected_pixels
from tests.runs import Bench, manifest, originals

Benches = Callable[..., Bench]


def test_every_photograph_is_edited_and_the_originals_are_untouched(bench: Bench) -> None:
    bench.photographs("a.png", "b.png", "deep/c.png", "d.jpg")
    before = originals(bench.source)
    job = bench.enqueue().job
    assert bench.run(job) is RunOutcome.FINISHED
    assert bench.queue.totals(job) == Totals(found=4, done=4)
    assert set(manifest(bench.output)) == {"a.png", "b.png", "deep/c.png", "d.jpg"}
    assert originals(bench.source) == before
    edit = bench.queue.job(job).recipe.edit
    for name in ("a.png", "b.png", "deep/c.png"):
        with Image.open(bench.output / name) as image:
            expected = expected_pixels(bench.source / name, edit.model_dump_json())
            assert np.array_equal(np.asarray(image), expected)


def test_what_happens_is_told_in_order(bench: Bench) -> None:
    bench.photographs("a.png")
    bench.edit()
    assert [type(event) for event in bench.events] == [
        ModelLoading,
        ModelReady,
        ItemStarted,
        StepProgress,
        StepProgress,
        ItemDone,
        JobFinished,
    ]
    finished = bench.events[-1]
    assert isinstance(finished, JobFinished)
    assert finished.totals == Totals(found=1, done=1)


def test_the_same_again_is_already_done_without_a_render_process(bench: Bench) -> None:
    """A second run over 10,000 photographs must take seconds, not a night."""
    bench.photographs("a.png", "b.png", "c.png")
    bench.edit()
    bench.runner.close()
    bench.hosts[0].stop()
    assert bench.edit() == Totals(found=3, already_done=3)
    assert not bench.hosts[0].running


def test_a_deleted_result_is_made_again_and_no_other(bench: Bench) -> None:
    bench.photographs("a.png", "b.png", "c.png")
    bench.edit()
    before = manifest(bench.output)
    (bench.output / "b.png").unlink()
    assert bench.edit() == Totals(found=3, done=1, already_done=2)
    assert bench.touched() == ["a.png", "b.png", "c.png", "b.png"]
    assert manifest(bench.output) == before


def test_another_strength_replaces_regrains_own_results(bench: Bench) -> None:
    bench.photographs("a.png", "b.png")
    bench.edit(strength=0.2)
    before = manifest(bench.output)
    assert bench.edit(strength=0.4) == Totals(found=2, done=2)
    after = manifest(bench.output)
    assert set(after) == {"a.png", "b.png"}
    assert all(after[name] != before[name] for name in after)


def test_a_result_that_somebody_edited_is_kept(bench: Bench) -> None:
    bench.photographs("a.png", "b.png")
    bench.edit(strength=0.2)
    theirs = bench.output / "a.png"
    theirs.write_bytes(theirs.read_bytes() + b"retouched")
    kept = theirs.read_bytes()
    bench.edit(strength=0.4)
    assert theirs.read_bytes() == kept
    assert set(manifest(bench.output)) == {"a.png", "a-2.png", "b.png"}


def test_two_names_of_one_file_are_rendered_once(bench: Bench) -> None:
    """Two hard links are two photographs with two results, but one piece of work."""
    (one,) = bench.photographs("a.png")
    os.link(one, one.with_name("b.png"))
    bench.photographs("c.png")
    assert bench.edit().done == 3
    assert sorted(bench.touched()) == ["a.png", "c.png"]
    made = manifest(bench.output)
    assert made["a.png"] == made["b.png"] != made["c.png"]


def test_the_same_edit_made_elsewhere_is_copied(bench: Bench, tmp_path: Path) -> None:
    bench.photographs("a.png")
    bench.edit()
    other = tmp_path / "elsewhere"
    assert bench.edit(folder=other).done == 1
    assert bench.touched() == ["a.png"]
    assert manifest(other) == manifest(bench.output)


def test_again_makes_what_stands_anew(bench: Bench) -> None:
    bench.photographs("a.png", "b.png")
    os.link(bench.source / "a.png", bench.source / "z.png")
    bench.edit()
    assert bench.edit(again=True) == Totals(found=3, done=3)
    assert sorted(bench.touched()) == ["a.png", "a.png", "b.png", "b.png"]


@pytest.mark.parametrize("rows", [1, 3])
def test_passes_of_several_photographs_end_in_the_same_files(benches: Benches, rows: int) -> None:
    bench = benches(fake={"rows": rows})
    names = [f"{number}.png" for number in range(7)]
    bench.photographs(*names)
    assert bench.edit() == Totals(found=7, done=7)
    edit = bench.queue.jobs()[0].recipe.edit.model_dump_json()
    for name in names:
        with Image.open(bench.output / name) as image:
            assert np.array_equal(np.asarray(image), expected_pixels(bench.source / name, edit))


def test_a_batch_keeps_the_numerics_it_was_begun_with(benches: Benches) -> None:
    """Another number of rows a pass would change the last bits of what is still to come."""
    bench = benches(choice=EngineChoice(batch_size=3))
    bench.photographs("a.png")
    job = bench.enqueue().job
    bench.run(job)
    begun = bench.queue.job(job).numerics
    assert begun is not None
    assert begun.rows == 3
    bench.close()
    (bench.output / "a.png").unlink()
    bench.photographs("b.png")
    bench.choice = EngineChoice(batch_size=1)
    bench.open()
    again = bench.enqueue()
    bench.queue.set_numerics(again.job, begun)
    bench.run(again.job)
    loaded = (bench.state / "loaded").read_text().splitlines()
    assert Numerics.model_validate_json(loaded[-1]).rows == 3


def test_a_batch_that_must_go_on_elsewhere_says_so_on_each_result(benches: Benches) -> None:
    bench = benches(fake={"device": "cpu"})
    bench.photographs("a.png")
    job = bench.enqueue().job
    bench.queue.set_numerics(job, Numerics(device="cuda:0", dtype="bf16", rows=4, versions="x"))
    bench.run(job)
    (done,) = bench.of(ItemDone)
    assert isinstance(done, ItemDone)
    assert "cuda:0 bf16" in done.note
    assert "made on cpu" in done.note
    assert bench.queue.job(job).numerics == Numerics(
        device="cuda:0", dtype="bf16", rows=4, versions="x"
    )


def test_the_device_that_the_user_asks_for_wins_over_the_stored_one(benches: Benches) -> None:
    """`--device cpu` is how a batch goes on whose GPU is gone."""
    bench = benches(choice=EngineChoice(device="cpu"), fake={"device": "cpu"})
    bench.photographs("a.png")
    job = bench.enqueue().job
    bench.queue.set_numerics(job, Numerics(device="cuda:0", dtype="bf16", rows=2))
    bench.run(job)
    loaded = Numerics.model_validate_json((bench.state / "loaded").read_text())
    assert (loaded.dtype, loaded.rows) == ("fp32", 2)


def test_a_model_stays_loaded_from_batch_to_batch(bench: Bench) -> None:
    """A watch folder makes many small batches; each must not load gigabytes again."""
    bench.photographs("a.png")
    bench.edit(strength=0.2)
    bench.photographs("b.png")
    bench.edit(strength=0.4)
    first = bench.queue.jobs()[-1]
    bench.queue.retry(first.id)
    assert len((bench.state / "loaded").read_text().splitlines()) == 1
    assert len(bench.of(ModelReady)) == 2
    assert all(job.numerics is not None for job in bench.queue.jobs())


def test_two_batches_are_worked_off_one_after_the_other(bench: Bench) -> None:
    bench.photographs("a.png", "b.png")
    first = bench.enqueue(strength=0.2).job
    second = bench.enqueue(strength=0.4, folder=bench.home / "second").job
    assert bench.run() is RunOutcome.FINISHED
    finished = [event.job for event in bench.of(JobFinished) if isinstance(event, JobFinished)]
    assert finished == [first, second]
    assert len(manifest(bench.home / "second")) == 2


def test_only_the_batch_asked_for_is_run(bench: Bench) -> None:
    bench.photographs("a.png")
    first = bench.enqueue(strength=0.2).job
    second = bench.enqueue(strength=0.4, folder=bench.home / "second").job
    bench.run(second)
    assert bench.queue.totals(first).pending == 1
    assert bench.queue.totals(second).done == 1


def test_a_sink_that_fails_breaks_no_run(
    benches: Benches, caplog: pytest.LogCaptureFixture
) -> None:
    def sink(event: Event) -> None:
        raise ValueError("a bug in somebody's progress bar")

    bench = benches(sink=sink)
    bench.photographs("a.png", "b.png")
    assert bench.edit().done == 2
    assert "event sink failed" in caplog.text


def test_a_second_runner_keeps_its_hands_off(bench: Bench) -> None:
    bench.photographs("a.png")
    job = bench.enqueue().job
    other = RenderLock(bench.lock.path)
    assert other.acquire()
    try:
        assert bench.run(job) is RunOutcome.BUSY
    finally:
        other.release()
    assert bench.queue.totals(job).pending == 1
    assert not bench.hosts
    assert bench.run(job) is RunOutcome.FINISHED


class FullOnce(FsOps):
    """A disk that refuses one name, when the result was promised already."""

    refused = False

    def rename_noreplace(self, source: Path, target: Path) -> None:
        if not self.refused:
            self.refused = True
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        super().rename_noreplace(source, target)


def test_a_result_that_could_not_be_named_is_named_and_told_after_resume(benches: Benches) -> None:
    """It was rendered once: it is not rendered again, and it is not passed over in silence."""
    bench = benches(fs=FullOnce())
    bench.photographs("a.png")
    job = bench.enqueue().job
    assert bench.run(job) is RunOutcome.BLOCKED
    assert bench.queue.totals(job).pending == 1
    bench.queue.resume(job)
    assert bench.run(job) is RunOutcome.FINISHED
    assert [event.source.name for event in bench.of(ItemDone)] == ["a.png"]
    assert bench.touched() == ["a.png"]
    assert list(manifest(bench.output)) == ["a.png"]


def test_the_lock_is_free_after_a_run_and_stays_with_who_held_it(bench: Bench) -> None:
    bench.run()
    assert not bench.lock.held
    with bench.lock:
        bench.run()
        assert bench.lock.held


def test_an_idle_render_process_can_be_ended_and_comes_back(bench: Bench) -> None:
    bench.photographs("a.png")
    bench.edit()
    assert not bench.runner.end_if_idle(3600)
    assert bench.runner.end_if_idle(0)
    assert not bench.hosts[0].running
    bench.photographs("b.png")
    assert bench.edit().done == 1


def test_a_batch_with_nothing_to_do_finishes(bench: Bench) -> None:
    bench.photographs("a.png")
    bench.edit()
    job = bench.enqueue(bench.source / "a.png").job
    assert bench.run(job) is RunOutcome.FINISHED
    assert bench.queue.job(job).state is JobState.FINISHED
