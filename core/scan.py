"""Which files are photographs, which are left out, which are ignored; in natural order."""

from __future__ import annotations

import importlib.util
import os
import stat
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from natsort import natsort_keygen, ns

from core.errors import Reason, SettingsError
from core.scan_kinds import ANIMATED_EXTENSIONS, PHOTO_EXTENSIONS, RAW_EXTENSIONS

_SYSTEM_FOLDERS = frozenset({"@eaDir", "$RECYCLE.BIN", "System Volume Information", "lost+found"})
_natural = natsort_keygen(alg=ns.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ScannedFile:
    """A photograph that was found.

    `path` has no symbolic link before its name; `relative` is its path below the folder that was
    given, its bare name if the file itself was; `base` is that folder as given, None if the file
    itself was (a loose picture).
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
    seen: Mapping[str, int] = field(default_factory=dict)


def scan(
    inputs: Sequence[Path],
    *,
    recursive: bool = True,
    exclude: Iterable[Path] = (),
    take_raw: bool | None = None,
) -> ScanResult:
    """Find the photographs in files and folders.

    A path given twice is taken once; two hard links are two photographs. Folders behind symbolic
    links are not entered, files behind them are taken; `exclude` (the output folder) is not entered
    unless it was given itself. `take_raw` None: camera raw is taken where its extra is installed.

    Raises:
        SettingsError: an input does not exist.
    """
    if take_raw is None:
        take_raw = importlib.util.find_spec("rawpy") is not None
    walk = _Walk(recursive, {os.path.realpath(path) for path in exclude}, take_raw)
    for given in inputs:
        walk.take(given.expanduser().absolute())
    return walk.result()


class _Walk:
    """One scan at work."""

    def __init__(self, recursive: bool, exclude: set[str], take_raw: bool) -> None:
        self._recursive = recursive
        self._exclude = exclude
        self._photo_extensions = PHOTO_EXTENSIONS | (RAW_EXTENSIONS if take_raw else frozenset())
        self._photographs: dict[str, ScannedFile] = {}
        self._left_out: dict[str, ScanTrouble] = {}
        self._problems: dict[str, ScanTrouble] = {}
        self._ignored: set[str] = set()
        self._folders: set[tuple[int, int]] = set()

    def result(self) -> ScanResult:
        seen = Counter(_extension(name).upper() for name in [*self._left_out, *self._ignored])
        return ScanResult(
            tuple(self._photographs.values()),
            tuple(self._left_out.values()),
            tuple(self._problems.values()),
            len(self._ignored),
            dict(sorted(seen.items(), key=lambda item: (-item[1], not item[0], item[0]))),
        )

    def take(self, given: Path) -> None:
        """Take one input of the user's."""
        try:
            mode = given.stat().st_mode
        except OSError as error:
            raise _cannot_look(given, error) from error
        if stat.S_ISDIR(mode):
            self._walk(given)
            return
        real = os.path.join(os.path.realpath(given.parent), given.name)  # noqa: PTH118
        named = ScannedFile(Path(real), PurePath(given.name), None)
        self._sort_out(real, named, regular=stat.S_ISREG(mode), bare=True)

    def _walk(self, base: Path) -> None:
        waiting = [(os.path.realpath(base), "")]
        while waiting:
            folder, below = waiting.pop()
            if not self._enter(folder):
                continue
            inner = []
            for entry in self._entries(folder):
                if entry.is_dir(follow_symlinks=False):
                    inner.append(entry.name)
                else:
                    relative = PurePath(below, entry.name)
                    found = ScannedFile(Path(entry.path), relative, base)
                    self._sort_out(entry.path, found, regular=_is_file(entry), bare=False)
            if self._recursive:
                waiting += [
                    (f"{folder}{os.sep}{name}", os.path.join(below, name))  # noqa: PTH118
                    for name in reversed(inner)
                    if self._may_enter(folder, name)
                ]

    def _enter(self, folder: str) -> bool:
        """Return whether a folder is new to this scan; a loop of mounts comes back to one."""
        try:
            status = os.stat(folder)  # noqa: PTH116
        except OSError:
            return True  # listing it says why
        own = (status.st_dev, status.st_ino)
        new = own not in self._folders
        self._folders.add(own)
        return new

    def _may_enter(self, folder: str, name: str) -> bool:
        path = f"{folder}{os.sep}{name}"
        if name.startswith(".") or name in _SYSTEM_FOLDERS or path in self._exclude:
            return False
        if _extension(name) in PHOTO_EXTENSIONS:
            hint = "Give this folder itself to edit what is in it."
            self._problem(path, Reason.NOT_A_FILE, f"{name} is a folder, not a picture.", hint)
            return False
        return True

    def _entries(self, folder: str) -> list[os.DirEntry[str]]:
        """List a folder in natural order."""
        try:
            with os.scandir(folder) as entries:
                return sorted(entries, key=lambda entry: (_natural(entry.name), entry.name))
        except OSError as error:
            self._problem(
                folder,
                Reason.UNREADABLE,
                f"The folder {folder} cannot be looked into: {error.strerror}.",
                "Change its permissions, or run it without this folder.",
            )
            return []

    def _sort_out(self, path: str, found: ScannedFile, *, regular: bool, bare: bool) -> None:
        """Put a file where it belongs; `bare`: one without extension counts as a photograph."""
        name = found.path.name
        extension = _extension(name)
        if name.startswith("."):
            self._ignored.add(path)
        elif extension in self._photo_extensions or (bare and not extension):
            if regular:
                self._photographs.setdefault(path, found)
            else:
                self._problem(path, *_no_file(found.path))
        elif extension in RAW_EXTENSIONS:
            message = f"{name} is a camera raw file."
            hint = "Export JPEG or TIFF, or install regrain[raw]."
            self._left_out[path] = ScanTrouble(found.path, Reason.RAW, message, hint)
        elif extension in ANIMATED_EXTENSIONS:
            message = f"{name} is a GIF, a format for animations and drawings."
            self._left_out[path] = ScanTrouble(found.path, Reason.ANIMATED, message)
        else:
            self._ignored.add(path)

    def _problem(self, path: str, reason: Reason, message: str, hint: str = "") -> None:
        self._problems[path] = ScanTrouble(Path(path), reason, message, hint)


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:
        return False


def _extension(name: str) -> str:
    return os.path.splitext(name)[1][1:].lower()  # noqa: PTH122


def _no_file(path: Path) -> tuple[Reason, str, str]:
    if path.is_symlink() and not path.exists():
        return Reason.VANISHED, f"{path.name} is a link to a file that is not there.", ""
    return Reason.NOT_A_FILE, f"{path.name} is not a file, whatever its name says.", ""


def _cannot_look(given: Path, error: OSError) -> SettingsError:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        message = f"There is no file or folder called {given}."
        return SettingsError(message, hint="Check the spelling, and that its drive is connected.")
    return SettingsError(f"{given} cannot be read: {error.strerror}.")


def nothing_found(result: ScanResult, inputs: Sequence[Path]) -> str:
    """Say that there is no photograph, and what was seen instead."""
    text = f"No pictures in {_names(inputs)}."
    if not result.seen:
        return f"{text} There are no files at all."
    text += f" Seen: {', '.join(_seen(extension, n) for extension, n in result.seen.items())}."
    if any(trouble.reason is Reason.RAW for trouble in result.left_out):
        return f"{text} Export JPEG or TIFF, or install regrain[raw]."
    return f"{text} Choose a folder with JPEG, PNG, TIFF, WebP, BMP or AVIF files."


def _names(inputs: Sequence[Path]) -> str:
    first = inputs[0].name or str(inputs[0].absolute())
    return first if len(inputs) == 1 else f"{first} and {len(inputs) - 1} more"


def _seen(extension: str, count: int) -> str:
    word = " (raw files)" if extension.lower() in RAW_EXTENSIONS else ""
    return f"{count} {extension or 'without extension'}{word}"
