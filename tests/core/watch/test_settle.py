"""The settle rule: a photograph is taken when it is whole, neither earlier nor much later."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.library.records import FileStat
from core.watch.settle import PATIENCE_SECONDS, SettleBook, Verdict

STAT = FileStat(device=1, inode=2, size=3, mtime_ns=4, ctime_ns=5)
S = 4.0


def closed() -> bool:
    return False


def look(book: SettleBook, now: float, found: FileStat | None = STAT, is_open=closed) -> Verdict:  # type: ignore[no-untyped-def]
    path = book.take_due(now)
    assert path == "a", f"nothing is due at {now}"
    return book.looked(path, found, now, is_open)


def test_a_quiet_file_is_ready_exactly_after_the_settle_time() -> None:
    """Ready later, each photograph would come late; earlier, half of it would be edited."""
    book = SettleBook(S)
    book.touched("a", 10.0)
    assert book.next_due() == 10.0 + S / 2
    assert book.take_due(11.9) is None
    assert look(book, 12.0) is Verdict.WAIT
    assert book.next_due() == 10.0 + S
    assert look(book, 14.0) is Verdict.READY


def test_an_event_begins_the_quiet_time_anew() -> None:
    book = SettleBook(S)
    book.touched("a", 10.0)
    assert look(book, 12.0) is Verdict.WAIT
    book.touched("a", 13.0)
    assert book.take_due(14.0) is None
    assert look(book, 15.0) is Verdict.WAIT
    assert look(book, 17.0) is Verdict.READY


def test_a_change_without_event_counts_as_one() -> None:
    """Over a network, and through mapped memory, files grow without an event."""
    book = SettleBook(S)
    book.seen("a", 10.0)
    assert look(book, 12.0) is Verdict.WAIT
    grown = replace(STAT, size=100)
    assert look(book, 14.0, grown) is Verdict.WAIT
    assert book.take_due(17.9) is None
    assert look(book, 18.0, grown) is Verdict.READY


def test_a_file_that_is_open_for_writing_waits_but_not_for_ever() -> None:
    book = SettleBook(S)
    book.touched("a", 0.0)
    look(book, S / 2)
    now = S
    while now < PATIENCE_SECONDS:
        assert look(book, now, is_open=lambda: True) is Verdict.WAIT
        due = book.next_due()
        assert due is not None
        now = due
    assert look(book, now, is_open=lambda: True) is Verdict.READY


def test_a_file_that_is_gone_is_forgotten() -> None:
    book = SettleBook(S)
    book.touched("a", 0.0)
    assert look(book, S, None) is Verdict.GONE
    assert "a" not in book
    assert book.next_due() is None


def test_a_scan_does_not_delay_what_events_told() -> None:
    """Scans at short intervals would otherwise put a photograph off for ever."""
    book = SettleBook(S)
    book.touched("a", 0.0)
    look(book, 2.0)
    for now in (2.5, 3.0, 3.5):
        book.seen("a", now)
    assert look(book, 4.0) is Verdict.READY


def test_waiting_anew_keeps_the_age_of_the_last_change() -> None:
    """Ten minutes after its last change a cut file is given to the engine, which says so."""
    book = SettleBook(S)
    book.touched("a", 0.0)
    look(book, 2.0)
    assert look(book, 4.0) is Verdict.READY
    book.again("a", 4.0)
    assert look(book, 6.0) is Verdict.WAIT
    assert look(book, 8.0) is Verdict.READY
    assert book.age("a", 8.0) == 8.0
    book.drop("a")
    assert len(book) == 0


def test_ten_thousand_events_on_one_file_cost_one_entry() -> None:
    book = SettleBook(S)
    for number in range(10_000):
        book.touched("a", number * 0.001)
    assert len(book) == 1
    assert book.take_due(10.0) is None
    assert book.next_due() == pytest.approx(9.999 + S / 2)


events = st.lists(st.tuples(st.floats(0.01, 3.0), st.booleans(), st.booleans()), max_size=25)


@given(events)
def test_whatever_happens_it_is_ready_only_after_quiet_and_two_equal_looks(
    steps: list[tuple[float, bool, bool]],
) -> None:
    """Any order of events, silent changes and looks: never within the settle time of a change."""
    book, now, changed, stat = SettleBook(S), 0.0, 0.0, STAT
    looked: list[tuple[float, FileStat]] = []
    book.touched("a", now)
    for wait, event, silent in steps:
        now += wait
        if silent:
            stat = replace(stat, size=stat.size + 1)
        if event:
            book.touched("a", now)
            changed = now
        path = book.take_due(now)
        if path is None:
            continue
        looked.append((now, stat))
        if book.looked(path, stat, now, closed) is Verdict.READY:
            assert now - changed >= S - 1e-5
            before = [then for then, seen in looked[:-1] if seen == stat]
            assert before
            assert now - before[-1] >= 0 and now - before[0] >= S / 2 - 1e-5
            return
