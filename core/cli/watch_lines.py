"""What happens in watched folders: one line an item, for the journal, or as JSON lines."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from core.cli.console import Console
from core.events import (
    DeviceLost,
    Event,
    ItemDone,
    ItemFailed,
    ItemLeftOut,
    JobQueued,
    ModelLoading,
    ModelReady,
    RunnerBlocked,
    WatchState,
    WatchStateChanged,
)

_IN_WORDS = (WatchState.MISSING, WatchState.BLOCKED, WatchState.PAUSED)


class WatchLines:
    """An event sink that writes; watching threads and the rendering one call it.

    Args:
        console: where lines go.
        lost: called when nobody reads stdout any more.
    """

    def __init__(self, console: Console, lost: Callable[[], None] = lambda: None) -> None:
        self._console = console
        self._lost = lost

    def __call__(self, event: Event) -> None:
        """Write what `event` says."""
        try:
            self._write(event)
        except BrokenPipeError:
            self._lost()

    def _write(self, event: Event) -> None:
        match event:
            case ItemDone():
                self._done(event)
            case ItemFailed():
                self._failed(event)
            case ItemLeftOut():
                reason = event.reason.value
                self._item("item_left_out", event.source, reason=reason, message=event.message)
                self._console.say(f"Left out: {event.source}: {event.message}")
            case RunnerBlocked():
                self._json("stopped", reason=event.reason.value, message=event.message)
                self._console.problem(f"Stopped: {event.message} {event.hint}".rstrip())
            case WatchStateChanged():
                self._state(event)
            case JobQueued():
                self._json("queued", batch=event.job, photographs=event.items)
                self._console.detail(f"Queued: {event.items} in batch {event.job}")
            case DeviceLost():
                self._console.say(event.message)
            case ModelLoading():
                self._console.detail(f"Loading {event.model}")
            case ModelReady():
                self._console.detail(f"{event.model} is ready on {event.device}, {event.dtype}")

    def _done(self, event: ItemDone) -> None:
        name = "item_already_done" if event.already else "item_done"
        seconds = round(event.seconds, 3)
        self._item(
            name,
            event.source,
            output=str(event.output),
            seconds=seconds,
            unchanged=event.unchanged,
            note=event.note,
        )
        if event.already:
            how = "already done"
        elif event.unchanged:
            how = "already clean, unchanged"
        else:
            how = f"{event.seconds:.1f} s" + (f", {event.note}" if event.note else "")
        self._console.say(f"Done: {event.source} -> {event.output} ({how})")

    def _failed(self, event: ItemFailed) -> None:
        self._item(
            "item_failed",
            event.source,
            reason=event.reason.value,
            message=event.message,
            hint=event.hint,
        )
        self._console.problem(f"Failed: {event.source}: {event.message} {event.hint}".rstrip())

    def _state(self, event: WatchStateChanged) -> None:
        self._json(
            "watch_state",
            rule=event.rule,
            folder=str(event.folder),
            state=event.state.value,
            message=event.message,
            hint=event.hint,
        )
        line = f"{event.message} {event.hint}".rstrip()
        if event.state in _IN_WORDS:
            self._console.problem(line)
        else:
            self._console.say(line)

    def _item(self, name: str, source: Path, **values: object) -> None:
        self._json(name, source=str(source), **values)

    def _json(self, name: str, **values: object) -> None:
        self._console.json({"event": name, **values})
