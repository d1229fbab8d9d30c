"""How fast this computer is, from the photographs that it rendered last."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from contextlib import nullcontext
from itertools import islice

from core.errors import CoreError
from core.images.codec import Codec
from core.images.photo import PhotoInfo
from core.library.enqueue import edit_of
from core.library.ids import ProjectId
from core.library.records import ItemStatus, Job, JobItem
from core.models.spec import ModelSpec
from core.plan import DeviceSpeed, PictureSize, plan
from core.services import Services

_SAMPLED_BATCHES = 20
_SAMPLED_ITEMS = 12
_SLOWEST, _FASTEST = 100.0, 0.001


def measured_speed(
    services: Services, model: ModelSpec, name: str, codec: Codec | None = None
) -> DeviceSpeed | None:
    """Return what this computer did with a model lately; None if it did nothing with it.

    Args:
        services: the library with the batches done so far.
        model: the model.
        name: what recipes call it.
        codec: reads the sizes of the photographs; None starts one where there are any.
    """
    done = list(islice(_last_done(services, name), _SAMPLED_ITEMS))
    if not done:
        return None
    with nullcontext(codec) if codec is not None else Codec() as reader:
        infos = reader.probe([item.source for _, item in done])
    speeds = [
        speed
        for (job, item), info in zip(done, infos, strict=True)
        if isinstance(info, PhotoInfo)
        and (speed := _speed(job, item, PictureSize(info.width, info.height), model)) is not None
    ]
    return DeviceSpeed(statistics.median(speeds)) if speeds else None


def known_speed(services: Services, project: ProjectId, name: str) -> DeviceSpeed | None:
    """Return the same from sizes that the library knows, without opening a file.

    Args:
        services: the library.
        project: whose photographs are looked at.
        name: what recipes call the model.

    Raises:
        ModelNotFoundError: the model is not here.
    """
    known = services.registry.all()
    # Looked up without reading its files: estimates are asked for all the time.
    model = known[name] if name in known else services.registry.get(name)
    done = list(islice(_last_done(services, name), _SAMPLED_ITEMS))
    ids = services.photos.by_paths(project, [item.source for _, item in done])
    sizes = {photo.path: photo for photo in services.photos.rows(list(ids.values()))}
    speeds = [
        speed
        for job, item in done
        if (photo := sizes.get(item.source)) is not None
        and photo.width
        and (speed := _speed(job, item, PictureSize(photo.width, photo.height), model)) is not None
    ]
    return DeviceSpeed(statistics.median(speeds)) if speeds else None


def _last_done(services: Services, model: str) -> Iterator[tuple[Job, JobItem]]:
    jobs = [job for job in services.queue.jobs() if job.recipe.edit.model == model]
    for job in jobs[:_SAMPLED_BATCHES]:
        # Of a batch of 100,000 only the last ones are read.
        ids = services.queue.item_ids(job.id, (ItemStatus.DONE,))[-_SAMPLED_ITEMS * 4 :]
        for item in reversed(services.queue.items_by_id(ids)):
            if item.seconds > 0 and not item.unchanged:
                yield job, item


def _speed(job: Job, item: JobItem, size: PictureSize, model: ModelSpec) -> float | None:
    """Return the seconds a megapixel and call that one finished photograph shows."""
    edit = edit_of(job.recipe.edit, item.strength, None)
    try:
        at_one = plan(edit, model, size, DeviceSpeed(1.0, 0.0)).seconds
    except CoreError:
        return None
    files = DeviceSpeed(1.0).seconds_per_megapixel_files * size.pixels / 1e6
    if at_one == 0:
        return None
    return min(_SLOWEST, max(_FASTEST, (item.seconds - files) / at_one))
