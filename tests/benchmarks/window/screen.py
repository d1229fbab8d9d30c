"""A display of its own for the window, when it is to be drawn by a real X server."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def platform(display: str) -> Iterator[dict[str, str]]:
    """Yield the environment in which Qt draws: `offscreen`, or `xvfb`, which is started for it."""
    if display == "offscreen":
        yield {"QT_QPA_PLATFORM": "offscreen"}
        return
    reader, writer = os.pipe()
    # The server looks for a number that is free, and writes it when it is ready.
    command = [
        "Xvfb",
        "-displayfd",
        str(writer),
        "-screen",
        "0",
        "1920x1200x24",
        "-nolisten",
        "tcp",
    ]
    server = subprocess.Popen(command, pass_fds=[writer], stderr=subprocess.DEVNULL)
    os.close(writer)
    try:
        with os.fdopen(reader) as number:
            shown = number.readline().strip()
        if not shown:
            raise SystemExit("Xvfb did not start; install it, or use --display offscreen.")
        yield {"QT_QPA_PLATFORM": "xcb", "DISPLAY": f":{shown}"}
    finally:
        server.terminate()
        server.wait()
