"""Whether the disks have room for what a batch is still to write; asked before it is rendered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

from core.images.source import MAX_FILE_BYTES
from core.library.ids import JobId
from core.library.queue import JobQueue
from core.library.records import ItemStatus, Job, JobItem
from core.outputs.folders import check_space
from core.outputs.fsops import FsOps
from core.recipe import OutputFormat, OutputSettings

LOOK_SECONDS = 30.0
LOOKED_AT = 300
"""Of more photographs than these an even sample is measured."""

_COMPRESSED = frozenset({".jpg", ".jpeg", ".jpe", ".mpo", ".webp", ".avif", ".heic", ".heif"})
_OF_COMPRESSED = {
    OutputFormat.KEEP: 0.7,
    OutputFormat.JPEG: 0.7,
    OutputFormat.WEBP: 0.4,
    OutputFormat.AVIF: 0.3,
    OutputFormat.PNG: 2.0,
    OutputFormat.TIFF: 4.0,
}
_OF_OTHERS = {
    OutputFormat.KEEP: 0.8,
    OutputFormat.PNG: 0.7,
    OutputFormat.TIFF: 0.8,
    OutputFormat.JPEG: 0.15,
    OutputFormat.WEBP: 0.1,
    OutputFormat.AVIF: 0.08,
}
"""Bytes of a result for each of its source's: rather few, for a batch that would just have fitted
must not be stopped; one that does not fit after all stops at the full disk and loses nothing."""


class Space:
    """Looks when a run takes up a batch, and every half minute after that.

    Args:
        queue: where the batches are.
        fs: file operations.
        clock: seconds that only grow.
    """

    def __init__(self, queue: JobQueue, fs: FsOps, clock: Callable[[], float]) -> None:
        self._queue = queue
        self._fs = fs
        self._clock = clock
        self._looked: dict[JobId, float] = {}

    def check(self, job: Job) -> None:
        """Compare what is free with what the batch's waiting photographs need.

        Raises:
            BatchStopped: disk_full, with both figures.
        """
        now = self._clock()
        if now - self._looked.get(job.id, -LOOK_SECONDS) < LOOK_SECONDS:
            return
        self._looked[job.id] = now
        if job.recipe.output.max_side is not None:
            # Results of another size: nothing follows from the sources' bytes.
            return
        statuses = {ItemStatus.PENDING, ItemStatus.RUNNING}
        ids = self._queue.item_ids(job.id, statuses)
        step = max(1, len(ids) // LOOKED_AT)
        sample = self._queue.items_by_id(ids[::step])
        for folder, needed in self._needed(sample, job.recipe.output).items():
            check_space(folder, needed * step, self._fs)

    def _needed(self, items: list[JobItem], output: OutputSettings) -> dict[Path, int]:
        """Return the bytes to be written, by one folder of each disk."""
        needed: Counter[int] = Counter()
        folders: dict[int, Path] = {}
        for item in items:
            if item.output is None:
                continue
            disk = self._disk(item.output.parent)
            folders.setdefault(disk, item.output.parent)
            # An earlier result under that name goes when the new one takes it.
            more = self._expected(item, output) - self._size(item.output)
            needed[disk] += max(0, more)
        return {folder: needed[disk] for disk, folder in folders.items()}

    def _expected(self, item: JobItem, output: OutputSettings) -> int:
        is_compressed = item.source.suffix.lower() in _COMPRESSED
        share = (_OF_COMPRESSED if is_compressed else _OF_OTHERS)[output.format]
        size = self._size(item.source)
        # A larger file is refused: nothing will be written for it.
        return 0 if size > MAX_FILE_BYTES else int(size * share * output.scale**2)

    def _size(self, path: Path) -> int:
        try:
            found = self._fs.stat(path)
        except OSError:
            return 0
        return found.st_size if found is not None else 0

    def _disk(self, folder: Path) -> int:
        for place in (folder, *folder.parents):
            try:
                found = self._fs.stat(place)
            except OSError:
                continue
            if found is not None:
                return found.st_dev
        return 0
