"""How fast the command answers, and what it loads for that: nobody waits a second for --help."""

from __future__ import annotations

import os
import resource
import subprocess
import sys

import pytest

HEAVY = ("sqlalchemy", "pydantic", "PySide6", "torch", "numpy", "PIL", "rich", "diffusers")
LIST_LOADED = (
    "import sys; from core.cli.main import main; main(sys.argv[1:]);"
    "print(*sorted({name.split('.')[0] for name in sys.modules}), file=sys.stderr)"
)


@pytest.mark.parametrize("words", [["--help"], [], ["--version"]])
def test_help_loads_nothing_heavy(words: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIST_LOADED, *words], capture_output=True, text=True, check=True
    )
    loaded = set(done.stderr.splitlines()[-1].split())
    assert loaded.isdisjoint(HEAVY)
    assert "typer" in loaded


def processor_seconds(*words: str) -> float:
    """The least processor time of a few runs: other programs' load does not count."""
    seconds = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *words], stdout=subprocess.DEVNULL, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        seconds.append(used)
    return min(seconds)


def test_help_takes_at_most_a_fifth_of_a_second_over_the_bare_interpreter() -> None:
    bare = processor_seconds("-c", "pass")
    command = "import sys; from core.cli.main import main; sys.exit(main(['--help']))"
    assert processor_seconds("-c", command) - bare <= 0.2


def test_importing_core_costs_nothing() -> None:
    code = "import sys; before = set(sys.modules); import core; print(len(set(sys.modules)-before))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ
    )
    assert int(done.stdout) <= 1
