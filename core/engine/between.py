"""The moments between two layers of a network, in which something else may come first."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, wait
from typing import Any, TypeVar

from torch import nn
from torch.utils.hooks import RemovableHandle

from core.engine.previews import Previewer

T = TypeVar("T")

_LOOK_SECONDS = 0.03
ALIVE_SECONDS = 10.0
"""How often the parent is told that a long pass goes on."""


class PassDropped(Exception):
    """Nobody wants any photograph of the pass any more."""


class BetweenLayers:
    """Calls `act` before each convolution or block of networks, as long as it is not closed.

    A pass over a large tile takes a second and more on a processor; a layer of it some hundredths.
    What `act` raises ends the pass.
    """

    def __init__(self, networks: Iterable[Any], act: Callable[[], None]) -> None:
        def before(_module: nn.Module, _inputs: object) -> None:
            act()

        parts = [part for network in networks for part in network.modules()]
        # Transformers have no convolutions; their blocks are members of lists.
        blocks = [block for part in parts if isinstance(part, nn.ModuleList) for block in part]
        layers = [part for part in parts if isinstance(part, nn.Conv2d)] + blocks
        self._handles: list[RemovableHandle] = [
            layer.register_forward_pre_hook(before) for layer in layers
        ]

    def close(self) -> None:
        """Call no more."""
        for handle in self._handles:
            handle.remove()
        self._handles.clear()


class Interlude:
    """Lets previews in between a batch's work, and ends passes that nobody wants any more.

    Args:
        is_canceled: says of an item whether it is to be dropped.
        drop_waiting: drops the canceled items that are not in work yet.
        previews: what makes previews; None where there are none.
        say_alive: tells the parent that it goes on; called every few seconds at most.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        is_canceled: Callable[[int], bool],
        drop_waiting: Callable[[], None],
        previews: Previewer | None = None,
        say_alive: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._say_alive = say_alive
        self._clock = clock
        self._said = clock()
        self._is_canceled = is_canceled
        self._drop_waiting = drop_waiting
        self._previews = previews
        self._hurried = False
        self._passing: tuple[int, ...] = ()
        self.spent = 0.0
        """Seconds that went into previews so far."""

    def begin(self, items: Iterable[int]) -> None:
        """A pass over these items begins."""
        self._passing = tuple(items)

    def end(self) -> None:
        """The pass is over."""
        self._passing = ()

    def hurry(self) -> None:
        """Something was canceled: that is answered before any preview. From any thread."""
        self._hurried = True

    def alive(self) -> None:
        """Between two layers of whatever network: it goes on."""
        now = self._clock()
        if now - self._said >= ALIVE_SECONDS:
            self._said = now
            self._say_alive()

    def layer(self) -> None:
        """Between two layers, be they of the batch's pass or of a preview's.

        Raises:
            PassDropped: all items of the pass are canceled.
            Dropped, Postponed: it is a preview's pass, and as Previewer.check says.
        """
        self.alive()
        if self._previews is not None and self._previews.working:
            self._previews.check(urgent=self._hurried or self._is_unwanted())
            return
        self.breathe()
        if self._is_unwanted():
            raise PassDropped

    def breathe(self) -> None:
        """Answer cancellations, and make a preview; to be called between any two pieces of work."""
        if self._hurried:
            self._hurried = False
            self._drop_waiting()
        previews = self._previews
        if previews is not None and previews.ready and not previews.working:
            began = time.monotonic()
            previews.work()
            self.spent += time.monotonic() - began

    def result(self, future: Future[T]) -> T:
        """Return a future's result, making previews while it is not there."""
        while self._previews is not None and not wait([future], timeout=_LOOK_SECONDS).done:
            self.breathe()
        return future.result()

    def _is_unwanted(self) -> bool:
        return bool(self._passing) and all(map(self._is_canceled, self._passing))
