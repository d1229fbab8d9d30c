"""What reaches the terminal: results on stdout, everything else on stderr, one line each."""

from __future__ import annotations

import json
import sys
import unicodedata
from typing import TextIO


def printable(text: object) -> str:
    """Return `text` on one line: control characters, line ends and broken bytes as escapes.

    A file name may hold anything but `/` and NUL; none of it may move the cursor or fake a line.
    """
    return "".join(_printable_character(character) for character in str(text))


def _printable_character(character: str) -> str:
    if character.isprintable() or unicodedata.category(character) == "Zs":
        return character
    return character.encode("unicode_escape").decode("ascii")


class Console:
    """Writes lines; `quiet` leaves only errors and results, `verbose` adds details.

    Args:
        quiet: say nothing but errors and results.
        verbose: also say details, and show tracebacks.
        json_lines: stdout carries JSON lines only.
    """

    def __init__(
        self, *, quiet: bool = False, verbose: bool = False, json_lines: bool = False
    ) -> None:
        self.quiet = quiet
        self.verbose = verbose
        self.json_lines = json_lines

    def result(self, text: object) -> None:
        """Write a line of the result on stdout, unless JSON was asked for."""
        if not self.json_lines:
            _write_line(sys.stdout, printable(text))

    def json(self, values: dict[str, object]) -> None:
        """Write one JSON object as a line on stdout, if JSON was asked for."""
        if self.json_lines:
            _write_line(sys.stdout, json.dumps(values))

    def say(self, text: object) -> None:
        """Write a line on stderr, unless `quiet`."""
        if not self.quiet:
            _write_line(sys.stderr, printable(text))

    def detail(self, text: object) -> None:
        """Write a line on stderr if `verbose`."""
        if self.verbose:
            _write_line(sys.stderr, printable(text))

    def problem(self, message: str, hint: str = "") -> None:
        """Write what went wrong on stderr, even if `quiet`, and what to do about it."""
        _write_line(sys.stderr, printable(message))
        if hint:
            _write_line(sys.stderr, "  " + printable(hint))


def _write_line(stream: TextIO, line: str) -> None:
    # One write a line: two processes on one terminal do not mix within it.
    encoding = stream.encoding or "utf-8"
    stream.write(line.encode(encoding, "backslashreplace").decode(encoding) + "\n")
    stream.flush()
