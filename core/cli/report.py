"""What happened to each photograph, as lines for people or as JSON lines for programs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

from core.cli.console import Console
from core.cli.progress import Progress
from core.errors import StopReason
from core.events import (
    DeviceLost,
    Event,
    ItemDone,
    ItemFailed,
    ItemLeftOut,
    ItemStarted,
    ModelLoading,
    ModelReady,
    RunnerBlocked,
    StepProgress,
    Totals,
)
from core.library.ids import ItemId


class Reporter:
    """An event sink that writes; one a command.

    Args:
        console: where lines go.
        strengths: the strength of each item, when photographs have several results.
        lost: called when nobody reads stdout any more.
    """

    def __init__(
        self,
        console: Console,
        strengths: Mapping[ItemId, float] | None = None,
        lost: Callable[[], None] = lambda: None,
    ) -> None:
        self._console = console
        self._strengths = strengths or {}
        self._lost = lost
        self._sources: dict[ItemId, Path] = {}
        self.progress: Progress | None = None

    def __call__(self, event: Event) -> None:
        """Write what `event` says."""
        try:
            self._write(event)
        except BrokenPipeError:
            self._lost()

    def _write(self, event: Event) -> None:
        match event:
            case ItemStarted():
                self._started(event)
            case StepProgress():
                self._stepped(event)
            case ItemDone():
                self._done(event)
            case ItemFailed():
                self._failed(event)
            case ItemLeftOut():
                self._left_out(event)
            case RunnerBlocked():
                self._blocked(event)
            case ModelLoading() | ModelReady() | DeviceLost():
                self._about_engine(event)

    def summary(self, totals: Totals, **more: object) -> None:
        """Write the last JSON line.

        `found` is the sum of the seven counts after it; anything else is a bug.
        """
        if not totals.adds_up():
            raise AssertionError(f"the counts of the batch do not add up: {totals}")
        self._console.json({"event": "summary", **asdict(totals), **more})

    def _started(self, event: ItemStarted) -> None:
        self._sources[event.item] = event.source
        if self.progress:
            self.progress.started(event.source.name)

    def _stepped(self, event: StepProgress) -> None:
        source = self._sources.get(event.item)
        if source is not None:
            self._json("step", event.item, source, step=event.step, steps=event.steps)
        if self.progress:
            self.progress.stepped(event.step, event.steps)

    def _done(self, event: ItemDone) -> None:
        name = "item_already_done" if event.already else "item_done"
        values: dict[str, object] = {"output": str(event.output)}
        if not event.already:
            values |= {"seconds": round(event.seconds, 3), "unchanged": event.unchanged}
        if event.note:
            values["note"] = event.note
        self._json(name, event.item, event.source, **values)
        self._settled(_done_line(event), worked=not event.already)

    def _failed(self, event: ItemFailed) -> None:
        self._json(
            "item_failed",
            event.item,
            event.source,
            reason=event.reason.value,
            message=event.message,
            hint=event.hint,
        )
        self._problem(f"Failed: {event.message}", event.hint)
        self._settled("", worked=False)

    def _left_out(self, event: ItemLeftOut) -> None:
        self._json(
            "item_left_out",
            event.item,
            event.source,
            reason=event.reason.value,
            message=event.message,
        )
        self._settled(f"Left out: {event.message}", worked=False)

    def _blocked(self, event: RunnerBlocked) -> None:
        self.json_stopped(event.reason, event.message, event.hint)
        self._problem(f"Stopped: {event.message}", event.hint)

    def json_stopped(self, reason: StopReason, message: str, hint: str) -> None:
        """Write the JSON line of a batch that cannot go on."""
        line = {"event": "stopped", "reason": reason.value, "message": message, "hint": hint}
        self._console.json(dict(line))

    def _about_engine(self, event: ModelLoading | ModelReady | DeviceLost) -> None:
        if isinstance(event, DeviceLost):
            self._say(event.message)
        elif isinstance(event, ModelLoading):
            self._detail(f"Loading {event.model}")
        else:
            device = f"{event.device}, {event.dtype}"
            self._detail(f"{event.model} is ready on {device} after {event.seconds:.1f} s")

    def _json(self, name: str, item: ItemId, source: Path, **values: object) -> None:
        line: dict[str, object] = {"event": name, "source": str(source)}
        if item in self._strengths:
            line["strength"] = self._strengths[item]
        self._console.json(line | values)

    def _problem(self, message: str, hint: str) -> None:
        """Write what went wrong, even if quiet; above the bar, if there is one."""
        line = f"{message} {hint}".rstrip()
        if self.progress and not self._console.quiet:
            self.progress.say(line)
        else:
            self._console.problem(line)

    def _say(self, line: str) -> None:
        if self.progress:
            self.progress.say(line)
        else:
            self._console.say(line)

    def _detail(self, line: str) -> None:
        if self._console.verbose:
            self._say(line)

    def _settled(self, line: str, *, worked: bool) -> None:
        if self.progress:
            self.progress.settled(line, worked=worked)


def _done_line(event: ItemDone) -> str:
    name = event.source.name
    if event.already:
        return f"{name} already done"
    if event.unchanged:
        return f"{name} done (already clean, unchanged)"
    note = f", {event.note}" if event.note else ""
    return f"{name} done in {event.seconds:.1f} s{note}"
