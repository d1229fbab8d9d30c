"""Which names in a watched folder are photographs to take, by the folder's rule."""

from __future__ import annotations

import fnmatch
import importlib.util
import os
import re
from collections.abc import Sequence
from pathlib import PurePath

from core.errors import SettingsError
from core.scan_kinds import PHOTO_EXTENSIONS, RAW_EXTENSIONS

_SYSTEM_FOLDERS = frozenset({"@eaDir", "$RECYCLE.BIN", "System Volume Information", "lost+found"})
_UNFINISHED = re.compile(r"~syncthing~|~\$|\.(part|partial|crdownload|filepart|download)\.", re.I)


class Names:
    """Judges paths below one folder.

    Args:
        folder: the watched folder, without symbolic links.
        patterns: globs for names (`IMG_*.jpg`), or for paths below the folder when they hold a
            `/`; one that begins with `!` keeps photographs out. None: every photograph.
        deep: whether subfolders count.
        exclude: folders whose content is not looked at.
    """

    def __init__(
        self, folder: str, patterns: Sequence[str] = (), *, deep: bool, exclude: Sequence[str] = ()
    ) -> None:
        self._base = folder.rstrip(os.sep) + os.sep
        self._deep = deep
        self._exclude = tuple(path.rstrip(os.sep) + os.sep for path in exclude)
        self._wanted = [_compiled(p) for p in patterns if not p.startswith("!")]
        self._unwanted = [_compiled(p[1:]) for p in patterns if p.startswith("!")]
        raw = importlib.util.find_spec("rawpy") is not None
        self._extensions = PHOTO_EXTENSIONS | (RAW_EXTENSIONS if raw else frozenset())

    def below(self, path: str) -> str | None:
        """Return the path below the folder; None for what lies outside, hidden or excluded."""
        if not path.startswith(self._base) or path.startswith(self._exclude or ("\0",)):
            return None
        below = path[len(self._base) :]
        parts = PurePath(below).parts
        if any(part.startswith(".") or part in _SYSTEM_FOLDERS for part in parts):
            return None
        return below if self._deep or len(parts) == 1 else None

    def wants(self, path: str) -> bool:
        """Return whether a file of this path is a photograph that the rule takes."""
        below = self.below(path)
        if below is None or not self.matches(below):
            return False
        return os.path.splitext(below)[1][1:].lower() in self._extensions  # noqa: PTH122

    def matches(self, below: str) -> bool:
        """Return whether the patterns let a path below the folder through."""
        if _UNFINISHED.search(os.path.basename(below)):  # noqa: PTH119
            return False
        if self._wanted and not any(_fits(pattern, below) for pattern in self._wanted):
            return False
        return not any(_fits(pattern, below) for pattern in self._unwanted)


def check_patterns(patterns: Sequence[str]) -> None:
    """Refuse patterns that could match nothing.

    Raises:
        SettingsError: says which.
    """
    for pattern in patterns:
        if not pattern.strip("! ") or pattern.lstrip("!").startswith("/"):
            raise SettingsError(
                f"The pattern {pattern!r} matches nothing.",
                hint="Give globs for names, such as IMG_*.jpg, or below the folder: today/*.jpg.",
            )


def _compiled(pattern: str) -> tuple[bool, re.Pattern[str]]:
    whole_path = "/" in pattern
    return whole_path, re.compile(fnmatch.translate(pattern), re.IGNORECASE)


def _fits(pattern: tuple[bool, re.Pattern[str]], below: str) -> bool:
    whole_path, expression = pattern
    text = below.replace(os.sep, "/") if whole_path else os.path.basename(below)  # noqa: PTH119
    return expression.match(text) is not None
