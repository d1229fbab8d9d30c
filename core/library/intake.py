"""From a scan to a batch that can be stored: names planned, own results left out, seeds drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from core.engine.models import ModelSpec
from core.library.catalog import Catalog
from core.library.records import JobRequest, Origin
from core.recipe import Recipe
from core.scan import ScanResult


def job_request(
    scan: ScanResult,
    recipe: Recipe,
    model: ModelSpec,
    catalog: Catalog,
    *,
    inputs: Sequence[Path],
    strengths: tuple[float, ...] = (),
    project: str = "",
    name: str = "",
    origin: Origin = Origin.COMMAND_LINE,
    again: bool = False,
    pictures: Path | None = None,
    draw_seed: Callable[[], int] | None = None,
) -> JobRequest:
    """Plan every output name and return the batch, writing nothing: a dry run shows just this.

    `strengths` empty: the recipe's own, one result a photograph; several: `{stem}_{strength}`.
    `pictures` is the user's Pictures folder, for loose photographs without an output folder.

    Raises:
        SettingsError: results would land on the originals, or the name template is wrong.
    """
    raise NotImplementedError
