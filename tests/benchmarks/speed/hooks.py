"""Times networks and file work wherever they are called from, by their classes and functions."""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Callable, Iterator
from typing import Any

import torch

from core.models.families import FAMILIES
from core.models.spec import ModelSpec
from tests.benchmarks.speed.meter import DECODE, DENOISE, ENCODE, PROMPT, READ, WRITE, Meter

_VAE = "diffusers.models.autoencoders.vae"
_DENOISERS = {"unet": "UNet2DConditionModel", "transformer": "FluxTransformer2DModel"}
_TEXT = {"text_encoder": "CLIPTextModel", "text_encoder_2": "CLIPTextModelWithProjection"}


def time_networks(meter: Meter, model: ModelSpec) -> None:
    """Time every call of the model's networks from now on; before the model is loaded.

    Classes, not objects: whatever an engine puts around a network in the end calls its forward.
    """
    for phase, module, name in _networks(model):
        kind = getattr(importlib.import_module(module), name)
        kind.forward = _timed(meter, phase, kind.forward)


def _networks(model: ModelSpec) -> Iterator[tuple[str, str, str]]:
    if model.pixel_space:
        yield DENOISE, "core.builtin.network", "PhotoDenoiser"
        return
    family = FAMILIES[model.family]
    yield DENOISE, "diffusers", _DENOISERS[family.denoiser]
    yield ENCODE, _VAE, "Encoder"
    yield DECODE, _VAE, "Decoder"
    encoders = {_TEXT[name] for name in _TEXT if name in family.components}
    if "T5EncoderModel" in family.components.get("text_encoder_2", ()):
        encoders = {"CLIPTextModel", "T5EncoderModel"}
    for name in sorted(encoders):
        yield PROMPT, "transformers", name


def _timed(meter: Meter, phase: str, forward: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(forward)
    def timed(*args: Any, **kwargs: Any) -> Any:
        given = (value for value in (*args, *kwargs.values()) if isinstance(value, torch.Tensor))
        return meter.call(phase, next(given).shape, lambda: forward(*args, **kwargs))

    return timed


def time_files(meter: Meter) -> None:
    """Time Regrain's reading and writing from now on; after its worker was imported."""
    from core.engine import results
    from core.images import decode

    _replace(decode.read_photo, _during(meter, READ, decode.read_photo))
    _replace(results.write_result, _during(meter, WRITE, results.write_result))


def _during(meter: Meter, phase: str, act: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(act)
    def during(*args: Any, **kwargs: Any) -> Any:
        with meter.files(phase):
            return act(*args, **kwargs)

    return during


def _replace(known: Callable[..., Any], other: Callable[..., Any]) -> None:
    """Put a function in the place of another in every module that imported it."""
    modules = [module for name, module in list(sys.modules.items()) if name.startswith("core.")]
    for module in modules:
        for name in [name for name, value in vars(module).items() if value is known]:
            setattr(module, name, other)
