"""A worker with a small random model, and one whose network is spoiled on purpose."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from core.builtin.schedule import ratio_of_timestep
from core.engine.loaded_model import LoadedModel
from core.engine.loader import Denoiser, load_denoiser
from core.engine.messages import (
    FromRender,
    Numerics,
    Render,
)
from core.engine.worker import Worker
from core.models.spec import ModelSpec
from core.recipe import EditSettings, OutputSettings
from tests.core.engine.samples import save

Predict = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


class Rig:
    """A worker over the small model, with its parent's ear and a network that can be spoiled."""

    def __init__(self, spec: ModelSpec, folder: Path, **numerics: Any) -> None:
        self.folder = folder
        self.heard: list[FromRender] = []
        self.canceled: set[int] = set()
        self.waiting: deque[Render] = deque()
        self.spec = spec
        self.numerics = Numerics(tile=128, threads=1, **numerics)
        self.denoiser = load_denoiser(spec, "cpu", self.numerics.dtype)
        self.calls: list[tuple[int, ...]] = []

    def add(self, pixels: NDArray[np.uint8] | Path, alone: bool = False, **edit: Any) -> int:
        item = len(self.waiting) + 1
        source = pixels
        if not isinstance(source, Path):
            source = save(self.folder, f"{item}.png", pixels)
        render = Render(
            item=item,
            attempt=1,
            source=source,
            source_sha256=hashlib.sha256(source.read_bytes()).hexdigest(),
            target=self.folder / f"{item}.tmp",
            edit=EditSettings.model_validate({"amount": 10} | edit),
            output=OutputSettings(),
            provenance={"key": "k"},
            alone=alone,
        )
        self.waiting.append(render)
        return item

    def work(self, spoil: Callable[[Predict], Predict] | None = None, cpu: bool = False) -> None:
        denoiser = SpoiledDenoiser.over(self.denoiser, spoil, self.calls)
        model = LoadedModel(self.spec, self.numerics, denoiser, cpu_allowed=cpu)
        worker = Worker(model, self.heard.append, self.canceled.__contains__)
        try:
            while self.waiting or worker.has_work:
                worker.work(self.waiting)
        finally:
            worker.close()

    def of(self, kind: type[Any]) -> list[Any]:
        return [message for message in self.heard if isinstance(message, kind)]

    def result(self, item: int) -> NDArray[np.uint8]:
        with Image.open(self.folder / f"{item}.tmp") as image:
            return np.asarray(image)

    def files(self) -> set[str]:
        return {path.name for path in self.folder.glob("*.tmp")}


class SpoiledDenoiser(Denoiser):
    """A denoiser whose answers a test may change; it notes the shape of every pass."""

    @classmethod
    def over(
        cls,
        denoiser: Denoiser,
        spoil: Callable[[Predict], Predict] | None,
        calls: list[tuple[int, ...]],
    ) -> SpoiledDenoiser:
        made = cls(**{name: getattr(denoiser, name) for name in denoiser.__dataclass_fields__})
        object.__setattr__(made, "spoil", spoil)
        object.__setattr__(made, "calls", calls)
        return made

    def predict(self, samples: torch.Tensor, timesteps: torch.Tensor) -> torch.Tensor:
        self.calls.append(tuple(samples.shape))
        plain = super().predict
        return (self.spoil(plain) if self.spoil else plain)(samples, timesteps)

    def in_fp32(self) -> Denoiser:
        kept = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return Denoiser(**(kept | {"dtype": "fp32"}))


def nan(plain: Predict) -> Predict:
    return lambda samples, timesteps: plain(samples, timesteps) * float("nan")


def grey(plain: Predict) -> Predict:
    """Answer v so that every picture comes out in one grey."""

    def answer(samples: torch.Tensor, timesteps: torch.Tensor) -> torch.Tensor:
        ratio = ratio_of_timestep(float(timesteps[0]))
        signal = (1 + ratio**2) ** -0.5
        return (signal * samples + 0.9) / (signal * ratio)

    return answer
