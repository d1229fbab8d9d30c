"""What happens when a batch has ended: a notification, and the user's own command."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QObject, Signal

from core.events import Event, ItemStarted, JobFinished, RunnerBlocked, Totals
from core.library.ids import JobId
from core.library.records import ItemStatus, JobState, Origin
from desktop.backend import Backend
from desktop.system.detached import start_detached
from desktop.system.notify import Notifier
from desktop.words import photographs

if TYPE_CHECKING:
    from core.services import Services

_WITH_RESULT = (ItemStatus.DONE, ItemStatus.ALREADY_DONE)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ended:
    """A batch that has ended: its name, its counts, where its first result stands.

    `watched`: of a watched folder, which has a `command` of its own, if any.
    """

    job: JobId
    name: str
    totals: Totals
    folder: Path | None
    watched: bool = False
    command: str = ""


Run = Callable[[str, Mapping[str, str]], None]


def run_command(command: str, environment: Mapping[str, str]) -> None:
    """Start the user's command in a shell and leave it to itself.

    Raises:
        OSError: it cannot be started.
    """
    shell = ["cmd", "/c"] if sys.platform == "win32" else ["/bin/sh", "-c"]
    start_detached([*shell, command], environment)


def hook_environment(ended: Ended) -> dict[str, str]:
    """Return the counts as REGRAIN_FOUND, REGRAIN_DONE, ... as the command line sets them."""
    counts = {f"REGRAIN_{name.upper()}": str(n) for name, n in asdict(ended.totals).items()}
    failed = ended.totals.failed + ended.totals.quarantined
    counts["REGRAIN_EXIT_CODE"] = str(int(bool(failed)))
    counts["REGRAIN_OUTPUT"] = str(ended.folder or "")
    return counts


class BatchEnds(QObject):
    """Takes events; tells of batches that ended while somebody may be looking elsewhere.

    Args:
        backend: answers what is asked of the library.
        notifier: shows messages.
        on_done: the user's command, empty for none.
        run: starts it.
    """

    ended = Signal(object)
    """An Ended record."""

    def __init__(
        self,
        backend: Backend,
        notifier: Notifier,
        *,
        on_done: str = "",
        run: Run = run_command,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._backend = backend
        self._notifier = notifier
        self._run = run
        self.on_done = on_done
        self._ours: set[JobId] = set()

    def take(self, event: Event) -> None:
        """Look whether a batch ended or was stopped."""
        if isinstance(event, ItemStarted):
            self._ours.add(event.job)
        elif isinstance(event, JobFinished):
            job = event.job
            self._backend.ask(self, lambda services: _look(services, job), self._tell)
        elif isinstance(event, RunnerBlocked):
            self._notifier.notify(self.tr("Stopped"), f"{event.message} {event.hint}".strip())

    def _tell(self, ended: Ended | None) -> None:
        if ended is None:
            return
        command = self.on_done
        if ended.watched:
            # A camera brings photograph after photograph; another process runs its own commands.
            command = ended.command if ended.job in self._ours else ""
        else:
            self._notifier.notify(*self._words(ended))
        if command:
            try:
                self._run(command, os.environ | hook_environment(ended))
            except OSError as error:
                _log.warning("the command for the end of a batch did not start: %s", error)
        self.ended.emit(ended)

    def _words(self, ended: Ended) -> tuple[str, str]:
        totals = ended.totals
        failed = totals.failed + totals.quarantined
        title = self.tr("{} is finished").format(ended.name)
        if failed:
            title = self.tr("{} is finished, {} failed").format(ended.name, failed)
        done = self.tr("{} done.").format(photographs(totals.done + totals.already_done))
        return title, done


def _look(services: Services, job: JobId) -> Ended | None:
    record = services.queue.job(job)
    if record.state is JobState.CANCELED:
        return None
    first = services.queue.item_ids(job, _WITH_RESULT)[:1]
    outputs = [item.output for item in services.queue.items_by_id(first) if item.output]
    folder = outputs[0].parent if outputs else None
    name = record.name or QCoreApplication.translate("Queue", "Batch {}").format(job)
    totals, watched = services.queue.totals(job), record.origin is Origin.WATCH
    return Ended(job, name, totals, folder, watched, _command(services, record.signature))


def _command(services: Services, signature: str) -> str:
    """Return the command of the watched folder whose batch it is."""
    rules = services.watch.all() if signature.startswith("watch-") else []
    ours = (rule for rule in rules if signature.startswith(f"watch-{rule.id}-"))
    return next((rule.settings.on_done for rule in ours), "")
