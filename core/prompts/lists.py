"""A prompt for each photograph: from NAME.txt in a folder, or from a CSV file."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from core.errors import ItemError, Reason, SettingsError

_NAMES = ("filename", "file", "name", "photo", "image", "path")
_PROMPTS = ("prompt", "caption", "text")
_NEGATIVES = ("negative_prompt", "negative")
_HINT = "A CSV file has the columns filename and prompt; a folder has NAME.txt for each photograph."
_MAX_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class OwnPrompt:
    """A photograph's own prompts; None: the recipe's."""

    prompt: str | None = None
    negative_prompt: str | None = None


def own_prompt(prompts: Path, source: Path) -> OwnPrompt:
    """Return what `prompts` has for a photograph.

    Raises:
        SettingsError: there is nothing at `prompts`, or no list of prompts.
        ItemError: the photograph's own text cannot be read.
    """
    if prompts.is_dir():
        return _from_text(prompts, source)
    try:
        status = prompts.stat()
        rows = _rows(prompts, status.st_mtime_ns, status.st_size)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SettingsError(
            f"The prompts in {prompts.name} cannot be read: {error}.", hint=_HINT
        ) from error
    keys = (str(source), source.name, source.stem)
    return next((rows[key.casefold()] for key in keys if key.casefold() in rows), OwnPrompt())


def _from_text(folder: Path, source: Path) -> OwnPrompt:
    names = (f"{source.stem}.txt", f"{source.name}.txt")
    path = next((folder / name for name in names if (folder / name).is_file()), None)
    if path is None:
        return OwnPrompt()
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ItemError(
            Reason.UNREADABLE,
            f"Its prompt {path.name} cannot be read: {error}; no result was made.",
            hint="Save the text as UTF-8.",
        ) from error
    return OwnPrompt(" ".join(text.split()) or None)


@lru_cache(maxsize=8)
def _rows(path: Path, _mtime_ns: int, size: int) -> dict[str, OwnPrompt]:
    """Return the prompts of a CSV file by the photographs' names, in lower case."""
    if size > _MAX_BYTES:
        raise csv.Error("the file is larger than any list of prompts")
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = [line for line in csv.reader(file, _dialect(path)) if any(line)]
    if not lines:
        return {}
    columns = _columns(lines[0])
    named = columns is not None
    where = columns or (0, 1, 2)
    found: dict[str, OwnPrompt] = {}
    for line in lines[named:]:
        name, prompt, negative = (_cell(line, index) for index in where)
        if name:
            found[name.casefold()] = OwnPrompt(prompt, negative)
    return found


def _columns(head: list[str]) -> tuple[int, int, int] | None:
    """Return where name, prompt and negative prompt stand; None where the first line has values."""
    words = [word.strip().lower() for word in head]
    at = [
        next((words.index(word) for word in known if word in words), -1)
        for known in (_NAMES, _PROMPTS, _NEGATIVES)
    ]
    return (at[0], at[1], at[2]) if at[0] >= 0 and at[1] >= 0 else None


def _cell(line: list[str], index: int) -> str | None:
    return line[index].strip() or None if 0 <= index < len(line) else None


def _dialect(path: Path) -> type[csv.Dialect]:
    """Return how the cells are parted; spreadsheets in some countries take semicolons."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        first = file.readline()

    class Dialect(csv.excel):
        delimiter = max(",;\t", key=first.count)

    return Dialect
