"""The figures of the fault tests: each row's fault, how often it was injected, what it cost.

Rows carry the numbers of the reliability plan's fault table. A test takes the fixture `tally` and
calls it before it judges, so that a failure is in the table too.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

_PROPERTY = "fault"


class Tally:
    """Notes what one test injected."""

    def __init__(self, properties: list[tuple[str, Any]]) -> None:
        self._properties = properties

    def __call__(self, row: int, fault: str, times: int, losses: int = 0) -> None:
        """Note that a row's `fault` was injected so many `times`, and what was lost or wrong."""
        self._properties.append((_PROPERTY, [row, fault, times, losses]))


def lines(reports: Iterable[pytest.TestReport]) -> list[str]:
    """Return the table over all reports, added up by row and fault; empty without any."""
    added: dict[tuple[int, str], list[int]] = {}
    for report in reports:
        for name, value in getattr(report, "user_properties", ()):
            if name == _PROPERTY:
                row, fault, times, losses = value
                sums = added.setdefault((row, fault), [0, 0])
                sums[0] += times
                sums[1] += losses
    if not added:
        return []
    head = [f"{'row':>3}  {'fault':<68} {'times':>7} {'losses':>7}"]
    return head + [
        f"{row:>3}  {fault:<68} {times:>7,} {losses:>7,}"
        for (row, fault), (times, losses) in sorted(added.items())
    ]
