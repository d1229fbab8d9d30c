"""The render process as a run sees it: which model it holds, for which batch, how it computes."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from core.engine.host import Died, Heard, RenderHost
from core.engine.messages import (
    PLAIN,
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
        choice: what the user asked of the device; where that names several, of the first one.
        stored: the numerics of batches, shared by all engines of a runner.
    """

    def __init__(
        self,
        host: Callable[[], RenderHost],
        choice: EngineChoice,
        stored: dict[JobId, Numerics] | None = None,
    ) -> None:
        self._host_of = host
        self._choice = choice
        self._device = choice.devices[0]
        self._pinned, self._is_best = "", False
        self._host: RenderHost | None = None
        self._asked: tuple[JobId, int] | None = None
        self._requested: LoadModel | None = None
        self._loaded: ModelLoaded | None = None
        self._number = 0
        self._tried = ""
        self._stored = {} if stored is None else stored

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
    def name(self) -> str:
        """What was asked for: `auto`, `cuda:1`."""
        return self._device

    @property
    def tried(self) -> str:
        """The key of the device that a model was last asked for on; empty where it was `auto`."""
        return self._tried

    @property
    def device(self) -> str:
        """The key of the device that the loaded model computes on; empty while there is none."""
        return self._loaded.device if self._loaded else ""

    def pin(self, key: str, *, is_best: bool) -> None:
        """Compute on this device and no other from now on, since others compute beside it.

        `is_best`: it is the one that `auto` means.
        """
        self._pinned, self._is_best = key, is_best

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
        self._tried = request.numerics.device if request.numerics else ""
        self._loaded = None
        self._get_host().send(self._requested)

    def _request(self, spec: ModelSpec, stored: Numerics | None, level: int) -> LoadModel:
        numerics = self._numerics(stored, level) if stored else None
        return LoadModel(
            model=spec,
            device=self._device if numerics or self._is_best else self._pinned or self._device,
            dtype=self._choice.dtype,
            rows=stored.rows if stored else self._choice.batch_size,
            numerics=numerics,
        )

    def _numerics(self, stored: Numerics, level: int) -> Numerics | None:
        """Return a begun batch's numerics for this engine's device.

        None where a device of another kind was asked for than the batch was begun on: that wins.
        """
        device = self._pinned or self._device
        if device in ("auto", _kind(stored.device)):
            device = stored.device
        if _kind(device) != _kind(stored.device):
            return None
        return ladder(stored)[level].model_copy(update={"device": device})

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
        if known is None or self._loaded is None:
            return ""
        now = self._loaded.numerics
        # Another card of the same kind is no other way of computing.
        is_near = _kind(known.device) == _kind(now.device)
        alike = known.model_copy(update={"device": now.device}) if is_near else known
        if alike == now:
            return ""
        if _words(alike) == _words(now):
            return f"made with {now.versions or 'other versions'}, begun with {known.versions}"
        return f"made on {_words(now)}; the batch was begun on {_words(known)}"

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


def _kind(device: str) -> str:
    return device.partition(":")[0]


def _words(numerics: Numerics) -> str:
    kernels = "" if numerics.kernels == PLAIN else f", {numerics.kernels} kernels"
    words = f"{numerics.device} {numerics.dtype}, {numerics.rows} a pass, tiles of {numerics.tile}"
    return words + kernels


def cannot_start(error: OSError) -> BatchStopped:
    """Return the error for a render process that cannot be started."""
    return BatchStopped(
        StopReason.GPU_LOST,
        f"The render process cannot be started: {error.strerror}.",
        hint="Install Regrain again, then Resume.",
    )
