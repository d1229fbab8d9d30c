"""A command line whose photographs are rendered by the render process without torch."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core import services
from core.cli.main import main
from tests.core.cli.commands import LAUNCHER, Ran, photograph, ran
from tests.fakes import FAKE_RENDER_COMMAND, fake_environment


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> Callable[[services.RenderProgram], None]:
    """Set which render process the command line starts."""
    real = services.open_services

    def use(chosen: services.RenderProgram) -> None:
        def open_services(library: Path | None = None, own: Any = None) -> services.Services:
            return real(library, own or chosen)

        for module in [module for name, module in sys.modules.items() if name.startswith("core.")]:
            if hasattr(module, "open_services"):
                monkeypatch.setattr(module, "open_services", open_services)

    return use


@pytest.fixture
def regrain(
    program: Callable[[services.RenderProgram], None],
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., Ran]:
    """Run a command in this process, in `tmp_path`."""

    monkeypatch.chdir(tmp_path)
    program(services.RenderProgram(FAKE_RENDER_COMMAND, fake_environment()))

    def run(*words: str | Path) -> Ran:
        capfd.readouterr()
        code = main([str(word) for word in words])
        return ran(code, *capfd.readouterr())

    return run


@pytest.fixture
def start(tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    """Start a command as a process of its own, in `tmp_path`."""

    def begin(*words: str | Path, **environment: str) -> subprocess.Popen[str]:
        own = fake_environment() | environment
        return subprocess.Popen(
            [sys.executable, "-c", LAUNCHER, *map(str, words)],
            cwd=tmp_path,
            env=os.environ | own,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    return begin


@pytest.fixture
def trip(tmp_path: Path) -> Path:
    """A folder of four photographs, one of them in a subfolder."""
    folder = tmp_path / "trip"
    for number, name in enumerate(("a.png", "b.PNG", "c.jpg", "sub/d.png")):
        photograph(folder / name, number)
    return folder
