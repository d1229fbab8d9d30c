"""What happens to an exception that nobody expected: logged whole, said in one line."""

from __future__ import annotations

import platform
import sys
import time
import traceback
from importlib import metadata
from pathlib import Path

from core.cli.console import Console


def report_bug(error: BaseException, console: Console) -> None:
    """Write the whole traceback into a log file and its path on stderr."""
    text = "".join(traceback.format_exception(error))
    try:
        where = _write_log(text)
    except Exception as trouble:  # whatever else is broken, the first error must be seen
        console.problem(f"A bug in Regrain; the log cannot be written ({trouble}):")
        sys.stderr.write(text)
        return
    console.problem(
        f"A bug in Regrain: {type(error).__name__}: {error}", hint=f"Please report it with: {where}"
    )
    if console.verbose:
        sys.stderr.write(text)


def _write_log(text: str) -> Path:
    from core.preferences import user_paths

    folder = user_paths().logs
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / time.strftime("bug-%Y%m%d-%H%M%S.log")
    lines = [
        f"regrain {version()}, Python {platform.python_version()}, {platform.platform()}",
        f"arguments: {sys.argv[1:]!r}",
        text,
    ]
    with path.open("a", encoding="utf-8", errors="backslashreplace") as file:
        file.write("\n".join(lines) + "\n")
    return path


def version() -> str:
    """Return the installed version, `unknown` when run from a folder that was not installed."""
    try:
        return metadata.version("regrain")
    except metadata.PackageNotFoundError:
        return "unknown"
