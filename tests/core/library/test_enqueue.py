"""Storing batches: the same command goes on where it was, and what stands is not made again."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from core.errors import Reason, StopReason
from core.library.ids import JobId
from core.library.intake import job_request
from core.library.keys import result_key, settings_digest
from core.library.records import FileStat, ItemStatus, JobRequest
from core.library.results import stat_values
from core.library.tables import asset, file_hash, result
from core.recipe import OnConflict, OutputFormat
from core.scan import scan
from tests.core.library.bench import SPEC, Bench, sha256


def settle_clock(bench: Bench) -> None:
    """Make the photographs old enough for their hashes to be remembered."""
    for path in bench.trip.rglob("*"):
        os.utime(path, ns=(1, 1_000_000_001))
    deadline = time.time_ns() + 60_000_000
    while time.time_ns() < deadline:
        pass


def by_status(bench: Bench, job: JobId) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for item in bench.queue.items(job):
        found.setdefault(item.status, []).append(item.source.name)
    return found


@pytest.fixture
def done(bench: Bench) -> Bench:
    """Four photographs, all edited."""
    for name in ("a.jpg", "b.jpg", "c.jpg", "d.jpg"):
        bench.photo(name)
    settle_clock(bench)
    bench.enqueue()
    assert bench.work() == 4
    return bench


def test_the_same_command_again_finds_all_done_without_a_claim(done: Bench) -> None:
    again = done.enqueue()
    assert not again.resumed
    totals = done.queue.totals(again.job)
    assert (totals.found, totals.already_done, totals.pending) == (4, 4, 0)
    assert done.queue.claim("run", 9) == []
    outputs = [item.output for item in done.queue.items(again.job)]
    assert outputs == [done.out / name for name in ("a.jpg", "b.jpg", "c.jpg", "d.jpg")]


def test_two_deleted_results_are_exactly_those_two_made_again(done: Bench) -> None:
    (done.out / "b.jpg").unlink()
    (done.out / "d.jpg").unlink()
    again = done.enqueue()
    assert by_status(done, again.job) == {
        "already_done": ["a.jpg", "c.jpg"],
        "pending": ["b.jpg", "d.jpg"],
    }
    assert done.work() == 2
    assert done.names() == ["a.jpg", "b.jpg", "c.jpg", "d.jpg"]


def test_another_strength_replaces_our_results_and_going_back_replaces_them_again(
    done: Bench,
) -> None:
    before = (done.out / "a.jpg").read_bytes()
    done.enqueue(done.recipe(0.6))
    assert done.work() == 4
    assert done.names() == ["a.jpg", "b.jpg", "c.jpg", "d.jpg"]
    assert (done.out / "a.jpg").read_bytes() != before
    done.enqueue()
    assert done.work() == 4
    assert (done.out / "a.jpg").read_bytes() == before


def test_a_result_that_another_program_changed_is_kept_and_ours_stands_beside_it(
    done: Bench,
) -> None:
    (done.out / "b.jpg").write_bytes(b"retouched by hand")
    first = done.enqueue(done.recipe(0.6)).job
    assert done.work() == 4
    assert done.names() == ["a.jpg", "b-2.jpg", "b.jpg", "c.jpg", "d.jpg"]
    assert (done.out / "b.jpg").read_bytes() == b"retouched by hand"
    again = done.enqueue(done.recipe(0.6)).job
    assert done.queue.totals(again).already_done == 4
    done.enqueue(done.recipe(0.7))
    assert done.work() == 4
    assert done.names() == ["a.jpg", "b-2.jpg", "b.jpg", "c.jpg", "d.jpg"]
    assert first != again


def test_a_changed_photograph_is_edited_anew(done: Bench) -> None:
    done.photo("c.jpg", b"another picture under the same name")
    again = done.enqueue()
    assert by_status(done, again.job)["pending"] == ["c.jpg"]
    assert done.work() == 1
    assert b"another picture" in (done.out / "c.jpg").read_bytes()
    assert done.names() == ["a.jpg", "b.jpg", "c.jpg", "d.jpg"]


def test_a_result_that_was_only_touched_is_read_and_found_to_be_the_same(done: Bench) -> None:
    """Restored from a backup or copied to a new disk, results are not made again."""
    content = (done.out / "a.jpg").read_bytes()
    (done.out / "a.jpg").unlink()
    (done.out / "a.jpg").write_bytes(content)
    again = done.enqueue()
    assert done.queue.totals(again.job).pending == 1
    assert done.work() == 0
    assert done.queue.totals(again.job).already_done == 4
    assert done.queue.totals(done.enqueue().job).already_done == 4


def test_again_makes_what_stands_anew_and_replaces_it(done: Bench) -> None:
    job = done.enqueue(again=True).job
    assert done.queue.totals(job).pending == 4
    assert done.work() == 4
    assert done.names() == ["a.jpg", "b.jpg", "c.jpg", "d.jpg"]


def test_an_unfinished_batch_goes_on_with_new_files_and_counts_what_was_done_before(
    bench: Bench,
) -> None:
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        bench.photo(name)
    settle_clock(bench)
    first = bench.enqueue()
    (claim,) = bench.queue.claim("run", 1)
    bench.publisher.publish(claim, bench.render(claim))
    (claim,) = bench.queue.claim("run", 1)
    bench.queue.fail(claim.item, claim.attempt, Reason.TRUNCATED, "ends too early")
    bench.photo("d.jpg")
    again = bench.enqueue()
    assert (again.job, again.resumed, again.done_before) == (first.job, True, 1)
    assert by_status(bench, again.job) == {
        "done": ["a.jpg"],
        "pending": ["b.jpg", "c.jpg", "d.jpg"],
    }
    assert bench.work() == 3
    totals = bench.queue.totals(again.job)
    assert totals.adds_up()
    assert totals.done == 4


def test_a_batch_in_which_one_failed_is_taken_up_and_only_that_one_tried_again(
    bench: Bench,
) -> None:
    bench.photo("a.jpg")
    bench.photo("b.jpg")
    settle_clock(bench)
    first = bench.enqueue()
    one, other = bench.queue.claim("run", 2)
    bench.queue.fail(one.item, one.attempt, Reason.TRUNCATED, "ends too early", "copy it again")
    bench.publisher.publish(other, bench.render(other))
    again = bench.enqueue()
    assert (again.job, again.resumed) == (first.job, True)
    (claim,) = bench.queue.claim("run", 9)
    assert claim.source.name == "a.jpg"
    item = bench.queue.item(claim.item)
    assert (item.reason, item.message, item.hint) == (None, "", "")


def test_a_quarantined_photograph_is_not_tried_by_the_same_command(bench: Bench) -> None:
    """It would stop the worker three times more, each time."""
    bench.photo("a.jpg")
    first = bench.enqueue()
    for _ in range(4):
        (claim,) = bench.queue.claim("run", 1)
        bench.queue.crashed(claim.item, claim.attempt)
    again = bench.enqueue()
    assert again.job == first.job
    assert bench.queue.claim("run", 1) == []
    assert bench.queue.totals(again.job).quarantined == 1


def test_a_result_of_an_unfinished_batch_that_was_deleted_is_made_again(bench: Bench) -> None:
    bench.photo("a.jpg")
    bench.photo("b.jpg")
    settle_clock(bench)
    bench.enqueue()
    (claim,) = bench.queue.claim("run", 1)
    final = bench.publisher.publish(claim, bench.render(claim))
    final.unlink()
    again = bench.enqueue()
    assert again.done_before == 0
    assert bench.work() == 2
    assert bench.names() == ["a.jpg", "b.jpg"]


def test_a_finished_photograph_whose_original_was_moved_away_stays_done(bench: Bench) -> None:
    bench.photo("a.jpg")
    bench.photo("b.jpg")
    settle_clock(bench)
    bench.enqueue()
    (claim,) = bench.queue.claim("run", 1)
    bench.publisher.publish(claim, bench.render(claim))
    claim.source.unlink()
    again = bench.enqueue()
    assert by_status(bench, again.job) == {"done": ["a.jpg"], "pending": ["b.jpg"]}


def test_what_the_scan_left_out_or_could_not_read_is_said_anew_each_time(bench: Bench) -> None:
    bench.photo("a.jpg")
    gif = bench.photo("b.gif")
    raw = bench.photo("c.nef")
    job = bench.enqueue().job
    left_out = bench.queue.items(job, ItemStatus.LEFT_OUT)
    assert [(item.source, item.reason, item.output) for item in left_out] == [
        (gif, Reason.ANIMATED, None),
        (raw, Reason.RAW, None),
    ]
    gif.unlink()
    assert bench.enqueue().job == job
    assert [item.source for item in bench.queue.items(job, ItemStatus.LEFT_OUT)] == [raw]
    assert bench.queue.totals(job).adds_up()


def test_a_results_name_that_was_taken_is_tried_again(bench: Bench) -> None:
    bench.photo("a.jpg")
    bench.photo("b.jpg")
    bench.out.mkdir()
    (bench.out / "a.jpg").write_bytes(b"foreign")
    recipe = bench.recipe(on_conflict=OnConflict.SKIP)
    bench.enqueue(recipe)
    (claim,) = bench.queue.claim("run", 1)
    bench.queue.fail(claim.item, claim.attempt, Reason.NAME_TAKEN, "taken")
    bench.enqueue(recipe)
    assert len(bench.queue.claim("run", 9)) == 2


def test_a_stop_and_a_pause_are_lifted_by_the_same_command(bench: Bench) -> None:
    bench.photo("a.jpg")
    job = bench.enqueue().job
    bench.queue.pause(job)
    bench.queue.block(job, StopReason.DISK_FULL, "full")
    assert bench.enqueue().job == job
    assert len(bench.queue.claim("run", 1)) == 1


def test_other_inputs_strengths_or_folders_are_other_commands(bench: Bench) -> None:
    bench.photo("a.jpg")
    jobs = [
        bench.enqueue().job,
        bench.enqueue(bench.recipe(0.4)).job,
        bench.enqueue(strengths=(0.3, 0.4)).job,
        bench.enqueue(bench.recipe(folder=bench.folder / "other")).job,
        bench.enqueue(again=True).job,
        bench.enqueue(project="other").job,
    ]
    assert len(set(jobs)) == len(jobs)
    assert bench.enqueue().job == jobs[0]


def test_two_photographs_that_would_get_one_name_keep_theirs_on_every_rerun(bench: Bench) -> None:
    bench.photo("a.jpg")
    bench.photo("a.png")
    settle_clock(bench)
    recipe = bench.recipe(format=OutputFormat.PNG)
    job = bench.enqueue(recipe).job
    bench.work()
    planned = {item.source.name: item.output for item in bench.queue.items(job)}
    assert planned == {"a.jpg": bench.out / "a.png", "a.png": bench.out / "a-2.png"}
    assert bench.queue.totals(bench.enqueue(recipe).job).already_done == 2
    bench.photo("a.bmp")
    job = bench.enqueue(recipe).job
    planned = {item.source.name: item.output for item in bench.queue.items(job)}
    assert planned["a.bmp"] == bench.out / "a-3.png"
    assert bench.queue.totals(job).already_done == 2


def test_photographs_that_were_moved_keep_their_results(bench: Bench) -> None:
    """A renamed folder must not fill the output folder with `-2`."""
    path = bench.photo("old/a.jpg")
    settle_clock(bench)
    bench.enqueue(bench.recipe(name_template="{stem}"))
    bench.work()
    (bench.trip / "old").rename(bench.trip / "new")
    (bench.out / "old").rename(bench.out / "new")
    job = bench.enqueue().job
    (item,) = bench.queue.items(job)
    assert item.output == bench.out / "new" / "a.jpg"
    assert not path.exists()


def test_our_results_beside_the_photographs_are_left_out_of_the_next_run(bench: Bench) -> None:
    """Without it a-regrain.jpg would become a-regrain-regrain.jpg, and so on for ever."""
    bench.photo("a.jpg")
    settle_clock(bench)
    recipe = bench.recipe(folder=bench.trip, name_template="{stem}-regrain")
    found = bench.request(recipe)
    bench.queue.enqueue(found)
    bench.work()
    assert bench.names(bench.trip) == ["a-regrain.jpg", "a.jpg"]
    again = job_request(
        scan([bench.trip], take_raw=False), recipe, SPEC, bench.catalog, inputs=[bench.trip]
    )
    assert [(s.source.name, s.reason) for s in again.settled] == [
        ("a-regrain.jpg", Reason.OWN_OUTPUT)
    ]
    assert bench.queue.totals(bench.queue.enqueue(again).job).already_done == 1


def test_results_alone_in_a_folder_may_be_edited_once_more(done: Bench) -> None:
    request = job_request(
        scan([done.out]), done.recipe(folder=None), SPEC, done.catalog, inputs=[done.out]
    )
    assert len(request.items) == 4
    assert request.settled == ()


def test_a_thousand_finished_photographs_are_found_done_in_under_two_seconds(bench: Bench) -> None:
    """Counted in processor time, so that a busy machine does not fail it."""
    count = 1000
    for number in range(count):
        bench.photo(f"{number}.jpg", b"%d" % number)
    request = bench.request()
    bench.queue.enqueue(request)
    record_done(bench, request)
    bench.queue.cancel(bench.queue.jobs()[0].id)
    start = time.process_time()
    job = bench.enqueue().job
    spent = time.process_time() - start
    assert bench.queue.totals(job).already_done == count
    assert spent < 2


def record_done(bench: Bench, request: JobRequest) -> None:
    """Record results as a run would have, without a thousand syncs."""
    digest = settings_digest(request.recipe.edit, request.recipe.output, SPEC)
    with bench.database.read() as connection:
        numbers = {row.path: row.id for row in connection.execute(select(asset))}
    hashes, results = [], []
    for item in request.items:
        source = item.source.read_bytes()
        item.output.write_bytes(b"r" + source)
        hashes.append(stat_values(FileStat.of(item.source.stat())) | {"sha256": sha256(source)})
        results.append(
            {
                "asset_id": numbers[item.source],
                "folder": item.output.parent,
                "name": Path(item.output.name),
                "name_key": item.output.name,
                "result_key": result_key(sha256(source), digest),
                "sha256": sha256(b"r" + source),
                "source_sha256": sha256(source),
                **stat_values(FileStat.of(item.output.stat())),
                "unchanged": False,
                "created": 0.0,
            }
        )
    bench.database.write(lambda c: c.execute(insert(file_hash), hashes))
    bench.database.write(lambda c: c.execute(insert(result), results))


def test_names_in_no_encoding_come_back_as_they_are(bench: Bench) -> None:
    """Old cards and disks hold them; they must be edited like any other."""
    name = os.fsdecode(b"\xff\xfe caf\xe9.jpg")
    source = bench.photo(name)
    settle_clock(bench)
    job = bench.enqueue().job
    assert bench.work() == 1
    (item,) = bench.queue.items(job)
    assert item.source == source
    assert item.output is not None
    assert item.output.exists()
    assert bench.queue.totals(bench.enqueue().job).already_done == 1
