"""`python -m core.builtin.noise_fit OUT.json`: fit the noise estimator to synthetic photographs.

No photograph goes in. The result belongs into resources/noise_level.json.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import torch
from rich.console import Console
from rich.progress import track
from torch import nn
from torch.nn import functional

from core.builtin.noise_draws import Example, Picture, draw_example
from core.builtin.photographs import canvas
from core.images.noise_blocks import measure_blocks
from core.images.noise_features import Features, features_of
from core.images.noise_level import OFFSET, REACH

Values = npt.NDArray[np.float64]
FIRST_CANVAS = 910_000
_HIDDEN = 32
_ROWS = 256
_JITTER = 0.03
_DECIMALS = 5


class _Network(nn.Module):
    """Two bent layers and a straight one beside them; features in, two logarithms out."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.layer0 = nn.Linear(features, _HIDDEN)
        self.layer1 = nn.Linear(_HIDDEN, _HIDDEN)
        self.layer2 = nn.Linear(_HIDDEN, 2)
        self.straight = nn.Linear(features, 2)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        bent = functional.silu(self.layer1(functional.silu(self.layer0(values))))
        return torch.add(self.layer2(bent), self.straight(values))


def features_in(example: Example) -> Features:
    """Return an example's features."""
    values = example.noisy / np.float32(255)
    height, width = values.shape[:2]
    return features_of(measure_blocks(lambda top, bottom: values[top:bottom], height, width))


def draw_rows(pictures: Iterable[Picture], each: int) -> tuple[Values, Values]:
    """Return the features, (rows, features), and luminance's and chroma's noise, (rows, 2).

    each: examples a picture; the same pictures give the same rows.
    """
    features, noises = [], []
    for number, picture in enumerate(pictures):
        random = np.random.default_rng((FIRST_CANVAS, number))
        for _ in range(each):
            example = draw_example(random, picture)
            features.append(features_in(example))
            noises.append((example.luminance, example.chroma))
    return np.array(features), np.array(noises)


def fit(features: Values, noises: Values, steps: int) -> dict[str, Any]:
    """Return what `core.images.noise_level.estimator_of` reads, fitted in `steps` steps."""
    means, spreads = features.mean(axis=0), features.std(axis=0) + 0.05
    scaled = np.clip((features - means) / spreads, -REACH, REACH)
    network = _trained(torch.tensor(scaled).float(), torch.tensor(noises).float(), steps)
    names = {
        name.replace("weight", "weights").replace("bias", "offsets"): value
        for name, value in network.state_dict().items()
    }
    stored = {name: _rounded(value.double().numpy()) for name, value in names.items()}
    return {"means": _rounded(means), "spreads": _rounded(spreads), **stored}


def _trained(values: torch.Tensor, noises: torch.Tensor, steps: int) -> _Network:
    torch.manual_seed(0)
    network = _Network(values.shape[1])
    optimizer = torch.optim.AdamW(network.parameters(), lr=4e-3, weight_decay=0.05)
    pace = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=steps)
    for _ in range(steps):
        chosen = torch.randint(0, len(values), (_ROWS,))
        rows = values[chosen]
        loss = _loss(network(rows + _JITTER * torch.randn_like(rows)), noises[chosen])
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        pace.step()
    return network


def _loss(logarithms: torch.Tensor, noises: torch.Tensor) -> torch.Tensor:
    """Return how far the two parts are off, and their sum, in logarithms; far ones count less."""
    parts = functional.smooth_l1_loss(logarithms, torch.log(noises + OFFSET), beta=0.05)
    found = (torch.exp(logarithms) - OFFSET).clamp_min(0.01).norm(dim=1)
    wanted = noises.norm(dim=1)
    return parts + functional.smooth_l1_loss(
        torch.log(found + OFFSET), torch.log(wanted + OFFSET), beta=0.05
    )


def _rounded(values: Values) -> Any:
    return np.round(values, _DECIMALS).tolist()


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw the examples, fit and write the estimator."""
    parser = argparse.ArgumentParser(prog="python -m core.builtin.noise_fit", description=__doc__)
    parser.add_argument("out", type=Path, help="JSON file to write")
    parser.add_argument("--canvases", type=int, default=320, help="synthetic photographs")
    parser.add_argument("--each", type=int, default=24, help="examples a photograph")
    parser.add_argument("--steps", type=int, default=10_000)
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    seeds = range(FIRST_CANVAS, FIRST_CANVAS + options.canvases)
    shown = track(seeds, "examples", console=Console(stderr=True), transient=True)
    features, noises = draw_rows(map(canvas, shown), options.each)
    stored = fit(features, noises, options.steps)
    options.out.write_text(json.dumps(stored, separators=(",", ":")), "utf-8")


if __name__ == "__main__":
    main()
