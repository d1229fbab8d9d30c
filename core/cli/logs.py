"""Details for whoever looks for a cause: into a log file, and on stderr with --verbose."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from logging.handlers import RotatingFileHandler
from pathlib import Path

from core.cli.console import Console

FILE = "regrain.log"
_MOST_BYTES = 2_000_000
_WRITER = "core.library.writer"


class _Said(logging.Handler):
    """Says on the terminal why nothing moves: the library is held by another program."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        """Write the warning as a line, unless it is written there anyway."""
        if not self._console.verbose:
            self._console.say(record.getMessage())


@contextmanager
def log_to(folder: Path, console: Console) -> Iterator[None]:
    """Within, warnings of `core` go into `folder`, and on stderr only if verbose.

    A render process that died leaves its last words here; they are for bug reports, not for the
    terminal of somebody who edits photographs.
    """
    handlers: list[logging.Handler] = [_file_handler(folder)]
    if console.verbose:
        handlers.append(logging.StreamHandler())
    logger, writer = logging.getLogger("core"), logging.getLogger(_WRITER)
    for handler in handlers:
        logger.addHandler(handler)
    said = _Said(console)
    writer.addHandler(said)
    try:
        yield
    finally:
        writer.removeHandler(said)
        for handler in handlers:
            logger.removeHandler(handler)
            handler.close()


def _file_handler(folder: Path) -> logging.Handler:
    """Return a handler for the log file; one that drops all where none can be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(
            folder / FILE,
            maxBytes=_MOST_BYTES,
            backupCount=1,
            encoding="utf-8",
            errors="backslashreplace",
        )
    except OSError:
        return logging.NullHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(process)d %(name)s: %(message)s"))
    return handler
