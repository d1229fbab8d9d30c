"""The plain arms: diffusers as its documentation has it, photographs in and results out."""

from __future__ import annotations

import importlib
import time
from collections.abc import Iterator
from itertools import groupby, islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageOps
from torch.nn.functional import pad

from core.builtin.export import make_scheduler
from core.engine.devices import torch_device
from core.engine.latent.schedules import scheduler_class
from tests.benchmarks.speed.meter import READ, WRITE, Meter
from tests.benchmarks.speed.records import PROMPT, SEED, Order, Work

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


class PlainArm:
    """A loop over the photographs, `batch` of one size at a time; subclasses do the pictures."""

    def __init__(self, work: Work, meter: Meter) -> None:
        self.work, self._meter = work, meter
        self.dtype, self.device = DTYPES[work.dtype], torch_device(work.device)

    @property
    def setting(self) -> tuple[str, str]:
        """Return the dtype, and how it computes."""
        threads = f", {torch.get_num_threads()} threads" if self.work.device == "cpu" else ""
        return self.work.dtype, f"{self.work.device}, {self.work.dtype}{threads}"

    def run(self, order: Order) -> Iterator[float]:
        """Yield when each result was written."""
        for paths in batches(order.photographs, self.work.batch):
            with self._meter.files(READ):
                pictures = [read_picture(path) for path in paths]
            for path, result in zip(paths, self.edit(pictures, order.steps), strict=True):
                with self._meter.files(WRITE):
                    result.save(order.results / f"{path.stem}.png")
                yield time.time()

    def edit(self, pictures: list[Image.Image], steps: int) -> list[Image.Image]:
        """Return the results."""
        raise NotImplementedError


def batches(paths: tuple[Path, ...], most: int) -> Iterator[list[Path]]:
    """Yield neighbours of one size, `most` at a time."""
    for _, alike in groupby(paths, key=_size if most > 1 else str):
        while taken := list(islice(alike, most)):
            yield taken


def _size(path: Path) -> tuple[int, int]:
    with Image.open(path) as image:
        upright = ImageOps.exif_transpose(image)
        return upright.size


def read_picture(path: Path) -> Image.Image:
    """Return a photograph upright, in RGB."""
    with Image.open(path) as image:
        return ImageOps.exif_transpose(image).convert("RGB")


class PipelineArm(PlainArm):
    """One of diffusers' image-to-image pipelines."""

    def __init__(self, work: Work, meter: Meter) -> None:
        super().__init__(work, meter)
        kind = getattr(importlib.import_module("diffusers"), work.pipeline)
        folder = work.model.folder / work.model.home
        pipe = kind.from_pretrained(folder, torch_dtype=self.dtype, local_files_only=True)
        scheduler = scheduler_class(work.scheduler)
        pipe.scheduler = scheduler.from_config(pipe.scheduler.config)
        pipe.set_progress_bar_config(disable=True)
        self._pipe = pipe.to(self.device)

    def edit(self, pictures: list[Image.Image], steps: int) -> list[Image.Image]:
        """Return the results of one call."""
        count, guidance = len(pictures), self.work.guidance
        sizes: dict[str, Any] = {}
        if self.work.model.family == "flux":
            sizes = {"width": pictures[0].width, "height": pictures[0].height}
        made = self._pipe(
            prompt=[PROMPT] * count,
            image=pictures,
            strength=self.work.strength,
            num_inference_steps=steps,
            guidance_scale=(
                self.work.model.defaults.guidance_scale if guidance is None else guidance
            ),
            generator=[torch.Generator().manual_seed(SEED) for _ in pictures],
            **sizes,
        )
        return list(made.images)


class PixelArm(PlainArm):
    """A short loop over the built-in network with the scheduler that comes with it."""

    def __init__(self, work: Work, meter: Meter) -> None:
        super().__init__(work, meter)
        from core.builtin.export import read_model

        self._network: Any = read_model(work.model.folder, self.dtype).to(self.device).eval()

    @torch.inference_mode()
    def edit(self, pictures: list[Image.Image], steps: int) -> list[Image.Image]:
        """Return the results of pictures of one size."""
        scheduler, device = make_scheduler(), self.device
        scheduler.set_timesteps(steps)
        timesteps = scheduler.timesteps[-int(steps * self.work.strength) :]
        source = torch.stack([_tensor(picture) for picture in pictures])
        noise = torch.stack([_noise(source[0]) for _ in pictures])
        state = scheduler.add_noise(source, noise, timesteps[:1]).to(device, self.dtype)
        height, width = state.shape[2:]
        for t in timesteps:
            whole = pad(state, (0, -width % 8, 0, -height % 8), mode="reflect")
            v = self._network(whole, t.to(device)).sample[..., :height, :width]
            state = scheduler.step(v, t, state).prev_sample
        levels = ((state.float().clamp(-1, 1) + 1) * 127.5).round().byte().cpu()
        return [Image.fromarray(each.permute(1, 2, 0).numpy()) for each in levels]


def _noise(picture: torch.Tensor) -> torch.Tensor:
    return torch.randn(picture.shape, generator=torch.Generator().manual_seed(SEED))


def _tensor(picture: Image.Image) -> torch.Tensor:
    pixels = torch.from_numpy(np.array(picture)).permute(2, 0, 1)
    return pixels.float() / 127.5 - 1
