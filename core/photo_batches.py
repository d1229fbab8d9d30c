"""From photographs of a project to batches: one for each recipe, and the redo of one result."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import SettingsError
from core.library.ids import PhotoId, ProjectId
from core.library.intake import job_request
from core.library.records import Enqueued, JobRequest, Origin
from core.outputs.names import NamePlanner
from core.plan import check
from core.recipe import MAX_SEED, EditSettings, Mode, Recipe, SeedMode, edit_settings
from core.scan import ScannedFile, ScanResult
from core.services import Services

_STRENGTH_STEP = 0.1


@dataclass(frozen=True)
class BatchWish:
    """What the user asked for: these photographs, each under its own recipe or under `recipe`.

    `strengths` (several results a photograph) and `again` count for `recipe` alone; `review`
    holds results back until they are exported.
    """

    project: ProjectId
    photos: Sequence[PhotoId]
    recipe: Recipe
    strengths: tuple[float, ...] = ()
    again: bool = False
    review: bool = False


@dataclass(frozen=True)
class _Group:
    recipe: Recipe
    strengths: tuple[float, ...]
    files: Sequence[ScannedFile]


def enqueue(services: Services, wish: BatchWish) -> list[Enqueued]:
    """Store the batches: the project's recipe first, then photographs' own; all or none.

    Raises:
        SettingsError: a model cannot use a setting, or results would land on originals.
        ModelNotFoundError: a recipe names a model that is not here.
    """
    groups = _groups(services, wish)
    for group in groups:
        _check(services, group)
    # One after the other: the names that one batch plans are taken for the next.
    return [services.queue.enqueue(_request(services, wish, group)) for group in groups]


def _groups(services: Services, wish: BatchWish) -> list[_Group]:
    own = services.photos.recipes(wish.photos)
    photos: dict[Recipe | None, list[PhotoId]] = {}
    for which in wish.photos:
        photos.setdefault(own.get(which), []).append(which)
    ordered = sorted(photos.items(), key=lambda entry: entry[0] is not None)
    groups = [
        _Group(
            recipe or wish.recipe,
            wish.strengths if recipe is None else (),
            services.photos.files(ids),
        )
        for recipe, ids in ordered
    ]
    return [group for group in groups if group.files]


def _check(services: Services, group: _Group) -> None:
    """Refuse what no batch can be made of, before any is stored."""
    model, edit = services.registry.get(group.recipe.edit.model), group.recipe.edit
    for strength in group.strengths or (edit.strength,):
        check(edit.model_copy(update={"strength": strength}), model)
    pictures = services.paths.pictures
    NamePlanner(group.recipe, len(group.strengths) > 1, lambda _folder: {}, pictures)


def _request(services: Services, wish: BatchWish, group: _Group) -> JobRequest:
    return job_request(
        ScanResult(tuple(group.files), (), (), 0),
        group.recipe,
        services.registry.get(group.recipe.edit.model),
        services.catalog,
        inputs=[file.path for file in group.files],
        strengths=group.strengths,
        project=services.projects.get(wish.project).name,
        name=_name(group.recipe, group.files),
        origin=Origin.WINDOW,
        again=wish.again,
        pictures=services.paths.pictures,
        personal=services.personal,
        review=wish.review,
    )


def _name(recipe: Recipe, files: Sequence[ScannedFile]) -> str:
    """Return `Clean: trip` or `Clean: IMG_0412.JPG`, as the list of batches shows it."""
    what = recipe.name or recipe.id or "Recipe"
    if len(files) == 1:
        return f"{what}: {files[0].path.name}"
    folders = list(dict.fromkeys(file.base or file.path.parent for file in files))
    others = f" and {len(folders) - 1} more" if len(folders) > 1 else ""
    return f"{what}: {folders[0].name or folders[0]}{others}"


def redo(
    services: Services,
    project: ProjectId,
    photo: PhotoId,
    recipe: Recipe,
    change: Mapping[str, Any],
) -> Enqueued:
    """Store a batch that makes one photograph's result again; the earlier one is kept as version.

    Args:
        services: the open library.
        project: the photograph's project.
        photo: the photograph.
        recipe: what its result was made with.
        change: settings of the edit that differ now, checked like any others.

    Raises:
        SettingsError: the change is out of range, or the photograph is gone from the project.
    """
    found = services.photos.rows([photo])
    if not found:
        raise SettingsError("The photograph is no longer in this project.", hint="Add it again.")
    edit = edit_settings(recipe.edit.model_dump() | dict(change))
    output = found[0].output
    if output is not None and output.exists():
        services.versions.keep(photo, output)
    review = found[0].job is not None and services.queue.job(found[0].job).review
    wish = BatchWish(project, [photo], recipe, again=True, review=review)
    files = services.photos.files([photo])
    group = _Group(recipe.model_copy(update={"edit": edit}), (), files)
    _check(services, group)
    return services.queue.enqueue(_request(services, wish, group))


def new_seed() -> dict[str, Any]:
    """Return the change of a redo with another seed."""
    return {"seed": secrets.randbelow(MAX_SEED + 1), "seed_mode": SeedMode.FIXED}


def stronger(edit: EditSettings, by: int = 1) -> dict[str, Any]:
    """Return the change of a redo with more (or, for -1, less) strength or amount."""
    if edit.mode is Mode.REPAINT:
        strength = min(1.0, max(0.05, round(edit.strength + by * _STRENGTH_STEP, 2)))
        return {"strength": strength}
    if isinstance(edit.amount, float):
        return {"amount": min(255.0, max(1.0, edit.amount * 1.5**by))}
    order = ["less", "auto", "more"]
    place = order.index(edit.amount.value) + by
    return {"amount": order[min(2, max(0, place))]}


def output_folder_of(recipe: Recipe, base: Path | None, pictures: Path) -> Path:
    """Return where results of a photograph found in `base` go; loose ones below `pictures`."""
    from core.outputs.folders import default_folder

    return recipe.output.folder or default_folder(base, pictures)
