"""The file that makes the service start with the session: systemd, launchd, task scheduler."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from core.preferences import HOME_VARIABLE

NAME = "regrain"
LABEL = "app.regrain.service"

_SYSTEMD = """\
# Written by `regrain service install`; `regrain service remove` deletes it.
[Unit]
Description=Regrain: edits photographs as they appear in watched folders
StartLimitIntervalSec=0

[Service]
ExecStart={command}
{environment}Restart=on-failure
RestartSec=10
# Wrong arguments and a damaged library are for a person to see to.
RestartPreventExitStatus=2 5
# The render process gets its end from the service itself, in good order.
KillMode=mixed
TimeoutStopSec=10
# A photograph too large for the memory costs the render process, never the service.
OOMPolicy=continue
Nice=10

[Install]
WantedBy=default.target
"""

_LAUNCHD = """\
<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN"
 "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key><string>{label}</string>
  <key>ProgramArguments</key>
  <array>
{words}
  </array>
{environment}  <key>RunAtLoad</key><true/>
  <key>KeepAlive</key><dict><key>SuccessfulExit</key><false/></dict>
  <key>ThrottleInterval</key><integer>10</integer>
  <key>ExitTimeOut</key><integer>10</integer>
  <key>LowPriorityIO</key><true/>
  <key>Nice</key><integer>10</integer>
  <key>StandardErrorPath</key><string>{log}</string>
</dict>
</plist>
"""

_WINDOWS = """\
<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <Triggers><LogonTrigger><Enabled>true</Enabled><UserId>{user}</UserId></LogonTrigger></Triggers>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <RestartOnFailure><Interval>PT1M</Interval><Count>999</Count></RestartOnFailure>
    <Priority>7</Priority>
  </Settings>
  <Actions>
    <Exec><Command>{command}</Command><Arguments>{arguments}</Arguments></Exec>
  </Actions>
</Task>
"""


@dataclass(frozen=True)
class ServiceFile:
    """A file for the system's service manager.

    `enable` and `disable` are commands, word by word; `by_hand`: they are for the user to give.
    """

    path: Path
    text: str
    enable: tuple[tuple[str, ...], ...]
    disable: tuple[tuple[str, ...], ...]
    by_hand: bool
    encoding: str = "utf-8"


def service_file(
    command: Sequence[str],
    logs: Path,
    platform: str = sys.platform,
    environ: Mapping[str, str] | None = None,
) -> ServiceFile:
    """Return the file for this system.

    Args:
        command: the service's command, word by word; the first one an absolute path.
        logs: the folder for what it writes, where the system has no journal.
        platform: as sys.platform names it.
        environ: the environment; REGRAIN_HOME and XDG_CONFIG_HOME are read.
    """
    given = os.environ if environ is None else environ
    home = {HOME_VARIABLE: given[HOME_VARIABLE]} if given.get(HOME_VARIABLE) else {}
    if platform == "darwin":
        return _launchd(command, logs, home)
    if platform == "win32":
        return _windows(command, given)
    return _systemd(command, home, given)


def _systemd(
    command: Sequence[str], home: Mapping[str, str], given: Mapping[str, str]
) -> ServiceFile:
    config = Path(given.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    text = _SYSTEMD.format(
        command=" ".join(_quoted(word) for word in command),
        environment="".join(
            f"Environment={_quoted(f'{name}={value}', variables=False)}\n"
            for name, value in home.items()
        ),
    )
    unit = f"{NAME}.service"
    user = ("systemctl", "--user")
    return ServiceFile(
        config / "systemd" / "user" / unit,
        text,
        enable=((*user, "daemon-reload"), (*user, "enable", unit), (*user, "restart", unit)),
        disable=((*user, "disable", "--now", unit),),
        by_hand=False,
    )


def _quoted(word: str, *, variables: bool = True) -> str:
    """Quote a word for a unit file: % is filled in there, $ in commands (systemd.syntax(7))."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    escaped = escaped.replace("%", "%%")
    return f'"{escaped.replace("$", "$$") if variables else escaped}"'


def _launchd(command: Sequence[str], logs: Path, home: Mapping[str, str]) -> ServiceFile:
    path = Path.home() / "Library" / "LaunchAgents" / f"{LABEL}.plist"
    pairs = "".join(
        f"<key>{escape(name)}</key><string>{escape(value)}</string>" for name, value in home.items()
    )
    variables = f"  <key>EnvironmentVariables</key><dict>{pairs}</dict>\n" if pairs else ""
    text = _LAUNCHD.format(
        label=LABEL,
        words="\n".join(f"    <string>{escape(word)}</string>" for word in command),
        environment=variables,
        log=escape(str(logs / "service.log")),
    )
    domain = "gui/$(id -u)"
    return ServiceFile(
        path,
        text,
        enable=(("launchctl", "bootstrap", domain, str(path)),),
        disable=(("launchctl", "bootout", f"{domain}/{LABEL}"),),
        by_hand=True,
    )


def _windows(command: Sequence[str], given: Mapping[str, str]) -> ServiceFile:
    data = Path(given.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    path = data / NAME / "service.xml"
    text = _WINDOWS.format(
        user=escape(given.get("USERNAME") or getpass.getuser()),
        command=escape(command[0]),
        arguments=escape(" ".join(f'"{word}"' if " " in word else word for word in command[1:])),
    )
    return ServiceFile(
        path,
        text,
        enable=(("schtasks", "/Create", "/TN", "Regrain", "/XML", f'"{path}"'),),
        disable=(("schtasks", "/Delete", "/TN", "Regrain", "/F"),),
        by_hand=True,
        encoding="utf-16",
    )
