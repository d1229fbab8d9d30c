"""How it stands with the watched folders, read from the library in one go."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING

from core.events import Totals
from core.library.ids import JobId, ProjectId
from core.library.records import Job, JobState, Origin
from core.library.watched import FileKind, WatchRule

if TYPE_CHECKING:
    from core.services import Services


_ENDED = frozenset({JobState.FINISHED, JobState.CANCELED})


class Who(Enum):
    """Who watches just now."""

    NOBODY = auto()
    """Not known yet, or this process is about to."""
    WINDOW = auto()
    SERVICE = auto()
    FAILED = auto()


@dataclass(frozen=True, slots=True)
class Watcher:
    """Who watches; `process` is another one's number, for show; `message` why nobody can."""

    who: Who = Who.NOBODY
    process: int | None = None
    message: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class WatchedFolder:
    """A rule with its numbers of photographs.

    `today`: results of today's batches. `total`: all that were taken. `known`: those that were
    there before and are left alone.
    """

    rule: WatchRule
    today: int = 0
    total: int = 0
    waiting: int = 0
    failed: int = 0
    known: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """All watched folders; whether the service's file is there; who watches."""

    folders: tuple[WatchedFolder, ...] = ()
    installed: bool = False
    watcher: Watcher = Watcher()

    @property
    def watched_here(self) -> tuple[WatchedFolder, ...]:
        """The folders that nobody watches once this window is closed."""
        if self.watcher.who is not Who.WINDOW:
            return ()
        ours = (one for one in self.folders if not one.rule.settings.attended)
        return tuple(one for one in ours if not one.rule.paused)

    def folder(self, which: int) -> WatchedFolder | None:
        """Return the folder of a rule; None when it is not there any more."""
        return next((one for one in self.folders if one.rule.id == which), None)


Token = tuple[tuple[int, int], ...]
"""Tells that the library was written, by this process or another one."""


def library_token(services: Services) -> Token:
    """Return sizes and times of the library's files; cheap enough for every second."""
    path = services.database.path
    found = []
    for name in (path.name, f"{path.name}-wal"):
        try:
            stat = path.with_name(name).stat()
        except OSError:
            continue
        found.append((stat.st_mtime_ns, stat.st_size))
    return tuple(found)


def read_standing(services: Services) -> Standing:
    """Read rules and numbers; who watches is for the caller to add."""
    from core.watch.install import installed_file

    rules = services.watch.all()
    installed = installed_file().path.exists()
    if not rules:
        return Standing(installed=installed)
    jobs = [job for job in services.queue.jobs() if job.origin is Origin.WATCH]
    counted = [job for job in jobs if _of_today(job) or job.state not in _ENDED]
    totals = services.queue.all_totals([job.id for job in counted])
    folders = [_folder(services, rule, counted, totals) for rule in rules]
    return Standing(tuple(folders), installed)


def project_of(services: Services, rule: WatchRule) -> ProjectId:
    """Return the project that shows a rule's photographs; made before the first one comes."""
    return services.projects.ensure(rule.settings.project_name).id


def _folder(
    services: Services, rule: WatchRule, jobs: Iterable[Job], totals: Mapping[JobId, Totals]
) -> WatchedFolder:
    mark = f"watch-{rule.id}-"
    ours = [job for job in jobs if job.signature.startswith(mark) and job.id in totals]
    today = [totals[job.id] for job in ours if _of_today(job)]
    every = [totals[job.id] for job in ours]
    counts = services.watch.counts(rule.id)
    return WatchedFolder(
        rule,
        today=sum(one.done + one.already_done for one in today),
        total=counts.get(FileKind.TAKEN, 0) + counts.get(FileKind.AGAIN, 0),
        waiting=sum(one.pending for one in every),
        failed=sum(one.failed + one.quarantined for one in every),
        known=counts.get(FileKind.KNOWN, 0),
    )


def _of_today(job: Job) -> bool:
    return time.localtime(job.created)[:3] == time.localtime()[:3]


def is_default(library: Path, usual: Path) -> bool:
    """Return whether a library is the user's usual one, which the service needs no name for."""
    return library.expanduser().absolute() == usual.expanduser().absolute()
