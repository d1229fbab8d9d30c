"""Faults put into the program on purpose: a fault test that lets one pass tests nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from core import child
from core.library import recovery
from core.library.records import Recovered
from core.outputs.fsops import FsOps
from core.runner import batch


def kills_count_as_crashes() -> None:
    """A kill from outside is taken for the photograph's fault."""
    child.Death.native = property(lambda self: not self.asked)  # type: ignore[method-assign,assignment]


def nothing_is_recovered() -> None:
    """What a dead run had in hand is never looked at again."""
    assert batch.recover is recovery.recover
    batch.recover = lambda *_: Recovered()  # type: ignore[attr-defined]


def names_are_replaced() -> None:
    """Whatever has the result's name is written over."""

    def rename(self: FsOps, source: Path, target: Path) -> None:
        source.replace(target)

    FsOps.rename_noreplace = rename  # type: ignore[method-assign]


def results_are_written_in_place() -> None:
    """The final name exists before the bytes are whole."""

    def rename(self: FsOps, source: Path, target: Path) -> None:
        data = source.read_bytes()
        with target.open("wb", buffering=0) as file:
            for start in range(0, len(data), 64):
                file.write(data[start : start + 64])
        source.unlink()

    FsOps.rename_noreplace = rename  # type: ignore[method-assign]


MUTANTS: dict[str, Callable[[], None]] = {
    function.__name__: function
    for function in (
        kills_count_as_crashes,
        nothing_is_recovered,
        names_are_replaced,
        results_are_written_in_place,
    )
}
