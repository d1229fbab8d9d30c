"""What tests of the window share: no screen is needed, and the theme is the window's own."""

from __future__ import annotations

import os

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


@pytest.fixture(scope="session")
def qapp_args() -> list[str]:
    """Name the application, as its first argument does."""
    return ["regrain-desktop"]
