"""What command line tests share: a command that ran, and small photographs."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

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
        parts = ("done", "already_done", "left_out", "failed", "quarantined", "canceled", "pending")
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
