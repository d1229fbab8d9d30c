"""`--dry-run`: what would happen to each file, with time and disk space, and nothing else."""

from __future__ import annotations

import math
from pathlib import Path

from core.cli.console import Console
from core.cli.exits import ExitCode
from core.cli.report import Reporter
from core.cli.summary import sentence
from core.dry_run import Action, Forecast, forecast, free_bytes
from core.events import Totals
from core.images.codec import Codec
from core.library.records import JobRequest
from core.plan import readable_seconds
from core.services import Services

_WORDS = {
    Action.EDIT: "",
    Action.REPLACE: ", replaces the result there",
    Action.BESIDE: ", beside the file of that name, which is kept",
}
_GIGABYTE = 1e9
# Temporary files and estimates: as much again would be too careful, nothing too bold.
_SPARE = 1.1


def show_dry_run(services: Services, request: JobRequest, console: Console) -> ExitCode:
    """Say what the batch would do to each file; nothing is written.

    Raises:
        LibraryError: the library cannot be read.
    """
    with Codec() as codec:
        entries = forecast(services, request, codec)
    for entry in entries:
        console.result(_line(entry))
        console.json(_values(entry))
    totals = _totals(entries, request.ignored)
    seconds = sum(entry.seconds for entry in entries)
    size = sum(entry.bytes for entry in entries)
    free = free_bytes([item.root for item in request.items])
    console.result(sentence(totals, foretold=True))
    if totals.pending:
        console.result(_cost(totals.pending, seconds, size, free))
        _warn(size, free, console)
    Reporter(console).summary(totals, dry_run=True, seconds=round(seconds, 4), bytes=size)
    return ExitCode.SOME_FAILED if totals.failed else ExitCode.OK


def _line(entry: Forecast) -> str:
    source = _shown(entry.source)
    if entry.action is Action.ALREADY_DONE:
        return f"{source}: already done, {_shown(entry.output)}"
    if entry.action is Action.LEFT_OUT:
        return f"{source}: left out. {entry.message}"
    if entry.action is Action.FAIL or entry.size is None:
        return f"{source}: would fail. {entry.message}"
    size = entry.words or f"{entry.size.width} x {entry.size.height}"
    time = f", {readable_seconds(entry.seconds)}" if entry.seconds else ""
    return f"{source} -> {_shown(entry.output)} ({size}{time}{_WORDS[entry.action]})"


def _shown(path: Path | None) -> str:
    """Return the path from the current folder where it lies below it."""
    if path is None:
        return "nothing"
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _values(entry: Forecast) -> dict[str, object]:
    values: dict[str, object] = {
        "event": "plan",
        "source": str(entry.source),
        "output": None if entry.output is None else str(entry.output),
        "action": entry.action.value,
    }
    if entry.strength is not None:
        values["strength"] = entry.strength
    if entry.size is not None:
        values |= {"width": entry.size.width, "height": entry.size.height}
        values |= {"seconds": round(entry.seconds, 4), "bytes": entry.bytes}
    if entry.reason is not None:
        values |= {"reason": entry.reason.value, "message": entry.message}
    return values


def _totals(entries: list[Forecast], ignored: int) -> Totals:
    """Return the counts as they would be found; what would be rendered is pending."""

    def count(*actions: Action) -> int:
        return sum(entry.action in actions for entry in entries)

    return Totals(
        found=len(entries),
        already_done=count(Action.ALREADY_DONE),
        left_out=count(Action.LEFT_OUT),
        failed=count(Action.FAIL),
        pending=sum(entry.works for entry in entries),
        ignored=ignored,
    )


def _cost(count: int, seconds: float, size: int, free: int | None) -> str:
    results = f"{count} result{'' if count == 1 else 's'}"
    space = "" if free is None else f", {_gigabytes(free)} are free"
    time = readable_seconds(seconds) if seconds else "a time that is not known yet"
    return f"{results} would take {time} and {_gigabytes(size)}{space}."


def _warn(size: int, free: int | None, console: Console) -> None:
    if free is not None and size * _SPARE > free:
        console.problem(
            f"The disk has {_gigabytes(free)} left, this batch needs about {_gigabytes(size)}.",
            hint="Free space or choose another folder.",
        )


def _gigabytes(size: int) -> str:
    if size >= _GIGABYTE / 10:
        return f"{size / _GIGABYTE:.1f} GB"
    return f"{math.ceil(size / 1e6)} MB"
