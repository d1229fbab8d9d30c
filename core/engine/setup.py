"""Chooses device and numerics for a batch, and loads its model accordingly."""

from __future__ import annotations

from dataclasses import replace

import torch

from core.device import DeviceInfo, DeviceKind
from core.engine.devices import detect, physical_cores, torch_device
from core.engine.kernels.quicken import quicken_model
from core.engine.ladder import is_device_lost, is_out_of_memory
from core.engine.loaded_model import LoadedModel
from core.engine.loader import load_denoiser
from core.engine.memory import BASE_BYTES
from core.engine.messages import CHANNELS_LAST, PLAIN, TUNED, WINOGRAD, LoadModel, Numerics
from core.engine.named_device import named_device
from core.engine.probe import winograd_is_faster
from core.errors import BatchStopped, DeviceMemoryError, SettingsError, StopReason
from core.models.fit import Fit, plan_fit
from core.models.spec import ModelSpec
from core.working_size import tile_side

_DTYPES = ("fp32", "bf16", "fp16")
_ROW_BYTES_PER_PIXEL = 600
"""Measured peak of one row of the built-in network, of the tile's pixels, in single precision."""

_MAX_ROWS = 8


def set_up(message: LoadModel, versions: str, found: tuple[DeviceInfo, ...] = ()) -> LoadedModel:
    """Load a model as the message says, or as suits this computer.

    A resumed batch has its stored numerics; where their device is not here any more, the best one
    that is goes on, and the parent sees it in the answer.

    Raises:
        SettingsError: no such device or dtype.
        ModelNotFoundError, ModelUntrustedError: the model's files.
        DeviceMemoryError: it does not fit.
        BatchStopped: gpu_lost.
    """
    device, spec = _device(message, found or detect()), message.model
    fit = None if spec.pixel_space else plan_fit(spec, device, _wanted_dtype(message))
    numerics = _numerics(message, device, versions, fit)
    torch.set_num_threads(numerics.threads)
    try:
        model = _loaded(spec, numerics, fit, cpu_allowed=message.device == "auto")
    except RuntimeError as error:
        raise _translated(error, spec, device) from error
    kernels = quicken_model(model, fit.working if fit else BASE_BYTES)
    return replace(model, numerics=numerics.model_copy(update={"kernels": kernels}))


def _loaded(
    spec: ModelSpec, numerics: Numerics, fit: Fit | None, *, cpu_allowed: bool
) -> LoadedModel:
    where, dtype = torch_device(numerics.device), numerics.dtype
    if fit is None:
        denoiser = load_denoiser(spec, where, dtype)
        return LoadedModel(spec, numerics, denoiser, cpu_allowed=cpu_allowed)
    # Diffusers' pipelines take seconds to import, which the built-in model does without.
    from core.engine.latent.bench import LatentBench
    from core.engine.latent.components import load_components

    bench = LatentBench(load_components(spec, where, dtype, fit), tile_vae=fit.vae_tiling)
    return LoadedModel(spec, numerics, bench=bench, cpu_allowed=cpu_allowed)


def _wanted_dtype(message: LoadModel) -> str:
    """Return the number format that was asked for; a resumed batch keeps its own.

    Raises:
        SettingsError: there is none of that name.
    """
    asked = message.numerics.dtype if message.numerics else message.dtype
    if asked not in ("auto", *_DTYPES):
        raise SettingsError(f"dtype = {asked!r}: allowed are auto, {', '.join(_DTYPES)}.")
    return asked


def _device(message: LoadModel, found: tuple[DeviceInfo, ...]) -> DeviceInfo:
    usable = [device for device in found if device.usable]
    stored = message.numerics.device if message.numerics else ""
    for wanted in (stored, message.device):
        match = [device for device in usable if device.key == wanted]
        if match:
            return match[0]
    if message.device == "auto" or message.numerics:
        return usable[0]
    return named_device(message.device, found)


def _numerics(message: LoadModel, device: DeviceInfo, versions: str, fit: Fit | None) -> Numerics:
    stored = message.numerics
    if stored is not None and stored.device == device.key:
        return stored.model_copy(update={"versions": versions})
    asked, spec = _wanted_dtype(message), message.model
    chosen = device.dtype if asked == "auto" else asked
    rows = stored.rows if stored else message.rows
    dtype = fit.dtype if fit else chosen
    return Numerics(
        device=device.key,
        dtype=dtype,
        rows=rows or (fit.rows if fit else _rows(device, spec)),
        tile=stored.tile if stored else _tile(device, spec, dtype),
        threads=stored.threads if stored and stored.threads else physical_cores(),
        kernels=_kernels(device, asked, dtype, spec),
        versions=versions,
    )


def _kernels(device: DeviceInfo, asked: str, dtype: str, spec: ModelSpec) -> str:
    """Return how convolutions are computed: whoever asks for fp32 gets PyTorch's own to the bit."""
    if asked != "auto" or device.kind is not DeviceKind.CPU:
        return PLAIN
    if dtype != "fp32":
        # Laid out by pixels, bf16 is a quarter faster where a processor has that.
        return TUNED if spec.pixel_space else CHANNELS_LAST
    return WINOGRAD if winograd_is_faster() else PLAIN


def _tile(device: DeviceInfo, spec: ModelSpec, dtype: str) -> int:
    """Return the tiles' side: half the bytes a pixel allow larger ones, which overlap less.

    Of 24 megapixels a sixth is computed twice, where it would be a quarter.
    """
    side = tile_side(spec)
    lowered = device.kind is DeviceKind.CPU and dtype != "fp32"
    return side * 3 // 2 if lowered and spec.pixel_space else side


def _rows(device: DeviceInfo, spec: ModelSpec) -> int:
    """Return how many tiles share a pass: more than one gains nothing on a CPU."""
    if device.kind is DeviceKind.CPU:
        return 1
    fitting = device.free_memory // (2 * _ROW_BYTES_PER_PIXEL * spec.native_size**2)
    return max(1, min(_MAX_ROWS, fitting))


def _translated(error: RuntimeError, spec: ModelSpec, device: DeviceInfo) -> Exception:
    if is_out_of_memory(error):
        free = device.free_memory / 1e9
        return DeviceMemoryError(
            f"{spec.name} does not fit into the memory of {device.name} ({free:.1f} GB free).",
            hint="Close other programs, or choose --device cpu.",
        )
    if is_device_lost(error):
        return BatchStopped(
            StopReason.GPU_LOST,
            f"{device.name} stopped answering.",
            hint="Resume, or go on with the processor: --device cpu.",
        )
    return error
