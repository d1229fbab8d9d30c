"""`regrain service install` and `remove`."""

from __future__ import annotations

import sys
from pathlib import Path

from core.cli.console import Console
from core.cli.exits import ExitCode
from core.watch import install as service
from core.watch.install import Call
from core.watch.unit import ServiceFile


def install_service(
    console: Console,
    library: Path | None,
    *,
    show: bool = False,
    call: Call | None = None,
    platform: str = sys.platform,
) -> ExitCode:
    """Write the service's file and start the service, where the system lets us.

    Raises:
        SettingsError: the command is not found, or the file cannot be written.
    """
    file = service.file_for(library, platform)
    if show:
        for line in file.text.splitlines():
            console.result(line)
        return ExitCode.OK
    service.write_file(file)
    console.say(f"Written: {file.path}")
    if file.by_hand:
        console.say("To start it now and with each session, run:")
        for words in file.enable:
            console.result(" ".join(words))
        return ExitCode.OK
    return _enable(file, console, call)


def remove_service(
    console: Console,
    *,
    call: Call | None = None,
    platform: str = sys.platform,
) -> ExitCode:
    """End the service and delete its file."""
    file = service.installed_file(platform)
    if not file.path.exists():
        console.say("The service is not installed.")
        return ExitCode.OK
    if file.by_hand:
        console.say("To end it, run:")
        for words in file.disable:
            console.result(" ".join(words))
    for trouble in service.disable(file, call):
        console.say(f"{trouble.command}: {trouble.said}")
    console.say(f"Deleted: {file.path}. Rules, photographs and results stay.")
    return ExitCode.OK


def _enable(file: ServiceFile, console: Console, call: Call | None) -> ExitCode:
    trouble = service.enable(file, call)
    if trouble is not None:
        console.problem(
            f"The service was not started: {trouble.command}: {trouble.said}",
            "Where there is no systemd, let your system start this: regrain service run",
        )
        return ExitCode.STOPPED
    console.say("The service runs, now and with each session.")
    console.say("To let it run without one: loginctl enable-linger")
    console.say("What it does: journalctl --user -u regrain -f, or regrain service status")
    return ExitCode.OK
