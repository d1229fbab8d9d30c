"""What a batch would do to each file, before any work: sizes, names, time and disk space."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from core.errors import LEFT_OUT_REASONS, ImageReadError, ItemError, Reason
from core.images.codec import Codec
from core.images.decode import MAX_PIXELS, check_size
from core.images.photo import PhotoInfo
from core.library.enqueue import check, edit_of
from core.library.records import ItemRequest, JobRequest
from core.plan import DeviceSpeed, PictureSize, plan
from core.recipe import OnConflict
from core.services import Services
from core.speed import measured_speed


class Action(StrEnum):
    """What would happen to a photograph."""

    EDIT = "edit"
    REPLACE = "replace"
    BESIDE = "beside"
    ALREADY_DONE = "already_done"
    LEFT_OUT = "left_out"
    FAIL = "failed"


@dataclass(frozen=True, slots=True)
class Forecast:
    """One result that would be made, or why not. Seconds of rendering, bytes on the disk.

    `words`: at what size the model would work, where that is not simply the photograph's.
    """

    source: Path
    action: Action
    output: Path | None = None
    strength: float | None = None
    size: PictureSize | None = None
    seconds: float = 0.0
    bytes: int = 0
    reason: Reason | None = None
    message: str = ""
    words: str = ""

    @property
    def works(self) -> bool:
        """Whether the photograph would be rendered."""
        return self.action in (Action.EDIT, Action.REPLACE, Action.BESIDE)


def forecast(services: Services, request: JobRequest, codec: Codec) -> list[Forecast]:
    """Return what would happen, a result each, in the batch's order; writes nothing.

    Raises:
        LibraryError: the library cannot be read.
    """
    with services.database.read() as connection:
        standing = check(connection, request).standing
    if request.again:
        standing = (None,) * len(standing)
    pairs = list(zip(request.items, standing, strict=True))
    sources = list(dict.fromkeys(item.source for item, there in pairs if not there))
    sizes = dict(zip(sources, codec.probe(sources), strict=True))
    speed = measured_speed(services, request.model, request.recipe.edit.model, codec)
    found = [
        Forecast(item.source, Action.ALREADY_DONE, there, item.strength)
        if there
        else _of_item(services, request, item, sizes[item.source], speed)
        for item, there in pairs
    ]
    return found + [_trouble(s.source, s.reason, s.message) for s in request.settled]


def _of_item(
    services: Services,
    request: JobRequest,
    item: ItemRequest,
    info: PhotoInfo | ImageReadError,
    speed: DeviceSpeed | None,
) -> Forecast:
    if isinstance(info, ImageReadError):
        return _trouble(item.source, info.reason, f"{info.message} {info.hint}".rstrip())
    if info.animated:
        return _trouble(item.source, Reason.ANIMATED, f"{item.source.name} is animated.")
    try:
        check_size(item.source.name, info.width, info.height, MAX_PIXELS)
        edit = edit_of(request.recipe.edit, item.strength, item.seed)
        edit = request.personal(edit, item.source)
    except ItemError as error:
        return _trouble(item.source, error.reason, f"{error.message} {error.hint}".rstrip())
    action = _action(services, request, item)
    if action is Action.LEFT_OUT:
        message = f"{item.output.name} is there already and is not Regrain's."
        return _trouble(item.source, Reason.NAME_TAKEN, message)
    size = PictureSize(info.width, info.height)
    output = request.recipe.output
    planned = plan(edit, request.model, size, speed, format=output.format.value, scale=output.scale)
    return Forecast(
        item.source,
        action,
        item.output,
        item.strength,
        PictureSize(planned.width, planned.height),
        planned.seconds,
        planned.bytes,
        words=planned.size_words,
    )


def _action(services: Services, request: JobRequest, item: ItemRequest) -> Action:
    """Return what the planned name means: free, held by our earlier result, or by another file."""
    if not item.output.exists():
        return Action.EDIT
    ours = services.catalog.result_at(item.output)
    if ours is not None and services.catalog.standing(ours):
        return Action.REPLACE
    return {
        OnConflict.RENAME: Action.BESIDE,
        OnConflict.SKIP: Action.LEFT_OUT,
        OnConflict.OVERWRITE: Action.REPLACE,
    }[request.recipe.output.on_conflict]


def _trouble(source: Path, reason: Reason, message: str) -> Forecast:
    action = Action.LEFT_OUT if reason in LEFT_OUT_REASONS else Action.FAIL
    return Forecast(source, action, reason=reason, message=message)


def free_bytes(folders: Sequence[Path]) -> int | None:
    """Return what is free where the first folder is or will be made; None if nobody knows."""
    for folder in folders[:1]:
        for place in (folder, *folder.parents):
            if place.is_dir():
                return shutil.disk_usage(place).free
    return None
