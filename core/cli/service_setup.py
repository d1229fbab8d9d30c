"""`regrain service install` and `remove`."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from core.cli.console import Console
from core.cli.exits import ExitCode
from core.errors import SettingsError
from core.preferences import user_paths
from core.watch.unit import ServiceFile, service_file

_PATIENCE_SECONDS = 60.0


def install_service(
    console: Console,
    library: Path | None,
    *,
    show: bool = False,
    call: Callable[[Sequence[str]], str] | None = None,
    platform: str = sys.platform,
) -> ExitCode:
    """Write the service's file and start the service, where the system lets us.

    Raises:
        SettingsError: the command is not found, or the file cannot be written.
    """
    file = service_file(_command(library), user_paths().logs, platform)
    if show:
        for line in file.text.splitlines():
            console.result(line)
        return ExitCode.OK
    _write(file)
    console.say(f"Written: {file.path}")
    if file.by_hand:
        console.say("To start it now and with each session, run:")
        for words in file.enable:
            console.result(" ".join(words))
        return ExitCode.OK
    return _enable(file, console, call or _call)


def remove_service(
    console: Console,
    *,
    call: Callable[[Sequence[str]], str] | None = None,
    platform: str = sys.platform,
) -> ExitCode:
    """End the service and delete its file."""
    file = service_file(["regrain"], user_paths().logs, platform)
    if not file.path.exists():
        console.say("The service is not installed.")
        return ExitCode.OK
    if file.by_hand:
        console.say("To end it, run:")
        for words in file.disable:
            console.result(" ".join(words))
    else:
        for words in file.disable:
            trouble = (call or _call)(words)
            if trouble:
                console.say(f"{' '.join(words)}: {trouble}")
    file.path.unlink(missing_ok=True)
    console.say(f"Deleted: {file.path}. Rules, photographs and results stay.")
    return ExitCode.OK


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


def _write(file: ServiceFile) -> None:
    try:
        file.path.parent.mkdir(parents=True, exist_ok=True)
        file.path.write_text(file.text, encoding=file.encoding)
    except OSError as error:
        raise SettingsError(
            f"{file.path} cannot be written: {error.strerror}.",
            hint="Allow writing there, or write the file yourself: regrain service install --show",
        ) from error


def _enable(file: ServiceFile, console: Console, call: Callable[[Sequence[str]], str]) -> ExitCode:
    for words in file.enable:
        trouble = call(words)
        if trouble:
            console.problem(
                f"The service was not started: {' '.join(words)}: {trouble}",
                "Where there is no systemd, let your system start this: regrain service run",
            )
            return ExitCode.STOPPED
    console.say("The service runs, now and with each session.")
    console.say("To let it run without one: loginctl enable-linger")
    console.say("What it does: journalctl --user -u regrain -f, or regrain service status")
    return ExitCode.OK


def _call(words: Sequence[str]) -> str:
    """Run a command; return what it complained of, empty when it went well."""
    try:
        done = subprocess.run(
            list(words), capture_output=True, text=True, check=False, timeout=_PATIENCE_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return "" if done.returncode == 0 else (done.stderr.strip() or f"exit code {done.returncode}")
