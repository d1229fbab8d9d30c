"""Texts made of a photograph's path, stored beside it: to sort by, and to search in."""

from __future__ import annotations

import os
import re
from pathlib import Path

from core.outputs.template import name_key

_NUMBER = re.compile("[0-9]+")
_BETWEEN = "\x01"
"""Sorts before every character of a name, so that `a` comes before `a b`."""


def name_order(path: Path) -> str:
    """Return a text that sorts like the file's name in natural order, then like its folder.

    Each number is led by its length (`IMG_9` -> `img_0019`, `IMG_10` -> `img_00210`), so that the
    database's own comparison of bytes puts 9 before 10.
    """
    folder, name = os.path.split(path)
    return f"{natural(name)}{_BETWEEN}{natural(folder)}"


def searched(path: Path, base: Path | None) -> str:
    """Return what a search looks through: the name, and the folders from the added one on."""
    if base is not None and path.is_relative_to(base):
        return _folded(os.path.join(base.name, path.relative_to(base)))  # noqa: PTH118
    return _folded(os.path.join(path.parent.name, path.name))  # noqa: PTH118


def search_words(text: str) -> list[str]:
    """Return the words of a search; a photograph is found when it holds all of them."""
    return _folded(text).split()


def natural(text: str) -> str:
    """Return a text that sorts in natural order by its bytes, in any case."""
    return _NUMBER.sub(_with_length, _folded(text))


def _with_length(match: re.Match[str]) -> str:
    digits = match[0].lstrip("0")
    return f"{len(digits):03d}{digits}"


def _folded(text: str) -> str:
    return text.lower() if text.isascii() else name_key(text)
