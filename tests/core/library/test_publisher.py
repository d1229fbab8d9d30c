"""Taking the final name: originals and foreign files are never lost, ours are never half there."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from core.errors import BatchStopped, OutputWriteError, Reason, StopReason
from core.library.publisher import Publisher
from core.library.records import Claim, ItemStatus, Rendered
from core.outputs import fsops
from core.outputs.fsops import FsOps
from core.recipe import MetadataRule, OnConflict
from tests.core.library.bench import Bench, sha256


def claim_one(bench: Bench, **output: object) -> Claim:
    bench.photo("a.jpg")
    bench.enqueue(bench.recipe(**output))  # type: ignore[arg-type]
    (claim,) = bench.queue.claim("run", 1)
    return claim


def publish(bench: Bench, claim: Claim) -> Path:
    return bench.publisher.publish(claim, bench.render(claim))


def test_a_result_stands_under_its_name_and_is_known(bench: Bench) -> None:
    claim = claim_one(bench)
    rendered = bench.render(claim)
    final = bench.publisher.publish(claim, rendered)
    assert final == bench.out / "a.jpg"
    assert bench.names() == ["a.jpg"]
    result = bench.catalog.result_at(final)
    assert result is not None
    assert (result.source, result.key, result.sha256) == (
        claim.source,
        rendered.key,
        rendered.sha256,
    )
    assert bench.catalog.standing(result)
    item = bench.queue.item(claim.item)
    assert (item.status, item.output, item.note, item.seconds) == (
        ItemStatus.DONE,
        final,
        "6 of 20 steps",
        0.5,
    )


@pytest.mark.parametrize("kind", ["file", "folder", "link", "dangling link"])
def test_what_stands_under_the_name_already_is_kept_and_ours_gets_a_2(
    bench: Bench, kind: str
) -> None:
    claim = claim_one(bench)
    other = bench.folder / "elsewhere.jpg"
    other.write_bytes(b"mine")
    taken = bench.out / "a.jpg"
    if kind == "file":
        taken.write_bytes(b"mine")
    elif kind == "folder":
        taken.mkdir()
    else:
        taken.symlink_to(other if kind == "link" else bench.folder / "nowhere")
    assert publish(bench, claim) == bench.out / "a-2.jpg"
    assert bench.names() == ["a-2.jpg", "a.jpg"]
    assert other.read_bytes() == b"mine"
    assert kind != "file" or taken.read_bytes() == b"mine"


def test_skip_leaves_the_photograph_out_with_its_reason(bench: Bench) -> None:
    claim = claim_one(bench, on_conflict=OnConflict.SKIP)
    (bench.out / "a.jpg").write_bytes(b"mine")
    with pytest.raises(OutputWriteError) as caught:
        publish(bench, claim)
    assert caught.value.reason is Reason.NAME_TAKEN
    item = bench.queue.item(claim.item)
    assert (item.status, item.reason) == (ItemStatus.LEFT_OUT, Reason.NAME_TAKEN)
    assert bench.names() == ["a.jpg"]
    assert (bench.out / "a.jpg").read_bytes() == b"mine"


def test_overwrite_replaces_a_foreign_file_but_never_a_photograph_of_the_library(
    bench: Bench,
) -> None:
    claim = claim_one(bench, on_conflict=OnConflict.OVERWRITE)
    (bench.out / "a.jpg").write_bytes(b"mine")
    assert publish(bench, claim) == bench.out / "a.jpg"
    assert b"edited" in (bench.out / "a.jpg").read_bytes()
    assert bench.names() == ["a.jpg"]


def test_overwrite_keeps_a_file_that_is_an_original_of_another_batch(bench: Bench) -> None:
    claim = claim_one(bench, on_conflict=OnConflict.OVERWRITE)
    original = bench.out / "a.jpg"
    original.write_bytes(b"an original there")
    trip, bench.trip, bench.out = bench.trip, bench.out, bench.folder / "third"
    bench.enqueue()
    bench.trip, bench.out = trip, original.parent
    assert publish(bench, claim) == bench.out / "a-2.jpg"
    assert original.read_bytes() == b"an original there"


def test_the_second_of_two_sources_with_one_name_never_replaces_the_firsts_result(
    bench: Bench,
) -> None:
    first = claim_one(bench)
    publish(bench, first)
    before = (bench.out / "a.jpg").read_bytes()
    other = bench.folder / "other"
    other.mkdir()
    (other / "a.jpg").write_bytes(b"another photograph")
    bench.trip = other
    bench.enqueue()
    (second,) = bench.queue.claim("run", 1)
    assert second.planned == bench.out / "a-2.jpg"
    publish(bench, second)
    assert (bench.out / "a.jpg").read_bytes() == before
    assert b"another photograph" in (bench.out / "a-2.jpg").read_bytes()


def test_a_lost_library_makes_no_second_copy_of_what_is_there(bench: Bench) -> None:
    """The same bytes under the planned name are ours, even if nobody remembers them."""
    claim = claim_one(bench)
    rendered = bench.render(claim)
    (bench.out / "a.jpg").write_bytes(rendered.temp.read_bytes())
    assert bench.publisher.publish(claim, rendered) == bench.out / "a.jpg"
    assert bench.names() == ["a.jpg"]


def unchanged(bench: Bench, claim: Claim) -> Rendered:
    """Return a result that is the original, byte for byte, as Clean makes of a clean one."""
    temp = bench.publisher.prepare(claim)
    temp.write_bytes(claim.source.read_bytes())
    digest = sha256(claim.source.read_bytes())
    return Rendered(temp, digest, temp.stat().st_size, "k", digest, unchanged=True)


def test_a_users_own_copy_of_the_original_is_not_taken_for_our_unchanged_result(
    bench: Bench,
) -> None:
    """An unchanged result has the original's bytes; so has a backup that must be kept."""
    claim = claim_one(bench)
    rendered = unchanged(bench, claim)
    (bench.out / "a.jpg").write_bytes(claim.source.read_bytes())
    assert bench.publisher.publish(claim, rendered) == bench.out / "a-2.jpg"


def test_no_second_copy_is_put_beside_a_photograph_that_stays_as_it_is(bench: Bench) -> None:
    """After a lost library a folder of clean photographs must not be there twice."""
    claim = claim_one(bench)
    rendered = unchanged(bench, claim)
    (bench.out / "a.jpg").write_bytes(claim.source.read_bytes())
    assert bench.publisher.unchanged_copy(claim, rendered) == bench.out / "a.jpg"
    assert bench.names() == ["a.jpg"]
    assert bench.queue.item(claim.item).status is ItemStatus.ALREADY_DONE
    assert bench.catalog.result_at(bench.out / "a.jpg") is None, "it may be the user's own"


@pytest.mark.parametrize("there", [None, b"somebody else's"])
def test_an_unchanged_photograph_is_published_where_its_bytes_are_not_there(
    bench: Bench, there: bytes | None
) -> None:
    claim = claim_one(bench)
    rendered = unchanged(bench, claim)
    if there is not None:
        (bench.out / "a.jpg").write_bytes(there)
    assert bench.publisher.unchanged_copy(claim, rendered) is None
    assert rendered.temp.exists()


class Racing(FsOps):
    """Somebody writes under the name just before it is taken."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def _race(self, target: Path) -> None:
        if self.content:
            content, self.content = self.content, b""
            target.write_bytes(content)

    def rename_noreplace(self, source: Path, target: Path) -> None:
        self._race(target)
        super().rename_noreplace(source, target)

    def exchange(self, one: Path, other: Path) -> bool:
        self._race(other)
        return super().exchange(one, other)


def test_a_file_that_appears_at_the_last_moment_is_kept(folder: Path) -> None:
    bench = Bench(folder, fs=Racing(b"theirs"))
    claim = claim_one(bench)
    assert publish(bench, claim) == bench.out / "a-2.jpg"
    assert (bench.out / "a.jpg").read_bytes() == b"theirs"
    assert bench.names() == ["a-2.jpg", "a.jpg"]
    bench.close()


def test_a_result_that_is_changed_at_the_last_moment_is_kept(folder: Path) -> None:
    racing = Racing(b"")
    bench = Bench(folder, fs=racing)
    publish(bench, claim_one(bench))
    racing.content = b"retouched this very moment"
    bench.enqueue(bench.recipe(0.7))
    (claim,) = bench.queue.claim("run", 1)
    assert publish(bench, claim) == bench.out / "a-2.jpg"
    assert (bench.out / "a.jpg").read_bytes() == b"retouched this very moment"
    assert bench.names() == ["a-2.jpg", "a.jpg"]
    bench.close()


def test_a_result_that_is_deleted_at_the_last_moment_is_simply_made(folder: Path) -> None:
    class Deleting(FsOps):
        def exchange(self, one: Path, other: Path) -> bool:
            other.unlink()
            return super().exchange(one, other)

    bench = Bench(folder)
    publish(bench, claim_one(bench))
    bench.publisher = Publisher(bench.queue, bench.catalog, Deleting())
    bench.enqueue(bench.recipe(0.7))
    (claim,) = bench.queue.claim("run", 1)
    assert publish(bench, claim) == bench.out / "a.jpg"
    assert bench.names() == ["a.jpg"]
    bench.close()


@pytest.mark.parametrize("links", [True, False], ids=["hard links", "neither"])
def test_disks_without_the_special_renames_lose_nothing_either(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    """FAT, exFAT and network disks know no renameat2, FAT no hard links."""

    def unsupported(*args: object, **options: object) -> None:
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(fsops, "_renameat2", unsupported)
    if not links:
        monkeypatch.setattr(os, "link", unsupported)
    first = claim_one(bench)
    publish(bench, first)
    bench.enqueue(bench.recipe(0.7))
    (claim,) = bench.queue.claim("run", 1)
    assert publish(bench, claim) == bench.out / "a.jpg"
    assert bench.names() == ["a.jpg"]
    (bench.out / "a.jpg").write_bytes(b"changed")
    bench.enqueue()
    (claim,) = bench.queue.claim("run", 1)
    assert publish(bench, claim) == bench.out / "a-2.jpg"
    assert (bench.out / "a.jpg").read_bytes() == b"changed"


class Failing(FsOps):
    """One operation fails with one error number."""

    def __init__(self, operation: str, number: int) -> None:
        def fail(*args: object, **options: object) -> None:
            raise OSError(number, os.strerror(number))

        setattr(self, operation, fail)


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.ENOSPC, StopReason.DISK_FULL),
        (errno.EDQUOT, StopReason.DISK_FULL),
        (errno.EROFS, StopReason.READ_ONLY),
        (errno.EACCES, StopReason.READ_ONLY),
        (errno.EIO, StopReason.VOLUME_MISSING),
        (errno.ENODEV, StopReason.VOLUME_MISSING),
    ],
)
@pytest.mark.parametrize("operation", ["rename_noreplace", "sync_folder", "stat"])
def test_a_disks_refusal_stops_the_batch_fails_no_photograph_and_goes_on_afterwards(
    folder: Path, operation: str, number: int, reason: StopReason
) -> None:
    bench = Bench(folder)
    claim = claim_one(bench)
    rendered = bench.render(claim)
    bench.publisher = Publisher(bench.queue, bench.catalog, Failing(operation, number))
    with pytest.raises(BatchStopped) as caught:
        bench.publisher.publish(claim, rendered)
    assert caught.value.reason is reason
    assert caught.value.hint
    totals = bench.queue.totals(claim.job)
    assert (totals.pending, totals.failed) == (1, 0)
    bench.publisher = Publisher(bench.queue, bench.catalog)
    bench.recover()
    bench.work()
    assert bench.names() == ["a.jpg"]
    assert bench.queue.totals(claim.job).done == 1
    bench.close()


def test_a_pulled_drive_is_noticed_and_its_folder_is_not_made_on_the_disk_below(
    bench: Bench,
) -> None:
    claim = claim_one(bench)
    bench.out.rmdir()
    with pytest.raises(BatchStopped, match="is gone") as caught:
        bench.publisher.prepare(claim)
    assert caught.value.reason is StopReason.VOLUME_MISSING
    assert not bench.out.exists()


def test_subfolders_are_made_and_mirrored(bench: Bench) -> None:
    bench.photo("day 1/morning/a.jpg")
    bench.photo("day 2/a.jpg")
    bench.enqueue()
    bench.work()
    assert (bench.out / "day 1" / "morning" / "a.jpg").exists()
    assert (bench.out / "day 2" / "a.jpg").exists()


def test_two_hard_links_are_two_photographs_and_the_second_is_copied(bench: Bench) -> None:
    first = bench.photo("a.jpg")
    os.link(first, bench.trip / "b.jpg")
    bench.enqueue()
    one, other = bench.queue.claim("run", 2)
    publish(bench, one)
    result = bench.catalog.find_copy(bench.key(other))
    assert result is not None
    assert bench.publisher.copy(other, result) == bench.out / "b.jpg"
    assert (bench.out / "a.jpg").read_bytes() == (bench.out / "b.jpg").read_bytes()
    assert (bench.out / "a.jpg").stat().st_ino != (bench.out / "b.jpg").stat().st_ino
    assert bench.queue.totals(one.job).done == 2


def test_a_copy_of_a_result_that_changed_meanwhile_is_not_passed_off_as_it(bench: Bench) -> None:
    first = bench.photo("a.jpg")
    os.link(first, bench.trip / "b.jpg")
    bench.enqueue()
    one, other = bench.queue.claim("run", 2)
    final = publish(bench, one)
    result = bench.catalog.find_copy(bench.key(other))
    assert result is not None
    final.write_bytes(b"changed")
    with pytest.raises(OutputWriteError) as caught:
        bench.publisher.copy(other, result)
    assert caught.value.reason is Reason.CHANGED_WHILE_READING
    assert bench.names() == ["a.jpg"]
    assert bench.queue.item(other.item).status is ItemStatus.FAILED


def test_sidecars_come_along_and_a_changed_one_is_kept(bench: Bench) -> None:
    for name in ("a.xmp", "a.jpg.xmp"):
        bench.photo(name, name.encode())
    claim = claim_one(bench)
    (bench.out / "a.jpg.xmp").write_bytes(b"rated here")
    publish(bench, claim)
    assert bench.names() == ["a.jpg", "a.jpg.xmp", "a.xmp"]
    assert (bench.out / "a.xmp").read_bytes() == b"a.xmp"
    assert (bench.out / "a.jpg.xmp").read_bytes() == b"rated here"


def test_sidecars_stay_behind_when_metadata_is_to_be_stripped(bench: Bench) -> None:
    """They hold the place where the photograph was taken, too."""
    bench.photo("a.xmp", b"GPS")
    publish(bench, claim_one(bench, metadata=MetadataRule.STRIP_LOCATION))
    assert bench.names() == ["a.jpg"]


def test_a_folder_or_a_pipe_called_like_a_sidecar_is_passed_over(bench: Bench) -> None:
    (bench.trip / "a.xmp").mkdir()
    os.mkfifo(bench.trip / "a.jpg.xmp")
    publish(bench, claim_one(bench))
    assert bench.names() == ["a.jpg"]


def test_temporary_files_of_earlier_attempts_are_swept_and_those_of_others_are_not(
    bench: Bench,
) -> None:
    claim = claim_one(bench)
    bench.render(claim)
    bench.queue.release([claim])
    foreign = bench.out / ".regrain-ffffffffffff-1-1.tmp"
    foreign.write_bytes(b"another library's")
    (claim,) = bench.queue.claim("run", 1)
    publish(bench, claim)
    assert bench.names() == [foreign.name, "a.jpg"]
