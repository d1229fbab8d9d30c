"""An edit as users get it: the engine's own way from pixels to pixels, without files or processes.

The same code decides, denoises in tiles, holds back and rounds as in the render process.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from core.builtin.evaluate import Pixels
from core.engine.bands import Bands, State
from core.engine.finish import finished_pixels
from core.engine.img2img import denoise
from core.engine.loaded_model import LoadedModel
from core.engine.messages import LoadModel, Render
from core.engine.passes import Group
from core.engine.prepare import Facts, Prepared, prepare
from core.engine.setup import set_up
from core.images.photo import Container, Metadata, Photo
from core.models.spec import SPEC_NAME, ModelFile, ModelSpec, builtin_spec, file_sha256, read_spec
from core.recipe import EditSettings, OutputSettings

CLEAN = EditSettings()
"""What `--clean auto` does with everything else at its default."""


@dataclass(frozen=True)
class Edited:
    """A result, (height, width, 3); `facts` as they are stored with it.

    `guarded`: the percentage left as it was. `seconds` for all of it, reading files excepted.
    """

    pixels: Pixels
    facts: Facts
    guarded: float
    seconds: float

    @property
    def noise(self) -> float:
        """The noise that was found, in levels of 255; 0 where none was looked for."""
        return float(self.facts.get("noise", 0))

    @property
    def seconds_per_megapixel(self) -> float:
        """Time of the whole edit."""
        height, width = self.pixels.shape[:2]
        return float(self.seconds * 1e6 / (height * width))


def read_model_spec(folder: Path | None) -> ModelSpec:
    """The spec of a model folder, or of the bundled model.

    A folder of weights alone (training writes such) is taken for another built-in model.
    """
    if folder is None:
        return builtin_spec()
    if (folder / SPEC_NAME).exists():
        return read_spec(folder)
    bundled = builtin_spec()
    names = [file.path for file in bundled.files]
    files = tuple(ModelFile(path=name, sha256=file_sha256(folder / name)) for name in names)
    return bundled.model_copy(update={"folder": folder, "files": files})


class WholePath:
    """The engine with one model, for one photograph at a time.

    Args:
        folder: of the model; None for the bundled one.
        device, dtype: as the command line takes them; `auto` chooses as it does for users.
        threads: of PyTorch, for all that follows.
    """

    def __init__(
        self, folder: Path | None = None, device: str = "cpu", dtype: str = "auto", threads: int = 1
    ) -> None:
        message = LoadModel(model=read_model_spec(folder), device=device, dtype=dtype)
        self._model = set_up(message, torch.__version__)
        torch.set_num_threads(threads)

    def edit(self, pixels: Pixels, settings: EditSettings = CLEAN) -> Edited:
        """Edit one photograph, (height, width, 3) uint8 sRGB of any size.

        Raises ItemError as the engine does: settings that do not fit, a black result, NaN.
        """
        started = time.perf_counter()
        prepared = self._prepare(np.ascontiguousarray(pixels), settings)
        if prepared.descent is None:
            return Edited(pixels, prepared.facts, 0.0, time.perf_counter() - started)
        finished = finished_pixels(prepared, _denoised(self._model, prepared))
        result = np.asarray(finished.pixels, np.uint8)
        return Edited(result, prepared.facts, finished.guarded, time.perf_counter() - started)

    def _prepare(self, pixels: Pixels, settings: EditSettings) -> Prepared:
        photo = Photo(pixels, None, None, Metadata(), Container.PNG)
        model = self._model
        curve, tile = model.pixel_denoiser.curve, model.numerics.tile
        return prepare(_message(settings), photo, model.spec, curve, tile)


def add_engine_options(parser: argparse.ArgumentParser) -> None:
    """Let device and number format be chosen as `regrain run` does."""
    parser.add_argument("--device", default="cpu", help="cpu, cuda:0 ..., or auto")
    parser.add_argument("--dtype", default="auto", help="fp32, bf16, fp16, or auto")


def load_whole_path(options: argparse.Namespace) -> WholePath:
    """The engine as a command's options ask for it."""
    return WholePath(options.model, options.device, options.dtype, options.threads)


def _message(settings: EditSettings) -> Render:
    """What the parent would send; the paths are never opened."""
    unused = Path("photograph.png")
    return Render(
        item=0,
        attempt=0,
        source=unused,
        source_sha256="",
        target=unused,
        edit=settings,
        output=OutputSettings(),
    )


def _denoised(model: LoadedModel, prepared: Prepared) -> State:
    descent, denoiser = prepared.descent, model.pixel_denoiser
    assert descent is not None
    bands = Bands(prepared.photo.height, prepared.photo.width, prepared.rows, descent)
    group: Group[int, Any] = Group(denoiser.predict, model.numerics.rows)
    multiple = denoiser.size_multiple
    group.add(0, denoise(bands, descent.ratios, denoiser.curve, prepared.tile, multiple))
    while group.keys:
        group.run_pass()
    return next(_outcomes(group))


def _outcomes(group: Group[int, Any]) -> Iterator[State]:
    for ended in group.take_ended():
        if isinstance(ended.outcome, Exception):
            raise ended.outcome
        yield ended.outcome
