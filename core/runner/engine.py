"""The render process as a run sees it: which model it holds, for which batch, how it computes."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from core.engine.host import Died, Heard, RenderHost
from core.engine.messages import (
    Detect,
    EngineFailed,
    LoadModel,
    MakePreview,
    ModelLoaded,
    Numerics,
    Render,
)
from core.errors import BatchStopped, StopReason
from core.library.ids import JobId
from core.models.spec import ModelSpec
from core.runner.deaths import ladder
from core.runner.parts import EngineChoice

PASSES_AHEAD = 2


class Engine:
    """Loads a model for a batch, and keeps track of what is loaded.

    Args:
        host: returns the host; called for the first photograph to be rendered.
        choice: what the user asked of the device.
    """

    def __init__(self, host: Callable[[], RenderHost], choice: EngineChoice) -> None:
        self._host_of = host
        self._choice = choice
        self._host: RenderHost | None = None
        self._asked: tuple[JobId, int] | None = None
        self._requested: LoadModel | None = None
        self._loaded: ModelLoaded | None = None
        self._number = 0
        self._stored: dict[JobId, Numerics] = {}

    @property
    def running(self) -> bool:
        """Whether there is a process."""
        return self._host is not None and self._host.running

    @property
    def loading(self) -> bool:
        """Whether a model was asked for and is not there yet."""
        return self._requested is not None and self._loaded is None

    @property
    def loading_for_batch(self) -> bool:
        """Whether that is a batch's model."""
        return self._asked is not None and self.loading

    @property
    def has_any(self) -> bool:
        """Whether a model is loaded, or being loaded."""
        return self.running and self._requested is not None

    def has(self, spec: ModelSpec) -> bool:
        """Return whether this model is loaded, with whatever numerics."""
        requested = self._requested
        return self._loaded is not None and requested is not None and requested.model == spec

    @property
    def capacity(self) -> int:
        """How many photographs to hand over at most: about two passes."""
        rows = self._loaded.numerics.rows if self._loaded else 1
        return PASSES_AHEAD * max(1, rows)

    @property
    def asked_job(self) -> JobId | None:
        """The batch that the loaded model, or the one being loaded, is for."""
        return self._asked[0] if self._asked else None

    def holds(self, job: JobId, level: int) -> bool:
        """Return whether the model is loaded for this batch at this rung of the memory ladder."""
        return self._asked == (job, level) and self._loaded is not None

    def load(
        self, job: JobId, spec: ModelSpec, stored: Numerics | None, level: int
    ) -> ModelLoaded | None:
        """Ask for the batch's model, with its stored numerics where it has some.

        Returns the answer at once when just that is loaded already; else it comes as a message.

        Raises:
            OSError: the process cannot be started.
        """
        if stored is not None:
            self._stored[job] = stored
        request = self._request(spec, self._stored.get(job), level)
        self._asked = (job, level)
        if self.running and self._is_there(request):
            return self._loaded
        self._send_load(request)
        return None

    def warm_up(self, spec: ModelSpec) -> None:
        """Load a model that no batch has asked for yet; errors as in `load`."""
        self._asked = None
        self._send_load(self._request(spec, None, 0).model_copy(update={"warm": True}))

    def _send_load(self, request: LoadModel) -> None:
        self._number += 1
        self._requested = request.model_copy(update={"number": self._number})
        self._loaded = None
        self._get_host().send(self._requested)

    def _request(self, spec: ModelSpec, stored: Numerics | None, level: int) -> LoadModel:
        elsewhere = stored and self._choice.device not in ("auto", stored.device)
        return LoadModel(
            model=spec,
            device=self._choice.device,
            dtype=self._choice.dtype,
            rows=stored.rows if stored else self._choice.batch_size,
            # Another device was asked for than the batch was begun on: that wins.
            numerics=ladder(stored)[level] if stored and not elsewhere else None,
        )

    def _is_there(self, request: LoadModel) -> bool:
        """Whether what is loaded, or being loaded, is what `request` would bring."""
        requested = self._requested
        if requested is None or requested.model != request.model:
            return False
        same = self._loaded is not None and request.numerics == self._loaded.numerics
        unnumbered = {"number": request.number, "warm": request.warm}
        return same or request == requested.model_copy(update=unnumbered)

    def loaded(self, message: ModelLoaded) -> bool:
        """A model is there; return whether it is the one asked for last."""
        is_awaited = self._is_last(message.number)
        if is_awaited:
            self._loaded = message
        return is_awaited

    def load_failed(self, message: EngineFailed) -> bool:
        """A model cannot be had; return whether a batch is waiting for it."""
        if not self._is_last(message.loading):
            return False
        is_for_batch = self._asked is not None
        self._forget()
        return is_for_batch

    def _is_last(self, number: int | None) -> bool:
        return self._requested is not None and self._requested.number == number

    def choose(self, choice: EngineChoice) -> None:
        """Use another device from now on; a process with a model on the former one is ended."""
        if choice != self._choice:
            self._choice = choice
            self.end()

    def keep_numerics(self, job: JobId, numerics: Numerics) -> None:
        """These are the batch's numerics from now on."""
        self._stored[job] = numerics

    def rungs(self, job: JobId) -> int:
        """Return how many settings the memory ladder has for the batch."""
        known = self._stored.get(job)
        return len(ladder(known)) if known else 1

    def note(self, job: JobId) -> str:
        """Return what differs from how the batch was begun, in words; empty when nothing does."""
        known = self._stored.get(job)
        if known is None or self._loaded is None or known == self._loaded.numerics:
            return ""
        now = self._loaded.numerics
        before = f"{known.device} {known.dtype}, {known.rows} a pass, tiles of {known.tile}"
        if (known.device, known.dtype, known.rows, known.tile) == (
            now.device,
            now.dtype,
            now.rows,
            now.tile,
        ):
            return f"made with {now.versions or 'other versions'}, begun with {known.versions}"
        return (
            f"made on {now.device} {now.dtype}, {now.rows} a pass, tiles of {now.tile}; "
            f"the batch was begun on {before}"
        )

    def render(self, message: Render) -> None:
        """Hand over a photograph; errors as in `load`."""
        self._get_host().send(message)

    def preview(self, message: MakePreview) -> None:
        """Ask for a preview; errors as in `load`."""
        self._get_host().send(message)

    def detect(self) -> None:
        """Ask for the devices; errors as in `load`."""
        self._get_host().send(Detect())

    def poke(self) -> None:
        """Let `receive` come back at once; from any thread."""
        host = self._host
        if host is not None:
            host.poke()

    def cancel(self, items: Iterable[int]) -> None:
        """Ask for photographs to be dropped."""
        if self._host is not None:
            self._host.cancel(items)

    def receive(self, timeout: float) -> Heard | None:
        """Return what the process says, that it died, or None."""
        if self._host is None:
            return None
        got = self._host.receive(timeout)
        if isinstance(got, Died):
            self._forget()
        return got

    def end(self, grace: float = 2.0) -> None:
        """End the process."""
        if self._host is not None:
            self._host.stop(grace)
        self._forget()

    def end_if_idle(self, seconds: float) -> bool:
        """End a process that has had no work for `seconds`; return whether it was ended."""
        if self._host is None or not self._host.end_if_idle(seconds):
            return False
        self._forget()
        return True

    def _forget(self) -> None:
        self._asked = self._loaded = self._requested = None

    def _get_host(self) -> RenderHost:
        if self._host is None:
            self._host = self._host_of()
        return self._host


def cannot_start(error: OSError) -> BatchStopped:
    """Return the error for a render process that cannot be started."""
    return BatchStopped(
        StopReason.GPU_LOST,
        f"The render process cannot be started: {error.strerror}.",
        hint="Install Regrain again, then Resume.",
    )
