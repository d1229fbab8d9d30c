"""The render process started while the folder is still being planned: its imports take seconds."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from core.engine.host import RenderHost
from core.errors import CoreError, ItemError
from core.library.enqueue import edit_of
from core.library.keys import result_key, settings_digest
from core.library.records import ItemRequest, JobRequest
from core.recipe import EditSettings
from core.scan import ScannedFile, ScanResult
from core.services import Services

_SAMPLE = 4
"""So many of the first photographs are looked at, and of the last: those come new most often."""

_log = logging.getLogger(__name__)

Plan = Callable[[ScanResult], JobRequest]


class EarlyStart:
    """Starts a render process as soon as one photograph is known to need it; ends it if unused."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._host: RenderHost | None = None

    def consider(self, found: ScanResult, plan: Plan) -> None:
        """Look at a few photographs; start the process if one of them must be rendered.

        What goes wrong here will be met again, and told, by those whose work it is.
        """
        try:
            if not self._is_rendered_elsewhere() and self._must_render(plan(self._sample(found))):
                host = self._services.program.host(ahead=True)
                host.start()
                self._host = host
        except (CoreError, OSError) as error:
            _log.info("no early start: %s", error)

    def take(self) -> RenderHost | None:
        """Return the started process, once; whoever has it ends it."""
        host, self._host = self._host, None
        return host

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if (host := self.take()) is not None:
            host.stop(grace=0.0)

    def _is_rendered_elsewhere(self) -> bool:
        """Whether another process renders for the library, which this one is going to follow."""
        if not self._services.lock.acquire():
            return True
        self._services.lock.release()
        return False

    def _sample(self, found: ScanResult) -> ScanResult:
        """Return some photographs, none of which is a result of ours."""
        files = found.photographs
        some: dict[ScannedFile, None] = dict.fromkeys((*files[:_SAMPLE], *files[-_SAMPLE:]))
        results = self._services.catalog.own_outputs(file.path for file in some)
        kept = tuple(file for file in some if file.path not in results)
        return replace(found, photographs=kept, left_out=(), problems=())

    def _must_render(self, request: JobRequest) -> bool:
        if _names_files(request.recipe.edit):
            return False  # they may be large, and are read when their turn comes
        for one in self._services.queue.uncertain(request):
            try:
                return self._needs_work(request, one)
            except ItemError:
                continue
        return False

    def _needs_work(self, request: JobRequest, one: ItemRequest) -> bool:
        """Decide as the runner will: no result of these bytes and settings stands anywhere."""
        catalog, recipe = self._services.catalog, request.recipe
        sha256 = catalog.hash_file(one.source).sha256
        edit = edit_of(recipe.edit, one.strength, one.seed)
        edit = request.personal(edit, one.source, sha256=sha256)
        if _names_files(edit):
            return False
        if request.again:
            return True
        key = result_key(sha256, settings_digest(edit, recipe.output, request.model))
        stands = catalog.find_standing(key, one.source, one.output)
        return stands is None and catalog.find_copy(key) is None


def nothing_taken(_folder: Path) -> Mapping[str, Path]:
    """Stand for the names in an output folder, for a plan that is only a sample."""
    return {}


def _names_files(edit: EditSettings) -> bool:
    return bool(edit.loras or edit.vae or edit.mask or edit.control or edit.reference_image)
