"""What the sidebar shows of a library, read in one go, and as a tree of entries."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from core.events import Totals
from core.library.ids import JobId, ProjectId, WatchRuleId
from core.library.photo import PhotoQuery, Source
from core.library.records import Job, JobState, Project
from desktop.photos.words import tr
from desktop.queue.words import job_words, settled
from desktop.words import count, photographs

if TYPE_CHECKING:
    from core.services import Services

MOST_BATCHES = 50
"""Older batches are in the queue's table only."""


Batches: TypeAlias = tuple[tuple[Job, Totals], ...]


@dataclass(frozen=True, slots=True)
class Overview:
    """One project among the others, with its folders and batches, the newest first."""

    project: ProjectId
    photographs: int
    projects: tuple[Project, ...]
    sources: tuple[Source, ...] = ()
    batches: Batches = ()


def read_overview(services: Services, project: ProjectId) -> Overview:
    """Read all but the folders, which take a moment in a large project."""
    return Overview(
        project,
        services.photos.count(PhotoQuery(project)),
        tuple(services.projects.all()),
        batches=read_batches(services, project),
    )


def read_batches(services: Services, project: ProjectId) -> Batches:
    """Read the newest batches with their counts."""
    jobs = services.queue.jobs(project=project)[:MOST_BATCHES]
    totals = services.queue.all_totals([job.id for job in jobs])
    return tuple((job, totals[job.id]) for job in jobs if job.id in totals)


class Kind(Enum):
    """What an entry is."""

    SECTION = auto()
    HINT = auto()
    PROJECT = auto()
    ALL = auto()
    FOLDER = auto()
    BATCH = auto()
    WATCH = auto()
    """A watched folder."""
    WATCHER = auto()
    """Who watches."""
    ADD_WATCH = auto()


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the sidebar. `detail` is a second, smaller line; `role` colours its icon."""

    kind: Kind
    text: str
    icon: str = ""
    role: str = "muted"
    number: str = ""
    detail: str = ""
    tooltip: str = ""
    project: ProjectId | None = None
    folder: Path | None = None
    job: JobId | None = None
    rule: WatchRuleId | None = None
    missing: bool = False
    children: Sequence[Entry] = field(default=())

    @property
    def key(self) -> tuple[object, ...]:
        """What makes it the same entry when its numbers have changed."""
        named = self.text if self.kind in (Kind.SECTION, Kind.HINT) else ""
        return self.kind, named, self.project, self.folder, self.job, self.rule

    @property
    def spoken(self) -> str:
        """All of it in one line, for a screen reader."""
        return ", ".join(part for part in (self.text, self.number, self.detail) if part)


def entries(
    overview: Overview, watch: Sequence[Entry] = (), held: Collection[JobId] = ()
) -> list[Entry]:
    """Return the sidebar's lines; projects only when there are several.

    `held` batches wait for Resume, which the library knows nothing of.
    """
    found = []
    if len(overview.projects) > 1:
        projects = [_project(project) for project in overview.projects]
        found.append(Entry(Kind.SECTION, tr("Projects"), children=projects))
    everything = Entry(
        Kind.ALL,
        tr("All photographs"),
        "grid",
        number=count(overview.photographs),
        tooltip=tr("Show all photographs of the project."),
    )
    folders = _folders(overview.sources)
    if not (folders or overview.photographs):
        folders = [_hint(tr("Drop photographs or a folder."))]
    found.append(Entry(Kind.SECTION, tr("Photographs"), children=[everything, *folders]))
    batches = [_batch(_as_held(job, held), totals) for job, totals in overview.batches]
    batches = batches or [_hint(tr("None yet. Run starts one."))]
    found.append(Entry(Kind.SECTION, tr("Batches"), children=batches))
    watched = watch or [_hint(tr("None. New photographs in a watch folder are edited at once."))]
    found.append(Entry(Kind.SECTION, tr("Watch folders"), children=watched))
    return found


def _hint(text: str) -> Entry:
    return Entry(Kind.HINT, text, tooltip=text)


def _project(project: Project) -> Entry:
    number = count(project.photographs)
    tooltip = f"{project.name}: {photographs(project.photographs)}"
    return Entry(
        Kind.PROJECT, project.name, "project", number=number, tooltip=tooltip, project=project.id
    )


def _folders(sources: Sequence[Source]) -> list[Entry]:
    """Return the topmost folders, each with those below it."""
    return list(_below(list(sources), None))


def _below(sources: list[Source], parent: Path | None) -> Iterator[Entry]:
    """Yield the entries of the folders at the list's start that lie below `parent`, taking them.

    A folder comes right before what lies below it.
    """
    while sources and (parent is None or sources[0].folder.is_relative_to(parent)):
        source = sources.pop(0)
        children = tuple(_below(sources, source.folder))
        name = str(source.folder.relative_to(parent)) if parent else source.folder.name
        yield _folder(source, name or str(source.folder), children)


def _folder(source: Source, name: str, children: Sequence[Entry]) -> Entry:
    gone = source.missing >= source.photographs > 0
    tooltip, detail = f"{source.folder}\n{photographs(source.photographs)}", ""
    if source.missing:
        tooltip += "\n" + tr("{} of them are not there any more.").format(count(source.missing))
        detail = tr("{} missing").format(count(source.missing))
    if gone:
        detail = tr("Not there. Relocate…")
    return Entry(
        Kind.FOLDER,
        name,
        "folder-missing" if gone else "folder",
        "warn" if gone else "muted",
        count(source.photographs),
        detail,
        tooltip,
        folder=source.folder,
        missing=gone,
        children=children,
    )


_BATCH_MARKS = {
    JobState.WAITING: ("waiting", "muted"),
    JobState.RUNNING: ("play", "accent_text"),
    JobState.PAUSED: ("pause", "muted"),
    JobState.STOPPED: ("stop", "warn"),
    JobState.FINISHED: ("done", "good"),
    JobState.CANCELED: ("close", "muted"),
}


def batch_name(job: Job) -> str:
    """Return what a batch is called."""
    return job.name or tr("Batch {}").format(job.id)


def _as_held(job: Job, held: Collection[JobId]) -> Job:
    waits = job.id in held and job.state in (JobState.WAITING, JobState.RUNNING)
    return replace(job, state=JobState.PAUSED) if waits else job


def _batch(job: Job, totals: Totals) -> Entry:
    mark, role = _BATCH_MARKS[job.state]
    if job.state is JobState.FINISHED and totals.failed + totals.quarantined:
        mark, role = "error", "bad"
    number = count(totals.found)
    if totals.pending:
        number = tr("{} of {}").format(count(settled(totals)), number)
    words = job_words(job, totals)
    why = " ".join(part for part in (job.stop_message, job.stop_hint) if part)
    tooltip = "\n".join(part for part in (f"{batch_name(job)}: {words}", why) if part)
    return Entry(Kind.BATCH, batch_name(job), mark, role, number, words, tooltip, job=job.id)
