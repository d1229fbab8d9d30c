"""A photograph in work."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

from core.engine.ladder import Rung
from core.engine.prepare import Facts, Prepared
from core.engine.schedulers import calls_of
from core.images.tile import pass_shape, tile_grid


@dataclass
class Task:
    """A photograph in work: what is known of it so far, and its share of the time in seconds."""

    prepared: Prepared
    multiple: int
    seconds: float = 0.0
    calls_done: int = 0
    in_fp32: bool = False
    facts: Facts = field(default_factory=dict)

    @property
    def setup(self) -> Hashable:
        """Return what only photographs that share it may go through the network with."""
        return None

    @property
    def item(self) -> int:
        """The parent's number for it."""
        return self.prepared.render.item

    @property
    def calls(self) -> int:
        """Return how often each of its tiles goes through the network."""
        descent = self.prepared.descent
        return calls_of(descent.scheduler, len(descent.ratios)) if descent else 0

    @property
    def name(self) -> str:
        """The file's name, for sentences."""
        return self.prepared.render.source.name

    def tile(self, rung: Rung) -> int:
        """Return the side of its tiles; 0 for whole."""
        whole = self.prepared.tile == 0 and not rung.tiled
        return 0 if whole else rung.tile

    def shape(self, rung: Rung) -> tuple[int, int]:
        """Return the (height, width) of every tile."""
        photo = self.prepared.photo
        return pass_shape(photo.height, photo.width, self.tile(rung), self.multiple)

    def tiles(self, rung: Rung) -> int:
        """Return how many tiles one network call takes."""
        photo = self.prepared.photo
        return len(tile_grid(photo.height, photo.width, self.tile(rung), self.multiple))
