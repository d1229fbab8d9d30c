"""What a batch would do to each file, before any work: sizes, names, time and disk space."""

from __future__ import annotations

import shutil
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from core.engine.models import ModelSpec
from core.errors import LEFT_OUT_REASONS, CoreError, ImageReadError, Reason
from core.images.codec import Codec
from core.images.decode import MAX_PIXELS, check_size
from core.images.photo import PhotoInfo
from core.library.enqueue import check, edit_of
from core.library.records import ItemRequest, ItemStatus, Job, JobItem, JobRequest
from core.plan import DeviceSpeed, PictureSize, plan
from core.recipe import OnConflict
from core.services import Services

_SAMPLED_BATCHES = 5
_SAMPLED_ITEMS = 12
_SLOWEST, _FASTEST = 100.0, 0.001


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
    """One result that would be made, or why not. Seconds of rendering, bytes on the disk."""

    source: Path
    action: Action
    output: Path | None = None
    strength: float | None = None
    size: PictureSize | None = None
    seconds: float = 0.0
    bytes: int = 0
    reason: Reason | None = None
    message: str = ""

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
    speed = measured_speed(services, request, codec)
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
    except ImageReadError as error:
        return _of_item(services, request, item, error, speed)
    action = _action(services, request, item)
    if action is Action.LEFT_OUT:
        message = f"{item.output.name} is there already and is not Regrain's."
        return _trouble(item.source, Reason.NAME_TAKEN, message)
    size = PictureSize(info.width, info.height)
    edit = edit_of(request.recipe.edit, item.strength, item.seed)
    written = request.recipe.output.format.value
    planned = plan(edit, request.model, size, speed, format=written)
    return Forecast(
        item.source, action, item.output, item.strength, size, planned.seconds, planned.bytes
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


def measured_speed(services: Services, request: JobRequest, codec: Codec) -> DeviceSpeed | None:
    """Return what this computer did with the model in the last batches; None if it did nothing."""
    done = list(_last_done(services, request.recipe.edit.model))[:_SAMPLED_ITEMS]
    infos = codec.probe([item.source for _, item in done])
    speeds = [
        speed
        for (job, item), info in zip(done, infos, strict=True)
        if isinstance(info, PhotoInfo)
        and (speed := _speed(job, item, info, request.model)) is not None
    ]
    return DeviceSpeed(statistics.median(speeds)) if speeds else None


def _last_done(services: Services, model: str) -> Iterator[tuple[Job, JobItem]]:
    jobs = [job for job in services.queue.jobs() if job.recipe.edit.model == model]
    for job in jobs[:_SAMPLED_BATCHES]:
        for item in services.queue.items(job.id, ItemStatus.DONE):
            if item.seconds > 0 and not item.unchanged:
                yield job, item


def _speed(job: Job, item: JobItem, info: PhotoInfo, model: ModelSpec) -> float | None:
    """Return the seconds a megapixel and call that one finished photograph shows."""
    edit = edit_of(job.recipe.edit, item.strength, None)
    size = PictureSize(info.width, info.height)
    try:
        at_one = plan(edit, model, size, DeviceSpeed(1.0, 0.0)).seconds
    except CoreError:
        return None
    files = DeviceSpeed(1.0).seconds_per_megapixel_files * size.pixels / 1e6
    if at_one == 0:
        return None
    return min(_SLOWEST, max(_FASTEST, (item.seconds - files) / at_one))


def free_bytes(folders: Sequence[Path]) -> int | None:
    """Return what is free where the first folder is or will be made; None if nobody knows."""
    for folder in folders[:1]:
        for place in (folder, *folder.parents):
            if place.is_dir():
                return shutil.disk_usage(place).free
    return None
