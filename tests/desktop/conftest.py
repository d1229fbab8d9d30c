"""What tests of the window share: no screen is needed, and the theme is the window's own."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from tests.desktop.driving import Driver


@pytest.fixture(scope="session")
def qapp_args() -> list[str]:
    """Name the application, as its first argument does."""
    return ["regrain-desktop"]


@pytest.fixture(autouse=True)
def collect_here() -> Iterator[None]:
    """Have Python clear away widgets on the main thread only: Qt allows it nowhere else."""
    gc.disable()
    # What stands already (modules, other tests' records) is not looked at again each time.
    gc.freeze()
    yield
    gc.collect()
    gc.enable()


@pytest.fixture
def driver(qtbot: QtBot) -> Iterator[Driver]:
    """A window over a fresh home; closed at the end."""
    driver = Driver(qtbot)
    yield driver
    driver.close()
