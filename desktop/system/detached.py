"""Starts another program and leaves it to itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QProcess, QProcessEnvironment


def start_detached(command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
    """Start a program that is neither waited for nor ended with this one.

    Args:
        command: the program and its arguments.
        environment: all that it has in its environment; None: this process's.

    Raises:
        OSError: it cannot be started.
    """
    process = QProcess()
    process.setProgram(command[0])
    process.setArguments(list(command[1:]))
    if environment is not None:
        values = QProcessEnvironment()
        for name, value in environment.items():
            values.insert(name, value)
        process.setProcessEnvironment(values)
    for set_file in (process.setStandardOutputFile, process.setStandardErrorFile):
        set_file(QProcess.nullDevice())
    process.setStandardInputFile(QProcess.nullDevice())
    if not process.startDetached():
        raise OSError(f"{command[0]} cannot be started: {process.errorString()}")
