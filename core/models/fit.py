"""Whether a model fits into a device's memory, and how: planned from sizes, before loading."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from core.device import DeviceInfo, DeviceKind
from core.engine.memory import MemoryGauge
from core.errors import DeviceMemoryError
from core.models.families import FAMILIES
from core.models.spec import ModelSpec

_NUMBER_BYTES = {"fp32": 4, "bf16": 2, "fp16": 2}
_BASE = 600_000_000
"""What libraries, kernels and small buffers take beside any model."""

_ROW_BYTES = 650
"""Peak of one row in the denoiser, a pixel of the picture and byte of a number."""

_VAE_BYTES = 1500
"""Peak of decoding, a pixel and byte of a number."""

_TILE = 512
"""Side of the pieces in which a VAE works where it is told to."""

_LAYER_SHARE = 24
"""A model that lies outside the device by layers has about so much less of it there at a time."""

_MAX_ROWS = 8
_SMALL_MODEL = "Stable Diffusion 1.5"


class Offload(StrEnum):
    """What lies in the computer's memory until it is used: nothing, components, or layers."""

    NONE = "none"
    MODEL = "model"
    SEQUENTIAL = "sequential"


@dataclass(frozen=True)
class Fit:
    """How a model is loaded.

    Attributes:
        dtype: fp32, bf16 or fp16.
        vae_tiling: the VAE works in pieces.
        rows: how many pictures of the model's own size share a pass.
        bytes: of the device's memory that this takes at most.
        working: of those, what is taken beside the weights.
    """

    dtype: str
    offload: Offload = Offload.NONE
    vae_tiling: bool = False
    rows: int = 1
    bytes: int = 0
    working: int = 0


def plan_fit(
    spec: ModelSpec, device: DeviceInfo, dtype: str = "auto", host_free: int | None = None
) -> Fit:
    """Choose the fastest way in which a model fits.

    Args:
        dtype: auto, fp32, bf16 or fp16.
        host_free: bytes that are free in the computer's memory; None looks.

    Raises:
        DeviceMemoryError: it does not fit in any way; the hint says what would.
    """
    host = MemoryGauge().free() if host_free is None else host_free
    is_host = device.kind is DeviceKind.CPU
    free = min(device.free_memory, host) if is_host else device.free_memory
    ways = [way for name in _dtypes(device, dtype) for way in _ways(spec, name, is_host)]
    for way in ways:
        if way.bytes <= free and (way.offload is Offload.NONE or _weights(spec, way.dtype) <= host):
            return _with_rows(spec, way, device, free)
    raise _refusal(spec, device, ways, free, host)


def needed_bytes(spec: ModelSpec, dtype: str) -> int:
    """Return what a model takes at most when all of it is on the device."""
    return _way(spec, dtype, Offload.NONE, tiling=False).bytes


def _dtypes(device: DeviceInfo, dtype: str) -> tuple[str, ...]:
    """Return the formats that may be used, best first: half as many bytes before not at all."""
    if dtype != "auto":
        return (dtype,)
    if device.dtype == "fp32" and device.kind is DeviceKind.CPU:
        return ("fp32", "bf16")
    return (device.dtype,)


def _ways(spec: ModelSpec, dtype: str, is_host: bool) -> Iterator[Fit]:
    yield _way(spec, dtype, Offload.NONE, tiling=False)
    yield _way(spec, dtype, Offload.NONE, tiling=True)
    if not is_host:
        yield _way(spec, dtype, Offload.MODEL, tiling=True)
        yield _way(spec, dtype, Offload.SEQUENTIAL, tiling=True)


def _way(spec: ModelSpec, dtype: str, offload: Offload, *, tiling: bool) -> Fit:
    working = _BASE + max(_row(spec, dtype), _vae(spec, dtype, tiling))
    taken = working + _resident(spec, dtype, offload)
    return Fit(dtype, offload, tiling, rows=1, bytes=taken, working=working)


def _resident(spec: ModelSpec, dtype: str, offload: Offload) -> int:
    """Return the bytes of weights that are on the device at once."""
    if offload is Offload.NONE:
        return _weights(spec, dtype)
    largest = max(spec.parameters.values(), default=0) * _NUMBER_BYTES[dtype]
    largest = largest or _weights(spec, dtype)
    return largest if offload is Offload.MODEL else largest // _LAYER_SHARE


def _weights(spec: ModelSpec, dtype: str) -> int:
    if spec.parameters:
        return sum(spec.parameters.values()) * _NUMBER_BYTES[dtype]
    # What files take says as much, when their numbers have the 16 bits of nearly all models.
    sizes = sum(file.size for file in spec.files if file.path.endswith(".safetensors"))
    return sizes * _NUMBER_BYTES[dtype] // 2


def _row(spec: ModelSpec, dtype: str) -> int:
    return _ROW_BYTES * _NUMBER_BYTES[dtype] * spec.native_size**2


def _vae(spec: ModelSpec, dtype: str, tiling: bool) -> int:
    if spec.pixel_space:
        return 0
    side = min(_TILE, spec.native_size) if tiling else spec.native_size
    return _VAE_BYTES * _NUMBER_BYTES[dtype] * side**2


def _with_rows(spec: ModelSpec, way: Fit, device: DeviceInfo, free: int) -> Fit:
    """Return the way with as many rows as the rest of the memory takes; a CPU gains nothing."""
    if device.kind is DeviceKind.CPU or way.offload is not Offload.NONE:
        return way
    row = _row(spec, way.dtype)
    kept = _BASE + _resident(spec, way.dtype, way.offload)
    # Half of what is free stays so: other programs want memory too.
    rows = max(1, min(_MAX_ROWS, (free - kept) // (2 * row)))
    return replace(way, rows=rows, bytes=max(way.bytes, kept + rows * row))


def _refusal(
    spec: ModelSpec, device: DeviceInfo, ways: list[Fit], free: int, host: int
) -> DeviceMemoryError:
    least = min(way.bytes for way in ways)
    needed = max(least, _weights(spec, ways[-1].dtype)) if least <= free else least
    short = host if least <= free else free
    choices = []
    if all(way.dtype == "fp32" for way in ways):
        choices.append("--dtype bf16")
    on_host = _way(spec, "bf16", Offload.NONE, tiling=True).bytes
    if device.kind is not DeviceKind.CPU and on_host <= host:
        choices.append("--device cpu (slower)")
    if spec.family != "sd1" and spec.family in FAMILIES:
        choices.append(_SMALL_MODEL)
    others = f", or choose: {' / '.join(choices)}" if choices else ""
    where = " in the computer's memory" if least <= free else ""
    return DeviceMemoryError(
        f"{spec.name} needs about {_gigabytes(needed)} GB{where}, {_gigabytes(short)} GB are free.",
        hint=f"Close other programs{others}.",
    )


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:.0f}" if count >= 10e9 else f"{count / 1e9:.1f}"
