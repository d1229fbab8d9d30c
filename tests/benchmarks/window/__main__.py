"""`python -m tests.benchmarks.window [FOLDER] [--only NAME ...] [--display offscreen|xvfb]`.

Each measurement runs in a process of its own with a library of its own; figures are printed
against their bars, and the exit code is 1 when one is missed. FOLDER has photographs to preview;
without it they are drawn, as all others are.
"""

from __future__ import annotations

import argparse
import compileall
import importlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.window.figures import Figure, load, told
from tests.benchmarks.window.screen import platform

NAMES = ("startup", "library", "scrolling", "batch", "preview", "stopping")
_ROOT = Path(__file__).parents[3]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; return the exit code."""
    options = _parse(arguments)
    if options.child:
        module = importlib.import_module(f"tests.benchmarks.window.{options.child}")
        module.measure(options.folder, options.scratch)
        return 0
    figures: list[Figure] = []
    failed = False
    for package in ("core", "desktop"):
        compileall.compile_dir(_ROOT / package, quiet=1)
    with tempfile.TemporaryDirectory() as name, platform(options.display) as screen:
        for part in options.only or NAMES:
            code, found = _run(part, options.folder, Path(name), screen)
            figures += found
            failed |= code != 0
    missed = [figure for figure in figures if figure.missed]
    print(f"{len(missed)} of {sum(figure.bar is not None for figure in figures)} bars missed")
    return 1 if missed or failed else 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.window",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=Path, nargs="?", help="photographs to preview")
    parser.add_argument("--only", choices=NAMES, action="append", help="measure only this")
    parser.add_argument("--display", choices=("offscreen", "xvfb"), default="xvfb")
    parser.add_argument("--child", choices=NAMES, help=argparse.SUPPRESS)
    parser.add_argument("--scratch", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def _run(
    part: str, folder: Path | None, scratch: Path, screen: dict[str, str]
) -> tuple[int, list[Figure]]:
    """Measure one thing in a process of its own, printing what it finds as it finds it."""
    own = scratch / part
    own.mkdir()
    command = [sys.executable, "-m", "tests.benchmarks.window", "--child", part]
    command += ["--scratch", str(own), *([str(folder.absolute())] if folder else [])]
    print(f"{part} ({screen['QT_QPA_PLATFORM']}, {load()})", flush=True)
    child = subprocess.Popen(
        command,
        cwd=scratch,
        env=_environment(own, screen),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        figures = _listen(child)
        code = child.wait()
    finally:
        child.kill()
    print(f"  ({load()} at its end{'' if code == 0 else f'; ended with code {code}'})", flush=True)
    return code, figures


def _listen(child: subprocess.Popen[str]) -> list[Figure]:
    figures = []
    assert child.stdout is not None
    for line in child.stdout:
        figure = told(line)
        print(figure.line() if figure else "  " + line.rstrip(), flush=True)
        if figure:
            figures.append(figure)
    return figures


def _environment(own: Path, screen: dict[str, str]) -> dict[str, str]:
    """Return where it finds everything, and a library of its own."""
    environment = {**os.environ, **screen, "REGRAIN_HOME": str(own / "home")}
    # Compiled modules are kept and found, as an installation has them.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    environment.pop("PYTHONPYCACHEPREFIX", None)
    found = [str(_ROOT), os.environ.get("PYTHONPATH", "")]
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, found))
    return environment


if __name__ == "__main__":
    sys.exit(main())
