"""Hashes and results that the library remembers: never an old answer for a changed file."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from core.errors import ImageReadError, Reason
from core.library import catalog as catalog_module
from core.library.hashing import may_be_remembered, read_hash
from core.library.records import FileStat
from tests.core.library.bench import Bench, sha256


def old(path: Path) -> Path:
    """Give a file an age at which its hash is remembered."""
    deadline = time.time_ns() + 60_000_000
    while time.time_ns() < deadline:
        pass
    return path


def test_a_photograph_is_read_once_and_then_known(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = old(bench.photo("a.jpg", b"content"))
    assert bench.catalog.hash_file(path).sha256 == sha256(b"content")
    monkeypatch.setattr(catalog_module, "read_hash", None)
    assert bench.catalog.hash_file(path).sha256 == sha256(b"content")
    assert bench.catalog.known_hashes([path, bench.trip / "no.jpg"]) == {path: sha256(b"content")}


def test_a_photograph_written_anew_with_the_same_size_and_time_is_read_again(
    bench: Bench,
) -> None:
    """Some programs keep the time of what they change; the change time tells."""
    path = old(bench.photo("a.jpg", b"content"))
    bench.catalog.hash_file(path)
    times = path.stat()
    path.write_bytes(b"CONTENT")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert bench.catalog.hash_file(path).sha256 == sha256(b"CONTENT")


def test_a_photograph_that_was_written_this_very_moment_is_not_remembered(bench: Bench) -> None:
    """It may be written again within the same tick of the disk's clock."""
    path = bench.photo("a.jpg")
    now = time.time_ns()
    os.utime(path, ns=(now, now))
    hashed = read_hash(path)
    assert not may_be_remembered(hashed.stat, now_ns=hashed.stat.ctime_ns + 1_000_000)
    assert may_be_remembered(hashed.stat, now_ns=hashed.stat.ctime_ns + 100_000_000)


def test_disks_that_count_whole_seconds_are_given_more_time() -> None:
    stat = FileStat(1, 2, 3, mtime_ns=5_000_000_000, ctime_ns=5_000_000_000)
    assert not may_be_remembered(stat, now_ns=7_000_000_000)
    assert may_be_remembered(stat, now_ns=10_000_000_000)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: None, Reason.VANISHED),
        (lambda path: path.mkdir(), Reason.NOT_A_FILE),
        (os.mkfifo, Reason.NOT_A_FILE),
        (lambda path: path.touch(), Reason.EMPTY),
        (lambda path: path.symlink_to("nowhere"), Reason.VANISHED),
    ],
    ids=["vanished", "folder", "pipe", "empty", "dangling link"],
)
def test_what_cannot_be_read_has_one_named_reason_and_never_hangs(
    bench: Bench, make: object, reason: Reason
) -> None:
    path = bench.trip / "x.jpg"
    make(path)  # type: ignore[operator]
    with pytest.raises(ImageReadError) as caught:
        bench.catalog.hash_file(path)
    assert caught.value.reason is reason
    assert "x.jpg" in caught.value.message


def test_a_photograph_that_grows_while_it_is_read_is_refused(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = bench.photo("a.jpg", b"half")
    read = os.read

    def growing(descriptor: int, count: int) -> bytes:
        data = read(descriptor, count)
        if data == b"half":
            with path.open("ab") as file:
                file.write(b" and half")
        return data

    monkeypatch.setattr(os, "read", growing)
    with pytest.raises(ImageReadError) as caught:
        read_hash(path)
    assert caught.value.reason is Reason.CHANGED_WHILE_READING


def test_a_result_that_is_gone_or_changed_does_not_stand(bench: Bench) -> None:
    bench.photo("a.jpg")
    bench.enqueue()
    bench.work()
    final = bench.out / "a.jpg"
    result = bench.catalog.result_at(final)
    assert result is not None
    assert bench.catalog.standing(result)
    content = final.read_bytes()
    final.write_bytes(content.swapcase())
    assert not bench.catalog.standing(result)
    final.write_bytes(content)
    assert bench.catalog.standing(result)
    remembered = bench.catalog.result_at(final)
    assert remembered is not None
    assert remembered.stat == FileStat.of(final.stat())
    final.unlink()
    assert not bench.catalog.standing(result)


def test_device_and_inode_numbers_of_all_64_bits_are_kept(bench: Bench) -> None:
    """Some file systems count from the top; SQLite's integers end at 63 bits."""
    from sqlalchemy import insert, select

    from core.library.tables import file_hash

    top = 2**64 - 1
    stat = {"device": top, "inode": 2**63, "size": 1, "mtime_ns": 1, "ctime_ns": 1}
    bench.database.write(lambda c: c.execute(insert(file_hash).values(**stat, sha256="x")))
    with bench.database.read() as connection:
        row = connection.execute(select(file_hash).where(file_hash.c.device == top)).one()
    assert (row.device, row.inode) == (top, 2**63)


def test_projects_are_made_once_and_listed_by_name(bench: Bench) -> None:
    second = bench.catalog.project("trip")
    first = bench.catalog.project("birds")
    assert bench.catalog.project("trip") == second
    assert bench.catalog.projects() == [first, second]


def test_names_belong_to_the_source_that_has_or_is_to_have_a_result_there(bench: Bench) -> None:
    bench.photo("A.jpg")
    bench.enqueue()
    bench.work()
    bench.photo("b.jpg")
    bench.enqueue()
    assert bench.catalog.names_in(bench.out) == {
        "a.jpg": bench.trip / "A.jpg",
        "b.jpg": bench.trip / "b.jpg",
    }
    assert bench.catalog.owner_of(bench.out / "a.JPG") == bench.trip / "A.jpg"
    assert bench.catalog.owner_of(bench.out / "b.jpg") == bench.trip / "b.jpg"
    assert bench.catalog.owner_of(bench.out / "c.jpg") is None
    assert bench.catalog.own_outputs([bench.out / "A.jpg", bench.trip / "A.jpg"]) == {
        bench.out / "A.jpg": bench.trip / "A.jpg"
    }
