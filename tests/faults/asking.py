"""Asking the codec process about files, and noticing when it fails in a way that it must not."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import ImageReadError, Reason
from core.images.codec import Codec
from tests.faults import pictures

UNLIKELY_SECONDS = 60
"""Longer than any file may take, whatever else the computer does."""

MOST_MEGABYTES = 1024


class Asker:
    """Asks the codec process about files, and counts how often one of them ended it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.codec = Codec()
        self.codec.start()
        self.ended = 0
        self.slowest = 0.0

    def put(self, name: str, data: bytes) -> Path:
        """Write a file anew, so that nothing is remembered of an earlier one of its name."""
        path = self.folder / name
        path.unlink(missing_ok=True)
        path.write_bytes(data)
        return path

    def decode(self, path: Path) -> Reason | bytes:
        """Return the picture as the codec shows it, or why there is none."""
        box = (0, 0, pictures.WIDTH, pictures.HEIGHT)
        return self.ask(lambda: self.codec.crop(path, box, pictures.WIDTH).jpeg)

    def everything(self, path: Path) -> Reason | bytes:
        """Ask every question there is about a file; return what decoding said."""
        (info,) = self.codec.probe([path])
        assert not isinstance(info, ImageReadError) or info.reason
        for question in (self.codec.facts, self.codec.texts, self.codec.noise):
            self.ask(lambda question=question: question(path))  # type: ignore[misc]
        self.ask(lambda: self.codec.preview(path, 20))
        return self.decode(path)

    def ask(self, question: Callable[[], object]) -> Reason | bytes:
        before, begun = self.codec.pid, time.monotonic()
        try:
            answer = question()
        except ImageReadError as error:
            assert error.message
            answer = error.reason
        self.slowest = max(self.slowest, time.monotonic() - begun)
        self.ended += before is not None and self.codec.pid != before
        self.codec.start()
        return answer if isinstance(answer, Reason | bytes) else b""

    def peak_megabytes(self) -> int:
        """Return the most memory that the process has held since it was started."""
        status = Path(f"/proc/{self.codec.pid}/status")
        if not status.exists():
            pytest.skip("no /proc here to measure memory by")
        lines = status.read_text(encoding="utf-8").splitlines()
        (line,) = [line for line in lines if line.startswith("VmHWM")]
        return int(line.split()[1]) >> 10
