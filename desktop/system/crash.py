"""Bugs: logged whole, from wherever they come, and said once with what to do."""

from __future__ import annotations

import faulthandler
import logging
import platform
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import IO

from PySide6.QtCore import QMessageLogContext, QObject, QtMsgType, Signal, qInstallMessageHandler

LOG = "regrain-desktop.log"
NATIVE = "regrain-desktop-crash.log"
_MOST_BYTES = 2_000_000
_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}
_log = logging.getLogger("desktop.crash")
_qt_log = logging.getLogger("desktop.qt")

Hook = Callable[[type[BaseException], BaseException, TracebackType | None], object]


@dataclass(frozen=True, slots=True)
class Crash:
    """A bug: in one line, and where the whole of it is written (None: nowhere)."""

    summary: str
    text: str
    report: Path | None


class CrashHandlers(QObject):
    """Catches what nobody expected, on any thread, and writes it into the logs' folder.

    Args:
        logs: the folder; made if it is missing. Where it cannot be, bugs are still shown.
    """

    crashed = Signal(object)
    """A Crash; only the first of a session is emitted, all are written."""

    def __init__(self, logs: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._logs = logs
        self._told = False
        self._native: IO[str] | None = None
        self._handler: logging.Handler = logging.NullHandler()
        self._before: tuple[Hook, Callable[..., object]] | None = None
        self.ended_badly = False
        """Whether the last session was ended by a crash of native code."""

    def install(self) -> None:
        """Begin to catch."""
        self._open_logs()
        self._before = (sys.excepthook, threading.excepthook)
        sys.excepthook = self._exception
        threading.excepthook = self._thread_exception
        qInstallMessageHandler(self._qt_message)

    def remove(self) -> None:
        """Stop catching; a session that gets here ended well."""
        if self._before is not None:
            sys.excepthook, threading.excepthook = self._before
            self._before = None
        qInstallMessageHandler(None)
        if self._native is not None:
            faulthandler.disable()
            self._native.close()
            self._native = None
        for name in ("core", "desktop"):
            logging.getLogger(name).removeHandler(self._handler)
        self._handler.close()

    def take(self, error: BaseException) -> None:
        """Write a bug down and tell of it."""
        text = "".join(traceback.format_exception(error))
        summary = f"{type(error).__name__}: {error}".splitlines()[0]
        _log.error("%s", text)
        crash = Crash(summary, text, self._write(text))
        if not self._told:
            self._told = True
            self.crashed.emit(crash)

    def _open_logs(self) -> None:
        try:
            self._logs.mkdir(parents=True, exist_ok=True)
            self._handler = RotatingFileHandler(
                self._logs / LOG, maxBytes=_MOST_BYTES, backupCount=1,
                encoding="utf-8", errors="backslashreplace",
            )  # fmt: skip
            self._open_native(self._logs / NATIVE)
        except OSError:
            self._handler = logging.NullHandler()
        form = "%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"
        self._handler.setFormatter(logging.Formatter(form))
        for name in ("core", "desktop"):
            logging.getLogger(name).addHandler(self._handler)

    def _open_native(self, path: Path) -> None:
        """Let crashes of native code be written too, and look whether the last session had one."""
        if path.exists() and path.stat().st_size:
            self.ended_badly = True
            path.replace(path.with_suffix(".last.log"))
        self._native = path.open("w", encoding="utf-8", errors="backslashreplace")
        faulthandler.enable(self._native)

    def _exception(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        self.take(error)

    def _thread_exception(self, args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
            self.take(args.exc_value)

    def _qt_message(self, kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
        category = f"{context.category}: " if context.category else ""
        _qt_log.log(_LEVELS.get(kind, logging.WARNING), "%s%s", category, text)

    def _write(self, text: str) -> Path | None:
        path = self._logs / time.strftime("bug-%Y%m%d-%H%M%S.log")
        try:
            self._logs.mkdir(parents=True, exist_ok=True)
            with path.open("a", encoding="utf-8", errors="backslashreplace") as file:
                file.write(f"{about_this_installation()}\n{text}\n")
        except OSError:
            return None
        return path


def about_this_installation() -> str:
    """Return versions of what a report needs, in one line."""
    names = ("regrain", "PySide6-Essentials", "torch", "diffusers")
    versions = [f"{name} {installed_version(name)}" for name in names]
    return ", ".join([*versions, f"Python {platform.python_version()}", platform.platform()])


def installed_version(distribution: str) -> str:
    """Return a distribution's version without loading it."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "not installed"
