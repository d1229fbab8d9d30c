"""Builds a component from its settings and weights, after both were seen to fit together."""

from __future__ import annotations

import importlib
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, NoReturn

import torch
from accelerate import init_empty_weights

from core.engine.latent.weights import DTYPES, Tensors, WeightSource
from core.errors import ModelUntrustedError

_LOOPED = re.compile(r"^(?!max_).*(layers|depth)")
_IGNORED = re.compile(r"(^|\.)(position_ids|inv_freq)$|^(model_ema|loss)\.")
"""What older versions saved although it follows from the settings."""


def build_component(
    library: str, class_name: str, config: dict[str, Any], source: WeightSource, device: str,
    dtype: str,
) -> Any:  # fmt: skip
    """Return a component with its weights, ready to compute.

    Args:
        library: `diffusers` or `transformers`.
        class_name: one that was checked against the family's own.
        config: what its config.json holds.
        device: torch's name of where the weights go.
        dtype: fp32, bf16 or fp16.

    Raises:
        ModelNotFoundError: a file is missing.
        ModelUntrustedError: settings and weights do not fit together, or are damaged.
    """
    kind = getattr(importlib.import_module(library), class_name)
    _check_loops(config, len(source.shapes()), source)
    build = _build_network if library == "diffusers" else _build_encoder
    try:
        module = build(kind, config, source, device, DTYPES[dtype])
    except (TypeError, ValueError, KeyError, AttributeError, AssertionError, IndexError) as error:
        _refuse(source, f"its settings cannot be used: {first_line(error)}")
    module.requires_grad_(False)
    return module.eval()


def _build_network(
    kind: Any, config: dict[str, Any], source: WeightSource, device: str, dtype: torch.dtype
) -> Any:
    # Without memory first: a few words of settings may ask for a network of any size.
    with torch.device("meta"):
        wanted = kind.from_config(config)
    outline = source.outline(wanted.config)
    wanted._fix_state_dict_keys_on_load(outline)
    _check_shapes(source, wanted.state_dict(), outline)
    with init_empty_weights():
        module = kind.from_config(config)
    tensors = source.read(module.config, device, dtype)
    module._fix_state_dict_keys_on_load(tensors)
    kept = {name: tensors[name] for name in module.state_dict()}
    module.load_state_dict(_exact(kind, kept, dtype), strict=True, assign=True)
    return module.to(device)


def _exact(kind: Any, tensors: Tensors, dtype: torch.dtype) -> Tensors:
    """Return the tensors with those in single precision that the class wants so."""
    exact = kind._keep_in_fp32_modules or ()
    if dtype is torch.float32 or not exact:
        return tensors
    return {
        name: tensor.float() if any(part in name.split(".") for part in exact) else tensor
        for name, tensor in tensors.items()
    }


def _check_shapes(source: WeightSource, wanted: Tensors, found: Tensors) -> None:
    lacks = [name for name in wanted if name not in found]
    extra = [name for name in found if name not in wanted and not _IGNORED.search(name)]
    if lacks or extra:
        _refuse(source, f"{(lacks or extra)[0]!r} is {'missing' if lacks else 'not of its kind'}")
    for name, tensor in wanted.items():
        if tensor.shape != found[name].shape:
            _refuse(source, f"{name!r} has another shape than its settings say")


def _build_encoder(
    kind: Any, config: dict[str, Any], source: WeightSource, device: str, dtype: torch.dtype
) -> Any:
    settings = kind.config_class.from_dict(config)
    outline = source.outline(settings)
    with torch.device("meta"):
        wanted = kind(settings)
    # transformers renames weights while it loads them; their shapes stay.
    have = Counter(tuple(tensor.shape) for tensor in outline.values())
    need = Counter(tuple(parameter.shape) for parameter in wanted.parameters())
    if need - have:
        shape = next(iter(need - have))
        _refuse(source, f"weights of shape {shape} are missing, which its settings ask for")
    tensors = source.read(settings, device, dtype)
    _be_quiet()
    module, info = kind.from_pretrained(
        None, config=settings, state_dict=tensors, dtype=dtype, output_loading_info=True
    )
    lacks = [*info["missing_keys"], *info["mismatched_keys"]]
    if lacks:
        _refuse(source, f"{str(lacks[0])!r} is missing")
    return module.to(device)


def _be_quiet() -> None:
    """Let transformers draw no bars into the log."""
    logging: Any = importlib.import_module("transformers.utils.logging")
    logging.disable_progress_bar()


def _check_loops(config: dict[str, Any], tensors: int, source: WeightSource) -> None:
    """Refuse more layers than there are weights: building them takes memory even when empty."""
    for name, value in _numbers(config):
        if _LOOPED.search(name) and value > max(tensors, 64):
            _refuse(source, f"its settings ask for {value} {name}")


def _numbers(values: Any, name: str = "") -> Iterator[tuple[str, int]]:
    if isinstance(values, dict):
        for key, value in values.items():
            yield from _numbers(value, str(key))
    elif isinstance(values, list):
        for value in values:
            yield from _numbers(value, name)
    elif isinstance(values, int):
        yield name, values


def _refuse(source: WeightSource, what: str) -> NoReturn:
    raise ModelUntrustedError(
        f"{source.files[0].name} of {source.model} cannot be used: {what}.",
        hint="Download the model again, or choose another one.",
    )


def first_line(error: Exception) -> str:
    """Return what an error says first, or else what it is."""
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
