"""The render process: `python -m core.engine.process` edits photographs for its parent.

It says Hello at once and imports torch only when a model or the devices are asked for.
"""

from __future__ import annotations

import contextlib
import os
import queue
import sys
import threading
import time
from collections import deque
from importlib import metadata
from typing import TYPE_CHECKING

from core.channel import Channel, ChannelClosed, ProtocolError, end_with_parent
from core.engine.messages import (
    TO_RENDER,
    CancelItems,
    Detect,
    DevicesFound,
    EngineFailed,
    Hello,
    LoadModel,
    ModelLoaded,
    Render,
    Shutdown,
    ToRender,
)
from core.errors import BatchStopped, CoreError, StopReason

if TYPE_CHECKING:
    from core.engine.worker import Worker

NO_NETWORK = {
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "DIFFUSERS_DISABLE_REMOTE_CODE": "1",
    "TRANSFORMERS_OFFLINE": "1",
}
BUG = 70


class RenderProcess:
    """Hears its parent in one thread and works in the main one."""

    def __init__(self, channel: Channel[ToRender]) -> None:
        self._channel = channel
        self._inbox: queue.SimpleQueue[ToRender] = queue.SimpleQueue()
        self._waiting: deque[Render] = deque()
        self._canceled: set[int] = set()
        self._worker: Worker | None = None

    def run(self) -> None:
        """Work until the parent says Shutdown or is gone."""
        threading.Thread(target=self._listen, daemon=True).start()
        self._channel.send(Hello(pid=os.getpid(), versions=versions()))
        while True:
            self._hear(self._inbox.get() if not self._busy else None)
            while not self._inbox.empty():
                self._hear(self._inbox.get())
            if self._busy:
                self._work()

    @property
    def _busy(self) -> bool:
        return bool(self._waiting or (self._worker and self._worker.has_work))

    def _listen(self) -> None:
        """Take messages while the main thread works; what cannot wait is done here."""
        with contextlib.suppress(ChannelClosed, ProtocolError):
            while not isinstance(message := self._channel.receive(), Shutdown):
                if isinstance(message, CancelItems):
                    self._canceled.update(message.items)
                else:
                    self._inbox.put(message)
        end_with_parent()

    def _hear(self, message: ToRender | None) -> None:
        if isinstance(message, Render):
            # The number of an item that was canceled earlier may come again.
            self._waiting.append(message)
        elif isinstance(message, LoadModel):
            self._load(message)
        elif isinstance(message, Detect):
            self._detect()
