"""A command line whose photographs are rendered by the render process without torch."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core import services
from core.cli.main import main
from tests.fakes import FAKE_RENDER_COMMAND, fake_environment

ROOT = Path(__file__).resolve().parents[3]
LAUNCHER = (
    "import sys; from core import services; from core.services import RenderProgram;"
    "from tests.fakes import FAKE_RENDER_COMMAND, fake_environment;"
    "fake = RenderProgram(FAKE_RENDER_COMMAND, None);"
    "real = services.open_services;"
    "services.open_services = lambda library=None, program=None: real(library, program or fake);"
    "from core.cli.main import main; sys.exit(main())"
)


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str
    lines: list[dict[str, Any]] = field(default_factory=list)

    @property
    def summary(self) -> dict[str, Any]:
        """The last line, without its event; what must hold for each is checked here."""
        last = dict(self.lines[-1])
        assert last.pop("event") == "summary"
        parts = "done already_done left_out failed quarantined canceled pending".split()
        assert last["found"] == sum(last[part] for part in parts)
        return last

    def named(self, event: str) -> list[dict[str, Any]]:
        """The lines of one event."""
        return [line for line in self.lines if line["event"] == event]

    def counts(self) -> dict[str, int]:
        """The summary's counts that are not zero."""
        return {name: count for name, count in self.summary.items() if count}


def ran(code: int, out: str, err: str) -> Ran:
    lines = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    return Ran(code, out, err, lines)


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
    import core.cli.batch
    import core.cli.batch_list
    import core.cli.batch_steps
    import core.cli.demo_run

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


def finish(process: subprocess.Popen[str]) -> Ran:
    """Wait for a started command."""
    out, err = process.communicate(timeout=60)
    return ran(process.returncode, out, err)


def photograph(path: Path, seed: int = 0, size: tuple[int, int] = (48, 32)) -> Path:
    """Write a small picture of noise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), np.uint8)
    Image.fromarray(pixels).save(path)
    return path


@pytest.fixture
def trip(tmp_path: Path) -> Path:
    """A folder of four photographs, one of them in a subfolder."""
    folder = tmp_path / "trip"
    for number, name in enumerate(("a.png", "b.PNG", "c.jpg", "sub/d.png")):
        photograph(folder / name, number)
    return folder
