"""The service's files: what a user would find in them, also with odd paths."""

from __future__ import annotations

import plistlib
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

import pytest

from core.cli.console import Console
from core.cli.service_setup import install_service, remove_service
from core.watch.unit import service_file

ODD = '/home/anna/my "tools"/50%/$HOME/regrain'
COMMAND = [ODD, "service", "run", "--library", "/tmp/a b.db"]


def test_the_systemd_unit_restarts_on_failure_and_ends_in_ten_seconds(tmp_path: Path) -> None:
    file = service_file(COMMAND, tmp_path, "linux", {"XDG_CONFIG_HOME": str(tmp_path)})
    assert file.path == tmp_path / "systemd" / "user" / "regrain.service"
    lines = file.text.splitlines()
    for line in ("Restart=on-failure", "TimeoutStopSec=10", "KillMode=mixed", "OOMPolicy=continue"):
        assert line in lines
    assert "WantedBy=default.target" in lines
    assert not file.by_hand


def test_odd_paths_survive_systemds_quoting(tmp_path: Path) -> None:
    file = service_file(COMMAND, tmp_path, "linux", {"REGRAIN_HOME": "/data/50% $x"})
    (line,) = [line for line in file.text.splitlines() if line.startswith("ExecStart=")]
    words = shlex.split(line.removeprefix("ExecStart="))
    assert [word.replace("%%", "%").replace("$$", "$") for word in words] == COMMAND
    assert 'Environment="REGRAIN_HOME=/data/50%% $x"' in file.text


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_systemd_itself_accepts_the_unit(tmp_path: Path) -> None:
    file = service_file(["/bin/true"], tmp_path, "linux", {})
    unit = tmp_path / "regrain.service"
    unit.write_text(file.text)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--user", str(unit)], capture_output=True, text=True
    )
    assert "Unknown" not in done.stderr, done.stderr


def test_launchd_and_windows_files_hold_the_command(tmp_path: Path) -> None:
    mac = service_file(COMMAND, tmp_path, "darwin", {"REGRAIN_HOME": "/a&b"})
    values = plistlib.loads(mac.text.encode())
    assert values["ProgramArguments"] == COMMAND
    assert values["EnvironmentVariables"] == {"REGRAIN_HOME": "/a&b"}
    assert mac.by_hand
    windows = service_file(COMMAND, tmp_path, "win32", {"USERNAME": "anna"})
    root = ElementTree.fromstring(windows.text.split("\n", 1)[1])
    space = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
    assert root.findtext(f".//{space}Command") == ODD
    assert root.findtext(f".//{space}Arguments") == 'service run --library "/tmp/a b.db"'


def test_install_writes_starts_and_remove_takes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    calls: list[Sequence[str]] = []

    def call(words: Sequence[str]) -> str:
        calls.append(words)
        return ""

    path = tmp_path / "systemd" / "user" / "regrain.service"
    assert install_service(Console(), None, call=call, platform="linux") == 0
    assert "service run" in path.read_text().replace('"', "")
    assert [words[2] for words in calls] == ["daemon-reload", "enable", "restart"]
    assert remove_service(Console(), call=call, platform="linux") == 0
    assert not path.exists()
    assert calls[-1][2:4] == ("disable", "--now")
    assert remove_service(Console(), call=call, platform="linux") == 0
    assert "not installed" in capsys.readouterr().err


def test_where_there_is_no_systemd_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    code = install_service(Console(), None, call=lambda _: "Failed to connect", platform="linux")
    assert code == 4
    assert "regrain service run" in capsys.readouterr().err
