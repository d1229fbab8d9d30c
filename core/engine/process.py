"""The render process: `python -m core.engine.process` edits photographs for its parent.

It says Hello at once and imports torch only when a model or the devices are asked for.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from importlib import metadata
from typing import TYPE_CHECKING

from core.channel import Channel, ChannelClosed, ProtocolError, end_with_parent
from core.device import DeviceInfo
from core.engine.allocator import keep_pages
from core.engine.host import AHEAD
from core.engine.messages import (
    DEVICE_LOST_EXIT,
    TO_RENDER,
    CancelItems,
    Detect,
    DevicesFound,
    EngineFailed,
    Hello,
    LoadModel,
    MakePreview,
    ModelLoaded,
    Render,
    Shutdown,
    ToRender,
)
from core.engine.offline import refuse_network
from core.errors import CoreError, ModelNotFoundError, stop_reason

if TYPE_CHECKING:
    from core.engine.previews import Previewer
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
        self._inbox: queue.SimpleQueue[ToRender | None] = queue.SimpleQueue()
        self._put_off: deque[ToRender | None] = deque()
        self._waiting: deque[Render] = deque()
        self._canceled: set[int] = set()
        self._worker: Worker | None = None
        self._previews: Previewer | None = None
        self._devices: tuple[DeviceInfo, ...] = ()

    def run(self, *, ahead: bool = False) -> None:
        """Work until the parent says Shutdown or is gone; `ahead`: import what it needs at once."""
        threading.Thread(target=self._listen, daemon=True).start()
        self._channel.send(Hello(pid=os.getpid(), versions=versions()))
        if ahead:
            import_ahead()
        while True:
            if not self._busy:
                self._hear(self._next())
            while self._put_off or not self._inbox.empty():
                self._hear(self._next())
            if self._worker is not None:
                self._worker.breathe()
            elif self._previews is not None and self._previews.ready:
                self._previews.work()
            if self._at_work:
                self._guarded(self._work)

    @property
    def _busy(self) -> bool:
        return self._at_work or bool(self._previews and self._previews.ready)

    @property
    def _at_work(self) -> bool:
        return bool(self._waiting or (self._worker and self._worker.has_work))

    def _listen(self) -> None:
        """Take messages while the main thread works; some are heeded at once."""
        with contextlib.suppress(ChannelClosed, ProtocolError):
            while not isinstance(message := self._channel.receive(), Shutdown):
                if isinstance(message, CancelItems):
                    self._canceled.update(message.items)
                    if self._worker is not None:
                        self._worker.hurry()
                    continue
                if isinstance(message, MakePreview) and self._previews is not None:
                    self._previews.take(message)
                    continue
                if isinstance(message, Render):
                    # An earlier cancellation was of an earlier attempt.
                    self._canceled.discard(message.item)
                self._inbox.put(message)
        end_with_parent()

    def _next(self) -> ToRender | None:
        return self._put_off.popleft() if self._put_off else self._inbox.get()

    def _take_in(self) -> None:
        """Let photographs wait that came during a pass; anything else is heard after the work."""
        while not self._put_off and not self._inbox.empty():
            message = self._inbox.get()
            if isinstance(message, Render):
                self._waiting.append(message)
            else:
                self._put_off.append(message)

    def _hear(self, message: ToRender | None) -> None:
        """Take up a message; None is the worker's, which has something to raise."""
        if isinstance(message, Render):
            self._waiting.append(message)
        elif isinstance(message, LoadModel):
            self._guarded(lambda: self._load(message), loading=message.number)
        elif isinstance(message, Detect):
            self._guarded(self._detect)
        elif isinstance(message, MakePreview):
            self._get_previews().take(message)
        elif self._worker is not None:
            self._guarded(self._worker.check)

    def _guarded(self, act: Callable[[], None], loading: int | None = None) -> None:
        """Do something; what stops the whole batch is told, and the rest of it dropped."""
        try:
            act()
        except CoreError as error:
            self._fail(error, loading)

    def _fail(self, error: CoreError, loading: int | None) -> None:
        self._waiting.clear()
        if self._worker is not None:
            self._worker.forget()
        told = EngineFailed(
            reason=stop_reason(error),
            message=error.message,
            hint=error.hint,
            loading=loading,
            devices=() if loading is None else self._devices,
        )
        self._channel.send(told)

    def _detect(self) -> None:
        from core.engine.devices import detect

        self._channel.send(DevicesFound(devices=detect()))

    def _load(self, message: LoadModel) -> None:
        started = time.monotonic()
        previews = self._get_previews()
        if self._worker is not None:
            previews.use(None)
            self._worker.close()
            self._worker = None
        from core.engine.devices import detect
        from core.engine.setup import set_up
        from core.engine.worker import Worker

        self._devices = detect()
        model = set_up(message, versions(), self._devices)
        self._worker = Worker(
            model,
            self._channel.send,
            self._canceled.__contains__,
            self._wake,
            previews,
            self._take_in,
        )
        previews.use(model)
        numerics = model.numerics
        self._channel.send(
            ModelLoaded(
                model=model.spec.id,
                device=numerics.device,
                dtype=numerics.dtype,
                seconds=time.monotonic() - started,
                numerics=numerics,
                number=message.number,
                devices=self._devices,
            )
        )
        if message.warm and not self._put_off and self._inbox.empty():
            previews.warm()

    def _get_previews(self) -> Previewer:
        if self._previews is None:
            from core.engine.previews import Previewer

            self._previews = Previewer(self._channel.send, self._wake)
        return self._previews

    def _wake(self) -> None:
        """Let the main thread look up from its waiting."""
        self._inbox.put(None)

    def _work(self) -> None:
        if self._worker is None:
            raise ModelNotFoundError("No model is loaded.", hint="This is a bug in Regrain.")
        self._worker.work(self._waiting)


def import_ahead() -> None:
    """Import what every model needs, while the parent still looks for photographs."""
    try:
        import core.engine.setup
        import core.engine.worker  # noqa: F401
    except ImportError:
        # The model that is asked for will say what is missing.
        logging.getLogger(__name__).info("nothing imported ahead", exc_info=True)


def versions() -> str:
    """Return what decides results besides Regrain itself; reads no more than names of files."""
    return " ".join(f"{name} {metadata.version(name)}" for name in ("torch", "diffusers"))


def main() -> None:
    """Work for the parent whose pipes stdin and stdout are."""
    os.environ.update(NO_NETWORK)
    refuse_network()
    # Threads that wait by spinning halve the speed as soon as another program wants a core.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    keep_pages()
    _leave_no_core()
    logging.basicConfig(level=logging.WARNING)
    channel = Channel.from_stdio(TO_RENDER)
    try:
        RenderProcess(channel).run(ahead=AHEAD in sys.argv)
    except ChannelClosed:
        end_with_parent()
    except Exception as error:
        code = _exit_code(error)
        logging.getLogger(__name__).exception("the render process cannot go on")
        logging.shutdown()
        # At once: the reading thread sits in a read that nothing but the parent can end.
        os._exit(code)


def _leave_no_core() -> None:
    """A dead render process must not fill the disk with a copy of its memory."""
    if sys.platform != "win32":
        import resource

        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _exit_code(error: Exception) -> int:
    """Tell a device that failed for good from a bug."""
    # Without torch there was no device yet.
    if "torch" in sys.modules:
        from core.engine.ladder import is_device_lost

        if is_device_lost(error):
            return DEVICE_LOST_EXIT
    return BUG


if __name__ == "__main__":
    main()
