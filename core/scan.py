"""Which files are photographs, which are left out, which are ignored; in natural order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from core.errors import Reason


@dataclass(frozen=True, slots=True)
class ScannedFile:
    """A photograph that was found.

    `relative` is its path below the folder that was given, its bare name if the file itself was;
    `base` is that folder, None if the file itself was given (a loose picture).
    """

    path: Path
    relative: PurePath
    base: Path | None

    @property
    def named(self) -> bool:
        """Whether the user gave this very file."""
        return self.base is None


@dataclass(frozen=True, slots=True)
class ScanTrouble:
    """A file or folder that was given or found, but is left out or cannot be read; and why."""

    path: Path
    reason: Reason
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class ScanResult:
    """What a scan found. `left_out` is by rule (raw, animated); `problems` are failures.

    `seen` counts what was left out or ignored by extension in capitals (`CR3` -> 214).
    """

    photographs: tuple[ScannedFile, ...]
    left_out: tuple[ScanTrouble, ...]
    problems: tuple[ScanTrouble, ...]
    ignored: int
    seen: dict[str, int]


def scan(
    inputs: Sequence[Path], *, recursive: bool = True, exclude: Iterable[Path] = ()
) -> ScanResult:
    """Find the photographs in files and folders.

    A path given twice is taken once; two hard links are two photographs. Folders behind symbolic
    links are not entered; `exclude` (the output folder) is not entered unless it was given itself.

    Raises:
        SettingsError: an input does not exist.
    """
    raise NotImplementedError


def nothing_found(result: ScanResult, inputs: Sequence[Path]) -> str:
    """Say that there is no photograph, and what was seen instead."""
    raise NotImplementedError
