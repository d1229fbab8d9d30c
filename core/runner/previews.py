"""Previews from the runner's side: one photograph, or a part of it, under a recipe; latest wins."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.events import Box
from core.recipe import EditSettings


@dataclass(frozen=True, slots=True)
class PreviewRequest:
    """A preview that is wanted; a newer one takes its place.

    `request` grows from one to the next. `box` is the part of the photograph in upright pixels,
    None for all of it; `max_side` bounds the pictures that come back, which are never enlarged.
    `stages`: the noisy picture and the model's guess at each step are wanted too.
    """

    request: int
    source: Path
    edit: EditSettings
    box: Box | None = None
    max_side: int = 1600
    stages: bool = False
