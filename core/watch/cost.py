"""What it would take to edit the photographs that are in a folder already."""

from __future__ import annotations

from pathlib import Path

from core.forecast import Estimate, estimate
from core.images.codec import Codec
from core.images.photo import PhotoInfo
from core.library.watched import FileKind
from core.plan import PictureSize
from core.services import Services
from core.speed import measured_speed
from core.watch.setup import WatchPlan

_SAMPLED = 12


def cost_of(plan: WatchPlan, services: Services) -> Estimate:
    """Return results, time and disk space for all that is there, by the sizes of a few of them.

    Raises:
        ModelNotFoundError: the recipe names a model that is not here.
    """
    recipe = plan.settings.recipe
    model = services.registry.get(recipe.edit.model)
    paths = [path for path, mark in plan.there.items() if mark.kind is FileKind.KNOWN]
    sampled = paths[:: max(1, len(paths) // _SAMPLED)][:_SAMPLED]
    with Codec() as codec:
        infos = codec.probe([Path(path) for path in sampled])
        speed = measured_speed(services, model, recipe.edit.model, codec)
    sizes = [PictureSize(i.width, i.height) if isinstance(i, PhotoInfo) else None for i in infos]
    rest = [None] * max(0, plan.photographs - len(sizes))
    return estimate([*sizes, *rest], recipe, model, speed, plan.settings.strengths)
