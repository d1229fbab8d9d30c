"""What every test shares: `tests` can be imported, and no test touches the user's own library."""

from __future__ import annotations

import gc
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest

ROOT = Path(__file__).parent.parent
if str(ROOT) not in sys.path:
    # At the end, so that an installed wheel is what the tests see, not the checkout.
    sys.path.append(str(ROOT))

# Tests start the program hundreds of times: where the environment says to keep no bytecode, each
# of these processes would compile all of it anew, a third of a command's whole time.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

_ROOM = 4 << 30

# Examples kept on the disk are of no use to a clean checkout, and two test processes that make the
# folder at once warn of it. No deadlines: computers that test are busy ones.
hypothesis.settings.register_profile("regrain", database=None, deadline=None)
hypothesis.settings.load_profile("regrain")


@pytest.hookimpl(tryfirst=True)
def pytest_configure() -> None:
    """Put tests' folders into memory where there is enough of it: nothing waits for a disk.

    What is written there is synced as anywhere; tests of disks that fail bring their own.
    """
    memory = Path("/dev/shm")
    if memory.is_dir() and shutil.disk_usage(memory).free > _ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(memory))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[object]:
    """Look for garbage only among what tests make: what was imported stays to the end."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test its own REGRAIN_HOME."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("REGRAIN_HOME", str(home))
    return home


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the tests' tables. Here, since the process that prints may not collect them."""
    from tests.families import table as families
    from tests.faults import table as faults

    stats = terminalreporter.stats
    reports = [one for word in ("passed", "failed") for one in stats.get(word, ())]
    calls = [report for report in reports if report.when == "call"]
    for title, lines in (("faults injected", faults.lines), ("families", families.lines)):
        if table := lines(calls):
            terminalreporter.section(title)
            for line in table:
                terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def family_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Return what gives the folder of a small model: `family_folder("sdxl", "turbo")`; shared.

    Each is built once a test process; tests must not change it, but copy it.
    """
    from tests.families.build import build

    kept: dict[tuple[str, str], Path] = {}

    def folder(family_id: str, variant: str = "") -> Path:
        key = (family_id, variant)
        if key not in kept:
            name = "-".join(word for word in key if word)
            kept[key] = build(family_id, tmp_path_factory.mktemp("families") / name, variant)
        return kept[key]

    return folder
