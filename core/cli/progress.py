"""Progress on stderr: a bar that moves in a terminal, a line a photograph elsewhere."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from core.cli.console import Console, printable
from core.pace import Pace

if TYPE_CHECKING:
    from rich.progress import Progress as Bar


class Progress(Protocol):
    """What shows how far a batch is."""

    def started(self, name: str, /) -> None:
        """A photograph is being worked on."""

    def stepped(self, step: int, steps: int, /) -> None:
        """One denoiser call of the photograph is done."""

    def settled(self, line: str, *, worked: bool) -> None:
        """A photograph is settled; `line` says how, empty when that was said already."""

    def say(self, line: str) -> None:
        """Show a line above whatever moves."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


def make_progress(console: Console, waiting: int) -> Progress:
    """Return a bar for a terminal, else lines; JSON on the same terminal wants no bar."""
    shared = console.json_lines and sys.stdout.isatty()
    if sys.stderr.isatty() and not console.quiet and not shared:
        return BarProgress(Pace(waiting), verbose=console.verbose)
    return LineProgress(Pace(waiting), console)


class LineProgress:
    """One line for each photograph; for files, pipes and cron."""

    def __init__(self, pace: Pace, console: Console) -> None:
        self._pace = pace
        self._console = console

    def started(self, _name: str, /) -> None:
        """Begin counting time at the first photograph."""
        self._pace.start()

    def stepped(self, _step: int, _steps: int, /) -> None:
        """Lines show no steps."""

    def settled(self, line: str, *, worked: bool) -> None:
        """Write the photograph's line, if any, between the count and the pace."""
        self._pace.settle(worked=worked)
        if not line:
            return
        pace = self._pace.sentence() if worked else ""
        count = f"{self._pace.settled} of {self._pace.total}"
        self._console.say(f"{count}: {line}" + (f" ({pace})" if pace else ""))

    def say(self, line: str) -> None:
        """Write a line, unless quiet."""
        self._console.say(line)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing moves, so nothing is to be put away."""


class BarProgress:
    """A bar at the bottom of the terminal; only what went wrong stays above it."""

    def __init__(self, pace: Pace, *, verbose: bool) -> None:
        from rich.console import Console as Terminal
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
        from rich.progress import Progress as Bar
        from rich.table import Column

        one_line = Column(no_wrap=True, overflow="ellipsis")
        self._pace = pace
        self._verbose = verbose
        self._name = self._step = ""
        self._bar: Bar = Bar(
            BarColumn(bar_width=24),
            MofNCompleteColumn(separator=" of "),
            TextColumn("{task.description}", markup=False, table_column=one_line),
            console=Terminal(stderr=True, highlight=False, markup=False, emoji=False),
            transient=True,
        )
        self._task = self._bar.add_task("starting", total=pace.total)

    def started(self, name: str, /) -> None:
        """Show the photograph's name beside the bar."""
        self._pace.start()
        self._name, self._step = printable(name), ""
        self._show()

    def stepped(self, step: int, steps: int, /) -> None:
        """Show the step."""
        self._step = f"step {step} of {steps}"
        self._show()

    def settled(self, line: str, *, worked: bool) -> None:
        """Move the bar on."""
        self._pace.settle(worked=worked)
        if self._verbose and line:
            self.say(line)
        self._show()

    def say(self, line: str) -> None:
        """Write a line above the bar."""
        from rich.text import Text

        self._bar.console.print(Text(printable(line)), soft_wrap=True)

    def _show(self) -> None:
        parts = [self._pace.sentence(), self._step, self._name]
        text = ", ".join(part for part in parts if part)
        self._bar.update(self._task, completed=self._pace.settled, description=text)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()
