"""Keeps PySide's import hook from reading the source of every module that is imported after it."""

from __future__ import annotations

import importlib
from contextlib import suppress
from typing import Any


def leave_sources_unread() -> None:
    """Make imports quicker, those of SQLAlchemy and NumPy on the library's thread too.

    PySide reads each module's source to learn whether it mentions PySide, for the sake of switches
    (snake_case, true_property) that are not used here. That takes a seventh of the start, and keeps
    all that was read in memory. Where a later PySide has no such function, nothing is changed.
    """
    importlib.import_module("shiboken6")
    with suppress(ImportError):
        feature: Any = importlib.import_module("shibokensupport.feature")
        if hasattr(feature, "_mod_uses_pyside"):
            feature._mod_uses_pyside = lambda _module: False
