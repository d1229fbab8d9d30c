"""A large photograph through a small model in a process of its own, whose memory is measured.

Prints JSON. Arguments: the model's folder, strength, height and width.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

import numpy as np
import torch

ROOT = Path(__file__).parent.parent.parent
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))

from core.engine.latent.bring_back import finish_photograph  # noqa: E402
from core.engine.latent.components import load_components  # noqa: E402
from core.engine.latent.working import Working, scaled_planes, working_of  # noqa: E402
from core.images.photo import Pixels  # noqa: E402
from core.recipe import OutputSettings  # noqa: E402
from tests.core.engine.latent.pictures import detail_left, photo, scene  # noqa: E402
from tests.families.leading import denoising, edit_of, led_down  # noqa: E402
from tests.families.loading import folder_spec  # noqa: E402

LOOKED_AT = 1000
"""Side of the corner whose detail is measured: filters over all of it would take its memory."""


def large_photograph(height: int, width: int) -> Pixels:
    """Return a picture with fine texture, made of a smaller one and its mirror images."""
    part = scene(LOOKED_AT, LOOKED_AT)
    down = -(-height // LOOKED_AT), -(-width // LOOKED_AT)
    return np.ascontiguousarray(np.tile(part, (*down, 1))[:height, :width])


def down_and_up(working: Working, after: torch.Tensor) -> Pixels:
    """Return what a plain way down and up would make of the corner."""
    size = working.size
    side = round(LOOKED_AT * size.factor)
    corner = scaled_planes(after[:, :side, :side], LOOKED_AT, LOOKED_AT).clamp(0, 1)
    return np.rint(corner.permute(1, 2, 0).numpy() * 255).astype(np.uint8)


def in_corner(pixels: Pixels) -> Pixels:
    """Return the corner whose detail is measured."""
    return pixels[:LOOKED_AT, :LOOKED_AT]


def edited(folder: Path, strength: float, height: int, width: int) -> dict[str, object]:
    """Return what was chosen, and how much of the source's detail is where."""
    components = load_components(folder_spec(folder, "sd1"), "cpu", "fp32")
    source = large_photograph(height, width)
    edit = edit_of(components, strength=strength, num_inference_steps=3, guidance_scale=1.0)
    working = working_of(photo(source), edit, OutputSettings(), components.spec)
    after = led_down(components, {0: denoising(components, working, edit)})[0]
    _, result = finish_photograph(working, after)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    given = working.picture[:, :LOOKED_AT, :LOOKED_AT].permute(1, 2, 0).numpy() * 255
    return {
        "words": working.size.words,
        "peak": peak,
        "size": list(result.shape),
        "detail": detail_left(in_corner(source), in_corner(result)),
        "plain": detail_left(in_corner(source), down_and_up(working, after)),
        "given": 0.0 if working.size.brings_back else detail_left(in_corner(source), given),
        "changed": float(np.abs(result[::8, ::8].astype(int) - source[::8, ::8]).mean()),
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    place, *numbers = sys.argv[1:]
    said = edited(Path(place), float(numbers[0]), int(numbers[1]), int(numbers[2]))
    sys.stdout.write(json.dumps(said) + "\n")
