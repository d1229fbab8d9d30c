"""A window that watches folders; only the render process is a fake."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from tests.desktop.watch.watching import WatchDriver


@pytest.fixture(autouse=True)
def own_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the service that the user may have out of the tests."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def driver(qtbot: QtBot) -> Iterator[WatchDriver]:
    """A window over a fresh home; closed at the end."""
    driver = WatchDriver(qtbot)
    yield driver
    driver.close()
