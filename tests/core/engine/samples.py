"""Small models and photographs for the render side's tests."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from core.builtin.network import PhotoDenoiser
from core.models.spec import ModelSpec, file_sha256, read_spec


def small_network(seed: int = 0) -> PhotoDenoiser:
    """Return a network of the built-in kind, small, with weights that do something."""
    torch.manual_seed(seed)
    network = PhotoDenoiser(widths=(8, 8, 8), blocks=(1, 1, 1), embedding=16).eval()
    for parameter in network.parameters():
        fan = parameter[0].numel() if parameter.ndim > 1 else 25
        torch.nn.init.normal_(parameter, std=0.7 * fan**-0.5)
    return network.requires_grad_(False)


def write_spec(folder: Path, **values: object) -> ModelSpec:
    """Write `regrain-model.json` over the files that a model folder holds; return the spec."""
    kept = (".json", ".safetensors")
    files = [path for path in sorted(folder.rglob("*")) if path.suffix in kept]
    listed = [
        {"path": path.relative_to(folder).as_posix(), "sha256": file_sha256(path)}
        for path in files
        if path.name != "regrain-model.json"
    ]
    spec = {
        "id": "small",
        "name": "A small model",
        "family": "regrain-pixel",
        "files": listed,
        "capabilities": {"clean": True, "strength": True},
        "native_size": 128,
        "size_multiple": 8,
        "pixel_space": True,
        "schedulers": ["ddim", "euler", "euler-a", "dpmpp-2m", "dpmpp-sde", "unipc", "heun"],
    }
    path = folder / "regrain-model.json"
    path.write_text(json.dumps(spec | values), encoding="utf-8")
    return read_spec(folder)


def photograph(height: int, width: int, *, sigma: float = 10, seed: int = 0) -> NDArray[np.uint8]:
    """Return a picture of soft shapes with noise, (height, width, 3)."""
    random = np.random.default_rng(seed)
    down, across = np.mgrid[:height, :width]
    waves = [np.sin(down / (9 + 4 * k) + k) + np.cos(across / (11 + 3 * k)) for k in range(3)]
    shapes = 128 + 35 * np.stack(waves, axis=2)
    noisy = shapes + sigma * random.standard_normal(shapes.shape)
    return np.clip(np.rint(noisy), 0, 255).astype(np.uint8)


def save(folder: Path, name: str, pixels: NDArray[np.uint8]) -> Path:
    """Write a picture; return its path."""
    path = folder / name
    Image.fromarray(pixels).save(path)
    return path
