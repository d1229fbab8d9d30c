"""Loading a model: checked files, classes of our own list, safetensors only, nothing remote."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from core.builtin.network import PhotoDenoiser
from core.engine.ladder import is_out_of_memory
from core.engine.noise import NoiseCurve, curve_of_betas
from core.errors import ModelNotFoundError
from core.models.spec import ModelSpec, verify_files
from core.models.trust import check_weights, class_of, read_settings

CONFIG = "config.json"
SCHEDULER_CONFIG = "scheduler_config.json"
WEIGHTS = "diffusion_pytorch_model.safetensors"

_CLASSES = {"PhotoDenoiser": PhotoDenoiser}
"""Every class that a model folder may name; names are looked up here and nowhere else."""

_LOWERED = {"bf16": torch.bfloat16, "fp16": torch.float16}


@dataclass(frozen=True)
class Denoiser:
    """A network on a device, called with pictures on the CPU in single precision.

    Weights stay in single precision, and lower precision is autocast's: then the fall back to
    fp32 needs no second copy, and the noise level is embedded exactly.
    """

    network: Any
    curve: NoiseCurve
    size_multiple: int
    device: str
    dtype: str

    def predict(self, samples: torch.Tensor, timesteps: torch.Tensor) -> torch.Tensor:
        """Return v, (rows, 3, h, w) float32 on the CPU, for samples at (rows,) timesteps."""
        # On a CPU several rows at once gain nothing, and the elements at the end of each thread's
        # share are computed by other instructions: a row would depend on its place among others.
        rows = 1 if self.device == "cpu" else len(samples)
        parts = zip(torch.split(samples, rows), torch.split(timesteps, rows), strict=True)
        with torch.no_grad(), self._lowered():
            answers = [self._predict(*part) for part in parts]
            return answers[0] if len(answers) == 1 else torch.cat(answers)

    def _predict(self, samples: torch.Tensor, timesteps: torch.Tensor) -> torch.Tensor:
        sent = samples.to(self.device, memory_format=torch.channels_last)
        v = self.network(sent, timesteps.to(self.device)).sample
        return torch.as_tensor(v.float().cpu())

    def _lowered(self) -> AbstractContextManager[object]:
        kind = torch.device(self.device).type
        if self.dtype == "fp32":
            # A preview may have been let in between the layers of a pass in lower precision.
            lowered = torch.is_autocast_enabled(kind)
            return torch.autocast(kind, enabled=False) if lowered else nullcontext()
        return torch.autocast(kind, dtype=_LOWERED[self.dtype])

    def in_fp32(self) -> Denoiser:
        """Return the same network, computing in single precision."""
        return replace(self, dtype="fp32")


def load_denoiser(spec: ModelSpec, device: str, dtype: str) -> Denoiser:
    """Load a model that works on pixels.

    Args:
        device: torch's name for it, such as `cpu` or `cuda:0`.
        dtype: fp32, bf16 or fp16.

    Raises:
        ModelNotFoundError: a file is missing or cannot be read.
        ModelUntrustedError: a file is not what was added, or names a class that is not ours.
    """
    verify_files(spec)
    network = _loaded(spec).eval()
    # Not diffusers' own `to`, which imports its whole machinery of hooks: a second of the start.
    torch.nn.Module.to(network, torch.device(device), memory_format=torch.channels_last)  # type: ignore[call-overload]
    network.requires_grad_(False)
    _embed_exactly(network, torch.device(device).type)
    return Denoiser(network, _curve(spec), spec.size_multiple, device, dtype)


def _loaded(spec: ModelSpec) -> Any:
    path = _inside(spec, WEIGHTS)
    try:
        tensors = check_weights(path)
    except OSError as error:
        raise _broken(spec, WEIGHTS, error) from error
    # Without memory first: a few words of settings may ask for a network of any size.
    with torch.device("meta"):
        shapes = {name: tuple(value.shape) for name, value in _network(spec).state_dict().items()}
    if shapes != {name: tensor.shape for name, tensor in tensors.items()}:
        raise _broken(spec, WEIGHTS, ValueError(f"it does not fit to {CONFIG}"))
    return _filled(spec, _network(spec))


def _network(spec: ModelSpec) -> Any:
    path = _inside(spec, CONFIG)
    config = _read_json(spec, CONFIG)
    name = class_of(path, config, _CLASSES)
    values = {key: value for key, value in config.items() if not key.startswith("_")}
    try:
        return _CLASSES[name](**values)
    except (TypeError, ValueError, RuntimeError) as error:
        raise _broken(spec, CONFIG, error) from error


def _filled(spec: ModelSpec, network: Any) -> Any:
    """Return the network with the model's weights, in single precision whatever they came in."""
    path = _inside(spec, WEIGHTS)
    try:
        tensors = {name: tensor.float() for name, tensor in load_file(path).items()}
        if not all(bool(torch.isfinite(tensor).all()) for tensor in tensors.values()):
            raise ValueError("there are weights that are no numbers")
        network.load_state_dict(tensors, strict=True)
    except (OSError, SafetensorError, RuntimeError, ValueError) as error:
        if is_out_of_memory(error):
            raise
        raise _broken(spec, WEIGHTS, error) from error
    return network


def _curve(spec: ModelSpec) -> NoiseCurve:
    config = _read_json(spec, SCHEDULER_CONFIG)
    betas = config.get("trained_betas")
    is_known = config.get("prediction_type") == "v_prediction" and isinstance(betas, list)
    if not is_known or not betas:
        raise ModelNotFoundError(
            f"{SCHEDULER_CONFIG} of {spec.name} has no schedule that Regrain knows.",
            hint="Install it again.",
        )
    return curve_of_betas(float(beta) for beta in betas)


def _read_json(spec: ModelSpec, name: str) -> dict[str, Any]:
    try:
        return read_settings(_inside(spec, name))
    except OSError as error:
        raise _broken(spec, name, error) from error


def _broken(spec: ModelSpec, name: str, error: Exception) -> ModelNotFoundError:
    why = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return ModelNotFoundError(
        f"{name} of {spec.name} cannot be used: {why}", hint="Install the model again."
    )


def _inside(spec: ModelSpec, name: str) -> Path:
    """Return a model's file, wherever in the folder its checked list has it.

    Raises:
        ModelNotFoundError: the spec does not list such a file: it would not have been checked.
    """
    listed = [entry.path for entry in spec.files if Path(entry.path).name == name]
    if len(listed) != 1:
        raise ModelNotFoundError(f"{spec.name} lacks {name}.", hint="Install it again.")
    return spec.folder / listed[0]


def _embed_exactly(network: Any, device_type: str) -> None:
    """Keep the noise level's embedding out of autocast: 8 bits of it would shift the level."""
    embed = getattr(network, "noise_level", None)
    if embed is not None:
        exactly = torch.autocast(device_type, enabled=False)
        embed.forward = exactly(embed.forward)
