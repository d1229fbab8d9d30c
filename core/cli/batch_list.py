"""`regrain batches list` and `show`: what the library knows of each batch."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path

from core.cli.console import Console
from core.cli.summary import sentence
from core.events import Totals
from core.library.ids import JobId
from core.library.records import ItemStatus, Job, JobItem, JobState
from core.services import open_services

_WITHOUT_RESULT = (ItemStatus.FAILED, ItemStatus.QUARANTINED, ItemStatus.LEFT_OUT)
_STATE_WORDS = {
    JobState.WAITING: "Waiting",
    JobState.RUNNING: "Running",
    JobState.PAUSED: "Paused",
    JobState.STOPPED: "Stopped",
    JobState.FINISHED: "Finished",
    JobState.CANCELED: "Canceled",
}


def list_batches(console: Console, library: Path | None, *, everything: bool) -> None:
    """Write one line a batch, newest first."""
    with open_services(library) as services:
        jobs = services.queue.jobs(unfinished=not everything)
        for job in jobs:
            totals = services.queue.totals(job.id)
            console.json(_job_values(job, totals))
            console.result(f"{job.id:4}  {_date(job)}  {job.name}  {state_sentence(job, totals)}")
    if not jobs:
        console.say("There are no batches." if everything else "No batch is unfinished. All: --all")


def show_batch(number: int, console: Console, library: Path | None) -> None:
    """Write a batch's state, its recipe, and every photograph without a result."""
    with open_services(library) as services:
        job = services.queue.job(JobId(number))
        totals = services.queue.totals(job.id)
        troubled = services.queue.items(job.id, *_WITHOUT_RESULT)
    console.json(_job_values(job, totals) | {"recipe": job.recipe.model_dump(mode="json")})
    console.result(f"Batch {job.id}: {job.name}, {_date(job)}")
    console.result(state_sentence(job, totals))
    console.result(sentence(totals))
    if job.stop_message:
        console.result(f"{job.stop_message} {job.stop_hint}".rstrip())
    for item in troubled:
        console.json(_item_values(item))
        console.result(f"  {item.source}: {item.message} {item.hint}".rstrip())


def state_sentence(job: Job, totals: Totals) -> str:
    """Return the state in the words of the window: `Finished, 3 failed`."""
    words = _STATE_WORDS[job.state]
    if job.state is JobState.STOPPED and job.stop_reason:
        words += f" ({job.stop_reason.value})"
    failed = totals.failed + totals.quarantined
    if job.state is JobState.FINISHED:
        return words + (f", {failed} failed" if failed else f", {totals.found} photographs")
    if job.state is JobState.CANCELED:
        return words
    return f"{words}, {totals.found - totals.pending} of {totals.found}"


def _date(job: Job) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(job.created))


def _job_values(job: Job, totals: Totals) -> dict[str, object]:
    return {
        "batch": job.id,
        "name": job.name,
        "state": job.state.value,
        "created": job.created,
        "stop_reason": job.stop_reason.value if job.stop_reason else None,
        **asdict(totals),
    }


def _item_values(item: JobItem) -> dict[str, object]:
    reason = item.reason.value if item.reason else None
    values = {"source": str(item.source), "status": item.status.value, "reason": reason}
    return {**values, "message": item.message, "hint": item.hint}
