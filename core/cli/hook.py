"""`--on-done`: the user's own command, once, after a batch."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from core.cli.console import Console
from core.cli.exits import ExitCode
from core.events import Totals

_STDERR = 2


def run_hook(
    command: str, totals: Totals, code: ExitCode, folders: Sequence[Path], console: Console
) -> None:
    """Run `command` in a shell with the counts as REGRAIN_FOUND, REGRAIN_DONE, ...

    REGRAIN_EXIT_CODE is how this command will end, REGRAIN_OUTPUT the first output folder. What
    it writes on stdout goes to stderr: stdout is for results. Its failure is said and changes
    nothing else.
    """
    counts = {f"REGRAIN_{name.upper()}": str(count) for name, count in asdict(totals).items()}
    counts["REGRAIN_EXIT_CODE"] = str(int(code))
    counts["REGRAIN_OUTPUT"] = str(folders[0]) if folders else ""
    try:
        done = subprocess.run(
            command, shell=True, env=os.environ | counts, stdout=_STDERR, check=False
        )
    except OSError as error:
        console.problem(f"The command of --on-done cannot be started: {error}.")
        return
    if done.returncode:
        console.problem(
            f"The command of --on-done failed with exit code {done.returncode}: {command}"
        )
