"""A previewer, and what it showed."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import BaseModel

from core.engine.loaded_model import LoadedModel
from core.engine.loader import load_denoiser
from core.engine.messages import (
    MakePreview,
    Numerics,
    PreviewPicture,
    PreviewTrouble,
)
from core.engine.previews import Previewer
from core.events import Box, PreviewKind
from core.models.spec import ModelSpec
from core.recipe import EditSettings
from tests.core.engine.rig import Predict, SpoiledDenoiser

FULL, DRAFT = PreviewKind.FULL, PreviewKind.DRAFT


class Screen:
    """A previewer with the small model, or the real one, and what it showed."""

    def __init__(self, spec: ModelSpec, folder: Path) -> None:
        self.folder = folder
        self.spec = spec
        self.shown: list[tuple[PreviewPicture, NDArray[np.uint8]]] = []
        self.troubles: list[PreviewTrouble] = []
        self.calls: list[tuple[int, ...]] = []
        self.ready = threading.Event()
        self.previews = Previewer(self.hear, self.ready.set)
        self.denoiser = load_denoiser(spec, "cpu", "fp32")
        self.model = LoadedModel(spec, Numerics(tile=spec.native_size), self.spoiled(None))
        self.previews.use(self.model)
        self.number = 0

    def spoiled(self, spoil: Callable[[Predict], Predict] | None) -> SpoiledDenoiser:
        return SpoiledDenoiser.over(self.denoiser, spoil, self.calls)

    def hear(self, message: BaseModel, jpeg: bytes) -> None:
        if isinstance(message, PreviewTrouble):
            self.troubles.append(message)
            return
        assert isinstance(message, PreviewPicture)
        with Image.open(io.BytesIO(jpeg)) as image:
            self.shown.append((message, np.asarray(image)))

    def ask(self, source: Path, *, box: Box | None = None, **settings: Any) -> None:
        """Ask, and wait until the photograph is read."""
        self.number += 1
        options = {name: settings.pop(name) for name in ("max_side", "stages") if name in settings}
        edit = EditSettings.model_validate(settings)
        self.ready.clear()
        self.previews.take(
            MakePreview(
                request=self.number,
                model=self.spec.id,
                source=source,
                edit=edit,
                box=box,
                **options,
            )
        )
        assert self.ready.wait(60)

    def show(self, source: Path, **settings: Any) -> list[PreviewKind]:
        """Ask, and have all pictures made; return their kinds."""
        self.shown.clear()
        self.calls.clear()
        self.ask(source, **settings)
        self.previews.work()
        return [message.shows for message, _ in self.shown]

    @property
    def last(self) -> NDArray[np.uint8]:
        return self.shown[-1][1]
