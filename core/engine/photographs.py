"""Photographs from their files, each decoded once while it is in work, however often."""

from __future__ import annotations

import threading
from weakref import WeakValueDictionary

from core.engine.memory import MemoryBudget
from core.engine.messages import Render
from core.engine.prepare import check_memory, read_source
from core.images import source
from core.images.photo import Photo

_Key = tuple[str, int]


class _Turn:
    """Whoever holds it decodes; others of the same photograph wait for what comes of that."""

    def __init__(self) -> None:
        self.lock = threading.Lock()


class Photographs:
    """Reads photographs; a sweep's versions of one share what was decoded for the first.

    Nothing is kept for this: a photograph is here as long as one of its versions is in work.

    Args:
        budget: refuses what does not fit into memory.
    """

    def __init__(self, budget: MemoryBudget) -> None:
        self._budget = budget
        self._lock = threading.Lock()
        self._turns: WeakValueDictionary[_Key, _Turn] = WeakValueDictionary()
        self._known: WeakValueDictionary[_Key, Photo] = WeakValueDictionary()

    def read(self, render: Render) -> Photo:
        """Return the photograph that a message names; from any thread.

        The file is read and compared every time, so that one that changed is told of.

        Raises:
            ImageReadError: it cannot be read whole, or is not what the parent saw.
        """
        check_memory(render, self._budget)
        key = render.source_sha256, render.max_pixels
        with self._lock:
            turn = self._turns.setdefault(key, _Turn())
        with turn.lock:
            known = self._known.get(key)
            if known is None:
                known = read_source(render)
                self._known[key] = known
            else:
                _check_same(render)
            return known


def _check_same(render: Render) -> None:
    with source.opened(render.source) as (fd, status):
        _, digest = source.read_whole(render.source, fd, status)
    if digest != render.source_sha256:
        raise source.changed(render.source.name)
