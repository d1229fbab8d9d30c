"""`regrain batches resume`, `retry` and `cancel`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from core.cli.console import Console
from core.cli.drive import Drive
from core.cli.exits import ExitCode
from core.library.ids import JobId
from core.library.records import JobState
from core.runner import EngineChoice
from core.services import Services, open_services


def resume_batches(
    numbers: Sequence[int], device: str | None, library: Path | None, console: Console
) -> ExitCode:
    """Go on with the batches given, or with all that are unfinished, oldest first.

    Raises:
        LibraryError: there is no batch of such a number.
    """
    with open_services(library) as services:
        jobs = [services.queue.job(JobId(number)).id for number in numbers]
        if not numbers:
            jobs = [job.id for job in reversed(services.queue.jobs(unfinished=True))]
        if not jobs:
            console.say("No batch is unfinished.")
        with _drive(services, device, console) as drive:
            return drive.resume(jobs)


def retry_batch(
    number: int, device: str | None, library: Path | None, console: Console
) -> ExitCode:
    """Try a batch's failed and quarantined photographs again.

    Raises:
        LibraryError: there is no batch of this number.
    """
    with open_services(library) as services:
        job = services.queue.job(JobId(number))
        count = services.queue.retry(job.id, quarantined=True)
        console.say(f"{count} photograph{'' if count == 1 else 's'} of batch {number} again.")
        with _drive(services, device, console) as drive:
            return drive.resume([job.id])


def _drive(services: Services, device: str | None, console: Console) -> Drive:
    choice = EngineChoice(device or services.preferences.device)
    return Drive(services, console, choice)


def cancel_batch(number: int, library: Path | None, console: Console) -> None:
    """Cancel a batch; another process that renders it stops by itself.

    Raises:
        LibraryError: there is no batch of this number.
    """
    with open_services(library) as services:
        job = services.queue.job(JobId(number))
        if job.state in (JobState.FINISHED, JobState.CANCELED):
            console.say(f"Batch {number} is {job.state.value} already.")
            return
        services.queue.cancel(job.id)
        totals = services.queue.totals(job.id)
    console.say(f"Batch {number} is canceled; {totals.done} results stay.")
