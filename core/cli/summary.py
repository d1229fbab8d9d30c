"""The counts of one invocation, in a sentence and as an exit code."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from core.cli.exits import ExitCode
from core.errors import LEFT_OUT_REASONS, Reason
from core.events import Totals
from core.library.records import JobRequest
from core.runner import RunOutcome

_WORDS = {
    "done": "done",
    "already_done": "already done",
    "left_out": "left out",
    "failed": "failed",
    "quarantined": "failed for stopping the worker 3 times",
    "canceled": "canceled",
    "pending": "waiting",
}
_FORETOLD = {"pending": "to do", "failed": "would fail"}
_LEFT_OUT_WORDS = {
    Reason.RAW: ("raw file", " (export JPEG or TIFF, or install regrain[raw])"),
    Reason.ANIMATED: ("animated picture", ""),
    Reason.OWN_OUTPUT: ("earlier result", ""),
}


def of_this_invocation(totals: Totals, done_before: int) -> Totals:
    """Return the batch's counts with what earlier commands finished as already done."""
    return replace(
        totals,
        done=totals.done - done_before,
        already_done=totals.already_done + done_before,
    )


def totals_of_request(request: JobRequest) -> Totals:
    """Return the counts of a batch before any of it is stored."""
    left_out = sum(settled.reason in LEFT_OUT_REASONS for settled in request.settled)
    found = len(request.items) + len(request.settled)
    return Totals(
        found=found,
        left_out=left_out,
        failed=len(request.settled) - left_out,
        pending=len(request.items),
        ignored=request.ignored,
    )


def sentence(totals: Totals, *, foretold: bool = False) -> str:
    """Return `Found 40: 35 done, 5 failed. 12 other files ignored.`"""
    words_of = _WORDS | (_FORETOLD if foretold else {})
    counts = [
        f"{getattr(totals, name)} {words}"
        for name, words in words_of.items()
        if getattr(totals, name)
    ]
    found = f"Found {totals.found}: {', '.join(counts)}." if counts else "Found nothing."
    return found + ignored_sentence(totals.ignored)


def found_sentence(request: JobRequest) -> str:
    """Return `240 photographs. 240 raw files left out (...). 242 other files ignored.`"""
    reasons = Counter(settled.reason for settled in request.settled)
    parts = [_counted(len({item.source for item in request.items}), "photograph")]
    parts += [
        f"{_counted(reasons[reason], one)} left out{why}"
        for reason, (one, why) in _LEFT_OUT_WORDS.items()
        if reasons[reason]
    ]
    return ". ".join(parts) + "." + ignored_sentence(request.ignored)


def _counted(count: int, one: str) -> str:
    return f"{count} {one}{'' if count == 1 else 's'}"


def ignored_sentence(ignored: int) -> str:
    """Return ` 12 other files ignored.` with a leading blank, or nothing."""
    if not ignored:
        return ""
    return f" {ignored} other file{'' if ignored == 1 else 's'} ignored."


def exit_code(outcome: RunOutcome, totals: Totals) -> ExitCode:
    """Return what the shell learns about this invocation."""
    if outcome is RunOutcome.STOPPED:
        return ExitCode.INTERRUPTED
    if outcome is RunOutcome.BLOCKED or totals.pending:
        return ExitCode.STOPPED
    if totals.failed or totals.quarantined:
        return ExitCode.SOME_FAILED
    return ExitCode.OK
