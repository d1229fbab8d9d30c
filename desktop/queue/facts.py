"""What the queue shows of each batch, read on the library's thread in one go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from core.errors import CoreError
from core.events import Totals
from core.library.records import Job, JobState
from core.plan import step_counts

if TYPE_CHECKING:
    from core.services import Services

UNFINISHED = frozenset(
    {JobState.WAITING, JobState.RUNNING, JobState.PAUSED, JobState.STOPPED},
)
_MOST_FINISHED = 100


@dataclass(frozen=True, slots=True)
class BatchFacts:
    """A batch with its counts.

    `steps` are the steps that run, by an item's strength (None: the recipe's own); empty when
    the model is not known any more.
    """

    job: Job
    totals: Totals
    steps: Mapping[float | None, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The batch's name, or its number when it has none."""
        return self.job.name or QCoreApplication.translate("Queue", "Batch {}").format(self.job.id)

    @property
    def unfinished(self) -> bool:
        """Whether something of it is still to be done."""
        return self.job.state in UNFINISHED

    @property
    def waits(self) -> bool:
        """Whether a runner would take it up: neither paused nor stopped."""
        return self.job.state in (JobState.WAITING, JobState.RUNNING)

    @property
    def failed(self) -> int:
        """Photographs that failed, those that stopped the worker included."""
        return self.totals.failed + self.totals.quarantined

    @property
    def folder(self) -> Path | None:
        """The output folder that the recipe names, if it names one."""
        return self.job.recipe.output.folder


def look(services: Services) -> list[BatchFacts]:
    """Return the batches: unfinished ones as they will be worked on, then the latest finished."""
    queue = services.queue
    # The library tells the one to be worked on last first.
    jobs = queue.jobs()
    ahead = [job for job in reversed(jobs) if job.state in UNFINISHED]
    past = [job for job in jobs if job.state not in UNFINISHED]
    shown = [*ahead, *past[:_MOST_FINISHED]]
    totals = queue.all_totals([job.id for job in shown])
    return [BatchFacts(job, totals[job.id], _steps(services, job)) for job in shown]


def _steps(services: Services, job: Job) -> dict[float | None, int]:
    try:
        spec = services.registry.all()[job.recipe.edit.model]
    except (CoreError, KeyError):
        return {}
    edit = job.recipe.edit
    steps: dict[float | None, int] = {None: step_counts(edit, spec)[1]}
    for strength in job.strengths:
        own = edit.model_copy(update={"strength": strength})
        steps[strength] = step_counts(own, spec)[1]
    return steps
