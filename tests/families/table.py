"""The table of parity: which family, scheduler and pipeline equals diffusers' own call."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

_PROPERTY = "parity"
IMG2IMG, INPAINT = "img2img", "inpaint"

Row = tuple[str, str, str, str]


class Parity:
    """Notes what one test compared."""

    def __init__(self, properties: list[tuple[str, Any]]) -> None:
        self._properties = properties

    def __call__(self, family: str, scheduler: str, pipeline: str, outcome: str) -> None:
        """Note how a family's pipeline compared under a scheduler."""
        self._properties.append((_PROPERTY, [family, scheduler, pipeline, outcome]))


def lines(reports: Iterable[pytest.TestReport]) -> list[str]:
    """Return the table over all reports, one line a family and scheduler; empty without any."""
    cells: dict[tuple[str, str], dict[str, str]] = {}
    for report in reports:
        for name, value in getattr(report, "user_properties", ()):
            if name == _PROPERTY:
                family, scheduler, pipeline, outcome = value
                cells.setdefault((family, scheduler), {})[pipeline] = outcome
    if not cells:
        return []
    head = f"{'family':<18} {'scheduler':<14} {IMG2IMG:<24} {INPAINT}"
    return [head] + [
        f"{family:<18} {scheduler:<14} {found.get(IMG2IMG, ''):<24} {found.get(INPAINT, '')}"
        for (family, scheduler), found in sorted(cells.items())
    ]
