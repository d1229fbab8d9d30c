"""What moves on a terminal: a bar that stays one line, and failures that stay readable above it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from core.cli.console import Console
from core.cli.progress import BarProgress, LineProgress, make_progress
from core.pace import Pace
from tests.core.cli.commands import LAUNCHER, photograph
from tests.fakes import fake_environment

pty = pytest.importorskip("pty", reason="there are no pseudo-terminals here")


def seen_on_a_terminal(folder: Path, *words: str) -> str:
    """Run a command with stderr on a terminal; return what it wrote there."""
    master, slave = pty.openpty()
    environment = os.environ | fake_environment() | {"COLUMNS": "100", "TERM": "xterm"}
    process = subprocess.Popen(
        [sys.executable, "-c", LAUNCHER, *words],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=slave,
    )
    os.close(slave)
    written = b""
    try:
        while chunk := os.read(master, 65536):
            written += chunk
    except OSError:  # Linux says so when the last writer is gone
        pass
    os.close(master)
    assert process.wait(timeout=30) in (0, 1)
    return written.decode(errors="replace")


def test_a_terminal_gets_a_bar_and_failures_above_it(tmp_path: Path) -> None:
    for number in range(3):
        photograph(tmp_path / "trip" / f"{number}.png", number)
    (tmp_path / "trip" / "[red]x[bold].jpg").touch()
    (tmp_path / "trip" / f"{'long' * 50}.jpg").touch()
    written = seen_on_a_terminal(tmp_path, "run", "trip", "--strength", "0.3")
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", written)
    assert "of 5" in plain
    assert "a photograph" in plain
    assert "Failed: [red]x[bold].jpg is empty" in plain
    assert "Found 5: 3 done, 2 failed." in plain


def test_without_a_terminal_there_are_lines() -> None:
    assert isinstance(make_progress(Console(), 3), LineProgress)


def test_a_name_on_the_bar_cannot_break_it(capfd: pytest.CaptureFixture[str]) -> None:
    with BarProgress(Pace(2), verbose=True) as progress:
        progress.started("a\nb\x1b[2J[red]c")
        progress.stepped(1, 2)
        progress.settled("a\nb done", worked=True)
        progress.say("[bold]text[/nothing]")
    err = capfd.readouterr().err
    assert "[bold]text[/nothing]" in err
    assert "a\\nb done" in err
