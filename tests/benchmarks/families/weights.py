"""Saves a model of true size with random weights, a file of a gigabyte at a time."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from tests.benchmarks.families.true_sizes import TrueModel

SHARD_BYTES = 1 << 30
DTYPE = torch.bfloat16


def save_true(model: TrueModel, folder: Path) -> int:
    """Save a diffusers folder; return how many numbers its weights are."""
    index: dict[str, Any] = {"_class_name": model.pipeline, "_diffusers_version": "0.42.1"}
    count = 0
    for name, make in model.modules.items():
        with torch.device("meta"):
            module = make()
        count += _save_module(module, folder / name)
        index[name] = [_library(module), type(module).__name__]
    for name, make in model.others.items():
        part = make()
        part.save_pretrained(folder / name)
        index[name] = [_library(part), type(part).__name__]
    (folder / "model_index.json").write_text(json.dumps(index | model.settings, indent=2))
    return count


def _library(part: Any) -> str:
    return type(part).__module__.partition(".")[0]


def _save_module(module: Any, folder: Path) -> int:
    """Save settings and weights of one component."""
    folder.mkdir(parents=True)
    is_diffusers = _library(module) == "diffusers"
    stem = "diffusion_pytorch_model" if is_diffusers else "model"
    if is_diffusers:
        module.save_config(folder)
    else:
        module.config.save_pretrained(folder)
    shards = list(_shards(module))
    names = [f"{stem}-{k + 1:05}-of-{len(shards):05}.safetensors" for k in range(len(shards))]
    if len(shards) == 1:
        names = [f"{stem}.safetensors"]
    places: dict[str, str] = {}
    for shapes, name in zip(shards, names, strict=True):
        tensors = {key: _drawn(key, shape) for key, shape in shapes.items()}
        save_file(tensors, folder / name, metadata={"format": "pt"})
        places |= dict.fromkeys(tensors, name)
    count = sum(math.prod(shape) for shapes in shards for shape in shapes.values())
    if len(shards) > 1:
        text = json.dumps({"metadata": {"total_size": 2 * count}, "weight_map": places})
        (folder / f"{stem}.safetensors.index.json").write_text(text)
    return count


def _shards(module: Any) -> Iterator[dict[str, tuple[int, ...]]]:
    shapes: dict[str, tuple[int, ...]] = {}
    size = 0
    seen = set()
    for name, tensor in module.state_dict(keep_vars=True).items():
        # Tied weights are saved once, under their first name.
        if id(tensor) in seen:
            continue
        seen.add(id(tensor))
        shapes[name] = tuple(tensor.shape)
        size += 2 * tensor.numel()
        if size >= SHARD_BYTES:
            yield shapes
            shapes, size = {}, 0
    if shapes:
        yield shapes


def _drawn(name: str, shape: tuple[int, ...]) -> torch.Tensor:
    """Return weights that keep activations of order one: normal, over the root of the inputs."""
    if name.endswith("position_ids"):
        return torch.arange(shape[-1]).expand(shape).contiguous()
    if len(shape) < 2:
        is_scale = name.endswith("weight")
        return torch.full(shape, 1.0 if is_scale else 0.0, dtype=DTYPE)
    inputs = math.prod(shape[1:])
    generator = torch.Generator().manual_seed(sum(name.encode()))
    drawn = torch.randn(shape, generator=generator, dtype=torch.float32)
    return (drawn / math.sqrt(inputs)).to(DTYPE)
