"""Cutting what a denoiser is asked into overlapping tiles, and joining what it says of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch

from core.engine.latent.forms import Kind
from core.engine.latent.request import Arguments, Request
from core.images.blend import blend_weights
from core.images.tile import Tile, tile_grid

BLEND = 40
"""Pixels over which one tile's prediction passes into the next one's, out of the overlap of 72."""


@dataclass(frozen=True)
class Cutting:
    """The tiles of a picture of (height, width) pixels, both multiples of a cell's side.

    Tiles are cut at every step, and what the network predicts is blended: the state itself stays
    one, so that no seam can grow.
    """

    height: int
    width: int
    cell: int
    tiles: tuple[Tile, ...]

    @property
    def count(self) -> int:
        """Return into how many parts each call is cut."""
        return len(self.tiles)

    def part(self, request: Request, index: int) -> Request:
        """Return what is asked of the network for one tile."""
        if self.count == 1:
            return request
        tile, form = self.tiles[index], request.form
        values = dict(request.values)
        values[form.picture] = self._cut(values[form.picture], form.kind, tile)
        if form.kind is Kind.TOKENS:
            values |= self._places(values)
        control = request.control and self._cut_control(request.control, tile)
        return replace(request, values=values, control=control)

    def blend(self, answers: list[Any], request: Request) -> Any:
        """Return the prediction for the whole picture, in the form of the network's answer."""
        if self.count == 1:
            return answers[0]
        if request.form.kind is Kind.LISTED:
            by_row = zip(*answers, strict=True)
            return [self._blended(list(planes)) for planes in by_row]
        if request.form.kind is Kind.PLANES:
            return self._blended(answers)
        first = self.tiles[0]
        grid = first.height // self.cell, first.width // self.cell
        planes = [answer.mT.unflatten(-1, grid) for answer in answers]
        return self._blended(planes).flatten(-2).mT

    def _cut(self, value: Any, kind: Kind, tile: Tile) -> Any:
        if kind is Kind.LISTED:
            return [self._window(planes, tile) for planes in value]
        if kind is Kind.PLANES:
            return self._window(value, tile)
        grid = self.height // self.cell, self.width // self.cell
        planes = value.mT.unflatten(-1, grid)
        return self._window(planes, tile).flatten(-2).mT.contiguous()

    def _window(self, planes: torch.Tensor, tile: Tile, cell: int = 0) -> torch.Tensor:
        cell = cell or self.cell
        top, left = tile.top // cell, tile.left // cell
        bottom, right = top + tile.height // cell, left + tile.width // cell
        return planes[..., top:bottom, left:right].contiguous()

    def _cut_control(self, control: Arguments, tile: Tile) -> Arguments:
        """Cut both pictures that a ControlNet sees: the latents, and its own in full size."""
        cut = {
            "sample": self._window(control["sample"], tile),
            "controlnet_cond": self._window(control["controlnet_cond"], tile, cell=1),
        }
        return control | cut

    def _places(self, values: Arguments) -> Arguments:
        """Return where tokens lie: each tile is to the network a picture of its own."""
        first = self.tiles[0]
        down, across = first.height // self.cell, first.width // self.cell
        if "img_shapes" in values:
            return {"img_shapes": [[(1, down, across)] for _ in values["img_shapes"]]}
        ids = values["img_ids"]
        grid = ids.unflatten(-2, (self.height // self.cell, self.width // self.cell))
        return {"img_ids": grid[..., :down, :across, :].flatten(-3, -2)}

    def _blended(self, parts: list[torch.Tensor]) -> torch.Tensor:
        """Sum (..., h, w) tiles up, each with its share; the shares of every value sum to 1."""
        size = self.height // self.cell, self.width // self.cell
        whole = torch.zeros(*parts[0].shape[:-2], *size, device=parts[0].device)
        for part, tile, share in zip(parts, self.tiles, self._shares(), strict=True):
            top, left = tile.top // self.cell, tile.left // self.cell
            rows, columns = slice(top, top + share.shape[0]), slice(left, left + share.shape[1])
            whole[..., rows, columns] += part.float() * share.to(part.device)
        return whole.to(parts[0].dtype)

    def _shares(self) -> list[torch.Tensor]:
        first, cell = self.tiles[0], self.cell
        tops, lefts = sorted({t.top for t in self.tiles}), sorted({t.left for t in self.tiles})
        blend = max(1, BLEND // cell)
        down = blend_weights([t // cell for t in tops], first.height // cell, blend)
        across = blend_weights([t // cell for t in lefts], first.width // cell, blend)
        return [torch.from_numpy(rows[:, None] * columns) for rows in down for columns in across]


def cut_picture(height: int, width: int, tile: int, multiple: int, cell: int) -> Cutting:
    """Return the tiles, of about `tile` pixels a side (0: one tile), of a padded picture."""
    return Cutting(height, width, cell, tile_grid(height, width, tile, multiple))
