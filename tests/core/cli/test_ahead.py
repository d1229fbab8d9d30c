"""The render process is there before the folder is planned, and only where there is work for it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from core.engine.host import RenderHost
from core.library.queue import JobQueue
from core.library.records import Enqueued, JobRequest
from core.services import RenderProgram
from tests.core.cli.commands import Ran, photograph
from tests.fakes import FAKE_RENDER_COMMAND, fake_environment

Regrain = Callable[..., Ran]


@dataclass(frozen=True)
class Noted(RenderProgram):
    """Remembers each process that it was asked for."""

    hosts: list[RenderHost] = field(default_factory=list)

    def host(self, *, ahead: bool = False) -> RenderHost:
        self.hosts.append(super().host(ahead=ahead))
        return self.hosts[-1]

    @property
    def running(self) -> list[bool]:
        return [host.running for host in self.hosts]


@pytest.fixture
def noted(regrain: Regrain, program: Callable[[RenderProgram], None]) -> Noted:
    made = Noted(FAKE_RENDER_COMMAND, fake_environment())
    program(made)
    return made


@pytest.fixture
def at_storing(noted: Noted, monkeypatch: pytest.MonkeyPatch) -> list[list[bool]]:
    """Which processes ran when the batch was about to be stored, a list each time."""
    seen: list[list[bool]] = []
    real = JobQueue.enqueue

    def enqueue(queue: JobQueue, request: JobRequest) -> Enqueued:
        seen.append(noted.running)
        return real(queue, request)

    monkeypatch.setattr(JobQueue, "enqueue", enqueue)
    return seen


def test_the_process_starts_before_the_batch_is_stored_and_is_the_one_that_renders(
    regrain: Regrain, trip: Path, noted: Noted, at_storing: list[list[bool]]
) -> None:
    """Its imports take seconds, in which the folder is planned; a second one would take more."""
    assert regrain("run", trip, "-o", "out", "--json").counts() == {"found": 4, "done": 4}
    assert at_storing == [[True]]
    assert noted.running == [False]


def test_a_photograph_added_to_a_folder_that_is_done_starts_it_too(
    regrain: Regrain, trip: Path, at_storing: list[list[bool]]
) -> None:
    regrain("run", trip, "-o", "out")
    photograph(trip / "zz.png", 77)
    ran = regrain("run", trip, "-o", "out", "--json")
    assert ran.counts() == {"found": 5, "done": 1, "already_done": 4}
    assert at_storing[1][-1] is True


def test_a_folder_that_is_done_starts_none_even_if_its_results_were_copied(
    regrain: Regrain, trip: Path, noted: Noted, tmp_path: Path
) -> None:
    regrain("run", trip, "-o", "out")
    shutil.copytree(tmp_path / "out", tmp_path / "copy")
    shutil.rmtree(tmp_path / "out")
    (tmp_path / "copy").rename(tmp_path / "out")
    started = len(noted.hosts)
    ran = regrain("run", trip, "-o", "out", "--json")
    assert ran.counts() == {"found": 4, "already_done": 4}
    assert len(noted.hosts) == started


def test_a_batch_that_cannot_be_stored_leaves_no_process_behind(
    regrain: Regrain, trip: Path, noted: Noted, tmp_path: Path
) -> None:
    (tmp_path / "out").write_text("a file is in the way")
    assert regrain("run", trip, "-o", "out").code == 4
    assert not any(noted.running)


def test_a_dry_run_starts_none(regrain: Regrain, trip: Path, noted: Noted) -> None:
    assert regrain("run", trip, "-o", "out", "--dry-run").code == 0
    assert noted.hosts == []
