"""The counts of one invocation, in a sentence and as an exit code."""

from __future__ import annotations

from dataclasses import replace

from core.cli.exits import ExitCode
from core.events import Totals
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


def of_this_invocation(totals: Totals, done_before: int) -> Totals:
    """Return the batch's counts with what earlier commands finished as already done."""
    return replace(
        totals,
        done=totals.done - done_before,
        already_done=totals.already_done + done_before,
    )


def sentence(totals: Totals) -> str:
    """Return `Found 40: 35 done, 5 failed. 12 other files ignored.`"""
    counts = [
        f"{getattr(totals, name)} {words}"
        for name, words in _WORDS.items()
        if getattr(totals, name)
    ]
    found = f"Found {totals.found}: {', '.join(counts)}." if counts else "Found nothing."
    return found + ignored_sentence(totals.ignored)


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
