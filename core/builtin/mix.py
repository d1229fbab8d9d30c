"""`python -m core.builtin.mix OLD NEW SHARE OUT`: the model that lies between two others.

Each weight is that of OLD, moved by SHARE (0 to 1) towards that of NEW. Both must have been trained
from the same weights, or what lies between them is neither.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch

from core.builtin.export import read_model, write_model
from core.builtin.network import PhotoDenoiser


def mix(old: PhotoDenoiser, new: PhotoDenoiser, share: float) -> PhotoDenoiser:
    """Return `new` with its weights moved back; raises ValueError outside 0 to 1."""
    if not 0 <= share <= 1:
        raise ValueError(f"share must lie between 0 and 1: {share}")
    before, after = old.state_dict(), new.state_dict()
    new.load_state_dict({name: torch.lerp(before[name], after[name], share) for name in after})
    return new


def main(arguments: Sequence[str] | None = None) -> None:
    """Mix two model folders into a third."""
    parser = argparse.ArgumentParser(prog="python -m core.builtin.mix", description=__doc__)
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("share", type=float)
    parser.add_argument("out", type=Path)
    options = parser.parse_args(arguments)
    write_model(mix(read_model(options.old), read_model(options.new), options.share), options.out)


if __name__ == "__main__":
    main()
