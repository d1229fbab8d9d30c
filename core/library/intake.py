"""From a scan to a batch that can be stored: names planned, own results left out, seeds drawn."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import Reason
from core.library.catalog import Catalog
from core.library.keys import job_signature
from core.library.records import ItemRequest, JobRequest, Origin, SettledRequest
from core.library.review import held_recipe, hold
from core.models.spec import ModelSpec
from core.outputs.names import NamePlanner, Owners, refuse_originals
from core.personal import Personal
from core.personal import personal as personal_settings
from core.recipe import MAX_SEED, Recipe, SeedMode
from core.scan import ScannedFile, ScanResult

_Asked = tuple[ScannedFile, int, float | None, int | None]


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
    review: bool = False,
    pictures: Path | None = None,
    personal: Personal = personal_settings,
    draw_seed: Callable[[], int] | None = None,
    taken: Owners | None = None,
) -> JobRequest:
    """Plan every output name and return the batch, writing nothing: a dry run shows just this.

    `strengths` empty: the recipe's own, one result a photograph; several: `{stem}_{strength}`.
    `review` plans them into a folder of the library's own, with `held_for` where they go later.
    `pictures` is the user's Pictures folder, for loose photographs without an output folder.
    `personal` says what the recipe means for one photograph. `taken` says whose names are taken in
    an output folder; the catalog does, unless given.

    Raises:
        SettingsError: results would land on the originals, or the name template is wrong.
    """
    recipe, strengths = _absolute(recipe), tuple(dict.fromkeys(strengths))
    files, own = _without_own_outputs(scan.photographs, catalog)
    signature = job_signature(_expanded(inputs), recipe, strengths, again=again, review=review)
    held = held_recipe(recipe, catalog.library) if review else None
    folder = pictures or Path.home() / "Pictures"
    names = _Names(taken or catalog.names_in, len(strengths) > 1, folder)
    return JobRequest(
        recipe=recipe,
        model=model,
        items=_items(names, files, strengths, recipe, held, _seed_source(recipe, draw_seed)),
        signature=signature,
        strengths=strengths,
        settled=_settled(scan) + own,
        ignored=scan.ignored,
        project=project,
        name=name,
        origin=origin,
        again=again,
        review=review,
        personal=personal,
    )


@dataclass(frozen=True)
class _Names:
    """What every name planner of a batch goes by."""

    owners: Owners
    several: bool
    pictures: Path

    def planner(self, recipe: Recipe) -> NamePlanner:
        return NamePlanner(recipe, self.several, self.owners, self.pictures)


def _items(
    names: _Names,
    files: Sequence[ScannedFile],
    strengths: tuple[float, ...],
    recipe: Recipe,
    held: Recipe | None,
    draw: Callable[[], int | None],
) -> tuple[ItemRequest, ...]:
    asked = [
        (file, index, strength, draw())
        for index, file in enumerate(files, start=1)
        for strength in (strengths or (None,))
    ]
    planned = _plan(names.planner(recipe), asked)
    refuse_originals(planned)
    if held is None:
        return planned
    return tuple(map(hold, planned, _plan(names.planner(held), asked)))


def _plan(planner: NamePlanner, asked: Iterable[_Asked]) -> tuple[ItemRequest, ...]:
    return tuple(planner.plan(*one) for one in asked)


def _absolute(recipe: Recipe) -> Recipe:
    """Return the recipe with a whole path for its folder: it is read from other folders later."""
    if recipe.output.folder is None:
        return recipe
    folder = recipe.output.folder.expanduser().resolve()
    return recipe.model_copy(update={"output": recipe.output.model_copy(update={"folder": folder})})


def _expanded(inputs: Sequence[Path]) -> list[Path]:
    return [path.expanduser() for path in inputs]


def _seed_source(recipe: Recipe, draw: Callable[[], int] | None) -> Callable[[], int | None]:
    if recipe.edit.seed_mode is not SeedMode.RANDOM:
        return lambda: None
    return draw or (lambda: secrets.randbelow(MAX_SEED + 1))


def _settled(scan: ScanResult) -> tuple[SettledRequest, ...]:
    troubles = (*scan.left_out, *scan.problems)
    return tuple(SettledRequest(t.path, t.reason, t.message, t.hint) for t in troubles)


def _without_own_outputs(
    files: Sequence[ScannedFile], catalog: Catalog
) -> tuple[list[ScannedFile], tuple[SettledRequest, ...]]:
    """Leave out results of the very photographs of this batch; others may be edited again."""
    paths = {file.path for file in files}
    results = catalog.own_outputs(file.path for file in files if not file.named)
    own = {path for path, source in results.items() if source in paths and source != path}
    kept = [file for file in files if file.path not in own]
    message = "{} is Regrain's own result of a photograph beside it."
    settled = tuple(
        SettledRequest(file.path, Reason.OWN_OUTPUT, message.format(file.path.name))
        for file in files
        if file.path in own
    )
    return kept, settled
