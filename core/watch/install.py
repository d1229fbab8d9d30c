"""Installing the service for the user's session, ending it, and how it stands."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import SettingsError
from core.preferences import user_paths
from core.watch.unit import ServiceFile, service_file

Call = Callable[[Sequence[str]], str]
"""Runs a command; returns what it complained of, empty when it went well."""

_PATIENCE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Trouble:
    """A command of the system's service manager that failed, and what it said."""

    command: str
    said: str


def file_for(library: Path | None, platform: str = sys.platform) -> ServiceFile:
    """Return the service's file for a library.

    Raises:
        SettingsError: the command `regrain` is not found.
    """
    return service_file(_command(library), user_paths().logs, platform)


def installed_file(platform: str = sys.platform) -> ServiceFile:
    """Return the file as far as ending the service needs it; it may not be there."""
    return service_file(["regrain"], user_paths().logs, platform)


def write_file(file: ServiceFile) -> None:
    """Write it. Raises SettingsError when that is not possible."""
    try:
        file.path.parent.mkdir(parents=True, exist_ok=True)
        file.path.write_text(file.text, encoding=file.encoding)
    except OSError as error:
        raise SettingsError(
            f"{file.path} cannot be written: {error.strerror}.",
            hint="Allow writing there, or write the file yourself: regrain service install --show",
        ) from error


def enable(file: ServiceFile, call: Call | None = None) -> Trouble | None:
    """Start the service, now and with each session; return the first command that failed."""
    for words in file.enable:
        said = (call or run_command)(words)
        if said:
            return Trouble(" ".join(words), said)
    return None


def disable(file: ServiceFile, call: Call | None = None) -> list[Trouble]:
    """End the service and delete its file; return which commands failed."""
    found = (
        [] if file.by_hand else [(words, (call or run_command)(words)) for words in file.disable]
    )
    file.path.unlink(missing_ok=True)
    return [Trouble(" ".join(words), said) for words, said in found if said]


def run_command(words: Sequence[str]) -> str:
    """Run a command; return what it complained of, empty when it went well."""
    try:
        done = subprocess.run(
            list(words), capture_output=True, text=True, check=False, timeout=_PATIENCE_SECONDS
        )
    except FileNotFoundError:
        return f"there is no command {words[0]} on this computer"
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return "" if done.returncode == 0 else (done.stderr.strip() or f"exit code {done.returncode}")


def _command(library: Path | None) -> list[str]:
    """Return the service's command; by the program beside this interpreter, which is ours."""
    beside = Path(sys.executable).with_name("regrain.exe" if sys.platform == "win32" else "regrain")
    program = str(beside) if beside.exists() else shutil.which("regrain")
    if program is None:
        raise SettingsError(
            "The command regrain is not installed where this Python is.",
            hint="Install it: uv tool install regrain, or pip install regrain",
        )
    words = [program, "service", "run"]
    if library is not None:
        words += ["--library", str(library.expanduser().absolute())]
    return words
