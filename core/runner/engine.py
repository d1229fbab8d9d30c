"""The render process as a run sees it: which model it holds, for which batch, how it computes."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from core.engine.host import Died, RenderHost
from core.engine.messages import FromRender, LoadModel, ModelLoaded, Numerics, Render
from core.engine.models import ModelSpec
from core.library.ids import JobId
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
        self._stored: dict[JobId, Numerics] = {}

    @property
    def running(self) -> bool:
        """Whether there is a process."""
        return self._host is not None and self._host.running

    @property
    def loading(self) -> bool:
        """Whether a model was asked for and is not there yet."""
        return self._asked is not None and self._loaded is None

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
        if self._loaded is not None and self.running and self._is_loaded(request):
            return self._loaded
        self._requested, self._loaded = request, None
        self._get_host().send(request)
        return None

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

    def _is_loaded(self, request: LoadModel) -> bool:
        """Whether the model that is loaded is what `request` would bring."""
        if self._requested is None or self._requested.model != request.model:
            return False
        same = self._loaded is not None and request.numerics == self._loaded.numerics
        return same or request == self._requested

    def loaded(self, message: ModelLoaded) -> None:
        """The model is there."""
        self._loaded = message

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

    def cancel(self, items: Iterable[int]) -> None:
        """Ask for photographs to be dropped."""
        if self._host is not None:
            self._host.cancel(items)

    def receive(self, timeout: float) -> FromRender | Died | None:
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
