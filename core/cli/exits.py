"""Exit codes, and which error means which."""

from __future__ import annotations

from enum import IntEnum

from core.errors import (
    CoreError,
    LibraryError,
    ModelNotFoundError,
    ModelUntrustedError,
    SettingsError,
)


class ExitCode(IntEnum):
    """What the shell learns."""

    OK = 0
    SOME_FAILED = 1
    USAGE = 2
    STOPPED = 4
    LIBRARY = 5
    BUG = 70
    INTERRUPTED = 130


def exit_code_of(error: CoreError) -> ExitCode:
    """Return the exit code for an error that ended the command."""
    if isinstance(error, LibraryError):
        return ExitCode.LIBRARY
    if isinstance(error, SettingsError | ModelNotFoundError | ModelUntrustedError):
        return ExitCode.USAGE
    return ExitCode.STOPPED
