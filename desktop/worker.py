"""The rendering thread: works batches off, answers previews, and tells the window of it."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable

from PySide6.QtCore import QObject, QThread, Signal

from core.errors import CoreError
from core.events import Event, WorkerState, WorkState
from core.library.ids import JobId
from core.runner import EngineChoice, Stop
from core.runner.coalesce import Coalesced
from core.runner.previews import PreviewRequest
from core.runner.service import RenderService
from core.services import Services

__all__ = ["DenoisingThread", "EventBridge", "WorkState", "WorkerState"]

_log = logging.getLogger(__name__)


class EventBridge(QObject):
    """Brings events to the main thread, where it lives: connect methods of QObjects there."""

    happened = Signal(object)
    """A core.events.Event, WorkerState included."""


class DenoisingThread(QThread):
    """Renders for one library; every method may be called from the main thread and returns at once.

    It detects the devices, then works off whatever waits in the library, the window's batches and
    others'; while another process renders, it follows that one and takes over when it ends.

    Args:
        open_services: opens the library; called on this thread, which closes it too.
        choice: what the user asked of the device.
        bridge: emits all that happens.
        hold: batches that are unfinished at the start wait for `release` or `resume`.
    """

    def __init__(
        self,
        open_services: Callable[[], Services],
        choice: EngineChoice,
        bridge: EventBridge,
        *,
        hold: bool = True,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("rendering")
        self._open_services = open_services
        self._choice = choice
        self._bridge = bridge
        self._hold = hold
        self._asking = threading.Lock()
        self._service: RenderService | None = None
        self._early: list[Callable[[RenderService], None]] = []

    def warm_up(self) -> None:
        """Start the render process, look for devices and load the built-in model."""
        self._ask(RenderService.warm_up)

    def wake(self) -> None:
        """Something was stored in the library: look for work."""
        self._ask(RenderService.wake)

    def hold(self) -> None:
        """Let every batch that is unfinished now wait; the one in work ends its photograph."""
        self.stop_after_this_one()

    def release(self) -> None:
        """Go on with everything that was held."""
        self._ask(RenderService.release)

    def stop_after_this_one(self) -> None:
        """Finish the photographs in work, then hold."""
        self._ask(lambda service: service.stop(Stop.AFTER_THIS_ONE))

    def stop_now(self) -> None:
        """Drop the photographs in work within two seconds, then hold."""
        self._ask(lambda service: service.stop(Stop.NOW))

    def pause(self, job: JobId) -> None:
        """Let nothing more of a batch be begun."""
        self._ask(lambda service: service.pause(job))

    def resume(self, job: JobId | None = None) -> None:
        """Lift a batch's hold, pause or stop (None: the holds of all)."""
        if job is None:
            self.release()
        else:
            self._ask(lambda service: service.resume(job))

    def preview(self, request: PreviewRequest) -> None:
        """Make a preview; the one asked for before is dropped."""
        self._ask(lambda service: service.preview(request))

    def choose(self, choice: EngineChoice) -> None:
        """Use another device for what is begun from now on."""
        self._ask(lambda service: service.choose(choice))

    def finish(self, *, now: bool) -> None:
        """End the thread, at once or after the photographs in work; `wait` tells when it ended."""
        self._ask(lambda service: service.finish(now=now))

    def run(self) -> None:
        """Open the library and serve it until `finish`; the thread's own, called by `start`."""
        try:
            services = self._open_services()
        except CoreError as error:
            _log.warning("%s %s", error.message, error.hint)
            self._tell(WorkerState(WorkState.FAILED, error.message, error.hint))
            return
        try:
            with services:
                self._serve(services)
        except Exception:
            words = "The rendering thread stopped because of a bug in Regrain."
            hint = "Start Regrain again; nothing is lost."
            self._tell(WorkerState(WorkState.FAILED, words, hint))
            sys.excepthook(*sys.exc_info())
        finally:
            with self._asking:
                self._service = None

    def _serve(self, services: Services) -> None:
        sink = Coalesced(self._tell)
        service = RenderService(
            services.queue,
            services.lock,
            services.runner(sink, self._choice),
            sink,
            hold=self._hold,
            idle_seconds=60.0 * services.preferences.idle_minutes,
        )
        with self._asking:
            early, self._early = self._early, []
            self._service = service
        for act in early:
            act(service)
        service.serve()

    def _ask(self, act: Callable[[RenderService], None]) -> None:
        """Ask the service, or as soon as there is one."""
        with self._asking:
            service = self._service
            if service is None:
                self._early.append(act)
                return
        act(service)

    def _tell(self, event: Event) -> None:
        self._bridge.happened.emit(event)
