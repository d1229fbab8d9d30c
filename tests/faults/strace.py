"""System calls that fail on purpose, by strace's fault injection."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest


def require_strace() -> None:
    """Skip the test where strace is missing or may not trace."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    tried = subprocess.run(["strace", "-f", "--seccomp-bpf", "-qq", "true"], capture_output=True)
    if tried.returncode != 0:
        pytest.skip(f"strace may not trace here: {tried.stderr[-200:]!r}")


@dataclass(frozen=True)
class Injection:
    """`fault` (strace's words) at some `calls`, of all threads and children, on `paths` if any.

    The calls of each thread are counted apart. strace's log goes to `log`.
    """

    calls: str
    fault: str
    log: Path
    paths: tuple[Path, ...] = ()

    def around(self, command: Sequence[str]) -> list[str]:
        """Return the command that runs `command` with these faults."""
        tracing = ["strace", "-f", "--seccomp-bpf", "-qq", "-o", str(self.log)]
        tracing += [word for path in self.paths for word in ("-P", str(path))]
        return [*tracing, "-e", f"trace={self.calls}", "-e", self._rule(), *command]

    def _rule(self) -> str:
        return f"inject={self.calls}:{self.fault}"

    def times(self) -> int:
        """Return how often it struck."""
        return self.log.read_text(errors="replace").count("(INJECTED)")
