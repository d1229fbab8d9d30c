"""Previews in the render process: read beside the work, made between it, the newest one only."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import torch
from pydantic import BaseModel

from core.engine.ladder import free_memory, is_device_lost, is_out_of_memory
from core.engine.loaded_model import LoadedModel
from core.engine.messages import MakePreview, PreviewTrouble
from core.engine.preview_job import PreviewJob
from core.engine.preview_lead import Bench, Pace
from core.engine.preview_memory import Changes
from core.engine.preview_source import Source, Sources, warming_photo
from core.errors import CoreError, ItemError
from core.recipe import EditSettings, Mode

Send = Callable[[BaseModel, bytes], None]
"""Sends a message to the parent, and the bytes that go with it."""

_log = logging.getLogger(__name__)


class Dropped(Exception):
    """A newer preview was asked for."""


class Postponed(Exception):
    """The preview is to be made again from its start, after what is more urgent."""


@dataclass(frozen=True)
class _Read:
    """A request whose photograph was read, or not."""

    message: MakePreview
    source: Source | None = None
    error: Exception | None = None


class Previewer:
    """Takes requests from any thread; makes previews in the thread that calls `work`.

    Args:
        send: takes every message for the parent.
        wake: called, from another thread, when `ready` became true.
    """

    def __init__(self, send: Send, wake: Callable[[], None]) -> None:
        self._send = send
        self._wake = wake
        self._pool = ThreadPoolExecutor(1, "preview")
        self._sources = Sources()
        self._changes = Changes()
        self._bench: Bench | None = None
        self._model: LoadedModel | None = None
        self._newest = -1
        self._waiting: deque[_Read] = deque()
        self._working: int | None = None

    @property
    def ready(self) -> bool:
        """Whether there is a preview to be made."""
        return bool(self._waiting)

    @property
    def working(self) -> bool:
        """Whether one is being made."""
        return self._working is not None

    def take(self, message: MakePreview) -> None:
        """Take up a request; the one before it is dropped, at the next layer of the network."""
        self._newest = message.request
        self._pool.submit(self._read, message)

    def check(self, *, urgent: bool = False) -> None:
        """To be called between layers of the network while one is being made.

        Raises:
            Dropped: a newer one was asked for.
            Postponed: something else is `urgent`.
        """
        if self._working != self._newest:
            raise Dropped
        if urgent:
            raise Postponed

    def use(self, model: LoadedModel | None) -> None:
        """Make previews with this model from now on."""
        self._changes.clear()
        self._bench = None
        self._model = model
        if model is not None and model.bench is None:
            pace = Pace(model.spec.seconds_per_megapixel_call * 1e-6)
            self._bench = Bench(model, pace, self._changes)

    def warm(self) -> None:
        """Make a preview of a picture of noise, so that the first real one finds all at hand."""
        if self._bench is None:
            return
        source = Source(warming_photo())
        source.noise()
        message = MakePreview(request=0, model="", source=Path(), edit=EditSettings(amount=10))
        PreviewJob(message, source, self._bench, lambda _message, _jpeg: None).make()
        self._bench.pace.measure(self._bench.model.pixel_denoiser.predict)
        self._changes.clear()

    def work(self) -> None:
        """Make the preview that is ready; whatever goes wrong concerns it alone."""
        read = None
        while self._waiting:
            read = self._waiting.popleft()
        if read is None or read.message.request != self._newest:
            return
        self._working, is_short = read.message.request, False
        try:
            self._make(read)
        except Dropped:
            pass
        except Postponed:
            self._waiting.append(read)
        except Exception as error:
            self._trouble(read.message, error)
            is_short = is_out_of_memory(error)
        finally:
            self._working = None
        # Outside the handler: the exception holds on to every tensor of its frames.
        if is_short:
            free_memory()

    def _make(self, read: _Read) -> None:
        if read.error is not None:
            raise read.error
        model = self._model
        if model is None or model.spec.id != read.message.model:
            raise CoreError(
                "The preview's model is not loaded; another one is at work.",
                hint="It is shown when the batch is done.",
            )
        assert read.source is not None
        if self._bench is not None:
            PreviewJob(read.message, read.source, self._bench, self._send).make()
        elif model.bench is not None:
            # Its pipelines take seconds to import, which the built-in model does without.
            from core.engine.latent.previewing import LatentPreview

            LatentPreview(read.message, read.source, model.bench, self._send).make()

    def _read(self, message: MakePreview) -> None:
        if message.request != self._newest:
            return
        try:
            source = self._sources.get(message.source, message.max_pixels)
            if message.edit.mode is Mode.CLEAN:
                source.noise()
            read = _Read(message, source)
        except Exception as error:
            read = _Read(message, error=error)
        if message.request == self._newest:
            self._waiting.append(read)
            self._wake()

    def _trouble(self, message: MakePreview, error: Exception) -> None:
        reason, hint = None, ""
        if isinstance(error, CoreError):
            words, hint = error.message, error.hint
            reason = error.reason if isinstance(error, ItemError) else None
        elif is_out_of_memory(error):
            words = f"There is not enough memory for a preview of {message.source.name}."
            hint = "Choose a smaller part, or close other programs."
        elif isinstance(error, torch.AcceleratorError) and is_device_lost(error):
            words, hint = "The device stopped answering.", "Try again, or choose another device."
        else:
            _log.error("a bug in a preview", exc_info=error)
            words = f"The preview failed: {type(error).__name__}."
            hint = "This is a bug in Regrain; the log says more."
        told = PreviewTrouble(request=message.request, reason=reason, message=words, hint=hint)
        self._send(told, b"")
