"""After a kill: what was finished counts, what was promised is kept, the rest is done again."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.library.records import Claim, ItemStatus, Recovered
from core.library.recovery import recover
from tests.core.library.bench import Bench


def staged(bench: Bench, strength: float = 0.3) -> Claim:
    """Bring one item to the point just after its file was promised."""
    bench.photo("a.jpg")
    bench.enqueue(bench.recipe(strength))
    (claim,) = bench.queue.claim("dead run", 1)
    old = bench.catalog.result_at(claim.planned)
    rendered = bench.render(claim)
    bench.queue.stage(claim, rendered, claim.planned, old.sha256 if old else None)
    return claim


def done(bench: Bench) -> bytes:
    """Let a first result stand, and return its bytes."""
    bench.photo("a.jpg")
    bench.enqueue(bench.recipe(0.9))
    bench.work()
    return (bench.out / "a.jpg").read_bytes()


def test_nothing_to_do_is_nothing_done(bench: Bench) -> None:
    assert bench.recover() == Recovered()


def test_only_the_holder_of_the_lock_may_settle_for_others(bench: Bench) -> None:
    """Otherwise a second program would take away what the first is working on."""
    with pytest.raises(RuntimeError, match="lock"):
        recover(bench.publisher, bench.lock)


def test_what_was_in_work_waits_again_uncounted_and_its_file_is_gone(bench: Bench) -> None:
    bench.photo("a.jpg")
    bench.enqueue()
    (claim,) = bench.queue.claim("dead run", 1)
    bench.render(claim)
    assert bench.recover() == Recovered(requeued=1)
    item = bench.queue.item(claim.item)
    assert (item.status, item.attempts) == (ItemStatus.PENDING, 0)
    assert bench.names() == []


def test_a_promised_file_that_has_its_name_is_done(bench: Bench) -> None:
    claim = staged(bench)
    bench.publisher.temporary(claim).rename(claim.planned)
    assert bench.recover() == Recovered(done=1)
    assert bench.queue.item(claim.item).status is ItemStatus.DONE
    assert bench.catalog.result_at(claim.planned) is not None


def test_a_promised_file_without_its_name_gets_it(bench: Bench) -> None:
    claim = staged(bench)
    assert bench.recover() == Recovered(published=1)
    assert bench.names() == ["a.jpg"]
    assert bench.queue.item(claim.item).status is ItemStatus.DONE


def test_a_promised_file_that_is_damaged_is_made_again(bench: Bench) -> None:
    claim = staged(bench)
    bench.publisher.temporary(claim).write_bytes(b"half of it")
    assert bench.recover() == Recovered(requeued=1)
    assert bench.names() == []
    assert bench.work() == 1


def test_a_name_that_was_taken_meanwhile_is_left_to_its_owner(bench: Bench) -> None:
    claim = staged(bench)
    claim.planned.write_bytes(b"theirs")
    assert bench.recover() == Recovered(published=1)
    assert bench.names() == ["a-2.jpg", "a.jpg"]
    assert claim.planned.read_bytes() == b"theirs"


def test_an_exchange_that_was_cut_off_is_completed(bench: Bench) -> None:
    old = done(bench)
    claim = staged(bench)
    temp = bench.publisher.temporary(claim)
    bench.fs.exchange(temp, claim.planned)
    assert temp.read_bytes() == old
    assert bench.recover() == Recovered(done=1)
    assert bench.names() == ["a.jpg"]
    assert b"edited at 0.3" in claim.planned.read_bytes()


def test_a_file_changed_just_before_the_exchange_was_cut_off_comes_back(bench: Bench) -> None:
    """The kill came between the exchange and our look at what came out of it."""
    done(bench)
    claim = staged(bench)
    claim.planned.write_bytes(b"retouched this very moment")
    bench.fs.exchange(bench.publisher.temporary(claim), claim.planned)
    assert bench.recover() == Recovered(published=1)
    assert claim.planned.read_bytes() == b"retouched this very moment"
    assert b"edited at 0.3" in (bench.out / "a-2.jpg").read_bytes()
    assert bench.names() == ["a-2.jpg", "a.jpg"]


def test_a_name_that_was_only_reserved_is_taken(bench: Bench) -> None:
    """FAT: an empty file holds the place, and the kill came before it was replaced."""
    claim = staged(bench)
    claim.planned.write_bytes(b"")
    assert bench.recover() == Recovered(published=1)
    assert bench.names() == ["a.jpg"]


def test_a_second_name_of_a_link_that_was_cut_off_goes(bench: Bench) -> None:
    claim = staged(bench)
    claim.planned.hardlink_to(bench.publisher.temporary(claim))
    assert bench.recover() == Recovered(done=1)
    assert bench.names() == ["a.jpg"]


def test_canceled_stays_canceled_and_a_finished_result_stays_done(bench: Bench) -> None:
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        bench.photo(name)
    job = bench.enqueue().job
    in_work, promised, named = bench.queue.claim("dead run", 3)
    bench.render(in_work)
    for claim in (promised, named):
        bench.queue.stage(claim, bench.render(claim), claim.planned, None)
    bench.publisher.temporary(named).rename(named.planned)
    bench.queue.cancel(job)
    assert bench.recover() == Recovered(done=1, canceled=2)
    totals = bench.queue.totals(job)
    assert totals.adds_up()
    assert (totals.done, totals.canceled) == (1, 2)
    assert bench.names() == ["c.jpg"]


def test_a_drive_that_is_away_does_not_stop_the_others_from_being_settled(bench: Bench) -> None:
    claim = staged(bench)
    away = bench.out.rename(bench.folder / "away")
    assert bench.recover() == Recovered(requeued=1)
    away.rename(bench.out)
    assert bench.work() == 1
    assert bench.names() == ["a.jpg"]
    assert bench.queue.item(claim.item).status is ItemStatus.DONE


def test_forgotten_temporary_files_are_swept_by_their_library_only(bench: Bench) -> None:
    bench.photo("a.jpg")
    bench.enqueue()
    bench.queue.claim("dead run", 1)
    library = bench.database.library_id
    ours = [f".regrain-{library}-7-1.tmp", f".regrain-{library}-7-1.xmp.tmp"]
    others = [".regrain-0123456789ab-7-1.tmp", f".regrain-{library}-7.tmp", "holiday.tmp"]
    for name in ours + others:
        (bench.out / name).write_bytes(b"x")
    assert bench.recover().swept == 2
    assert bench.names() == sorted(others)


def test_recovering_twice_changes_nothing_more(bench: Bench) -> None:
    staged(bench)
    bench.recover()
    before = {path: path.read_bytes() for path in bench.out.iterdir()}
    assert bench.recover() == Recovered()
    assert {path: path.read_bytes() for path in bench.out.iterdir()} == before


def test_skip_still_holds_in_recovery(bench: Bench) -> None:
    bench.photo("a.jpg")
    bench.enqueue(bench.recipe(on_conflict="skip"))
    (claim,) = bench.queue.claim("dead run", 1)
    bench.queue.stage(claim, bench.render(claim), claim.planned, None)
    claim.planned.write_bytes(b"theirs")
    bench.recover()
    assert bench.queue.item(claim.item).status is ItemStatus.LEFT_OUT
    assert bench.names() == ["a.jpg"]
    assert Path(claim.planned).read_bytes() == b"theirs"
