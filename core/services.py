"""Composition root: builds library, queue, models and processes once and hands them down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from core.engine.host import RENDER_COMMAND, RenderHost
from core.engine.models import BUILTIN_ID, ModelRegistry, builtin_spec
from core.events import EventSink
from core.library.catalog import Catalog
from core.library.database import Database
from core.library.lock import RenderLock
from core.library.publisher import Publisher
from core.library.queue import JobQueue
from core.preferences import Paths, Preferences, load_preferences, user_paths
from core.runner import BatchRunner, EngineChoice, RunnerParts


@dataclass(frozen=True)
class RenderProgram:
    """How a render process is started: the program, and what its environment has besides."""

    command: Sequence[str] = RENDER_COMMAND
    environment: Mapping[str, str] | None = None

    def host(self) -> RenderHost:
        """Return the parent's side of a process that starts at its first message."""
        return RenderHost(self.command, self.environment)


@dataclass(frozen=True)
class Services:
    """Everything that works on one library; closed with it."""

    paths: Paths
    preferences: Preferences
    database: Database
    catalog: Catalog
    queue: JobQueue
    publisher: Publisher
    registry: ModelRegistry
    lock: RenderLock
    program: RenderProgram

    def runner(self, sink: EventSink, choice: EngineChoice) -> BatchRunner:
        """Return a runner for this library; its render process starts when it is needed."""
        parts = RunnerParts(
            queue=self.queue,
            catalog=self.catalog,
            publisher=self.publisher,
            registry=self.registry,
            lock=self.lock,
            host=self.program.host,
            max_pixels=self.preferences.max_megapixels * 1_000_000,
        )
        return BatchRunner(parts, sink, choice)

    def close(self) -> None:
        """Finish what is being written and let go of the library."""
        self.lock.release()
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def open_services(library: Path | None = None, program: RenderProgram | None = None) -> Services:
    """Open the user's library, or the one given, with all that works on it.

    Args:
        library: another library's file; made if it is missing.
        program: another render process than the real one.

    Raises:
        LibraryError: the library cannot be opened; it is left as it is.
        SettingsError: the preferences are damaged.
        ModelNotFoundError: the installation lacks the built-in model.
    """
    paths = user_paths()
    preferences = load_preferences(paths.preferences)
    database = Database(library.expanduser() if library else paths.library)
    queue, catalog = JobQueue(database), Catalog(database)
    # Resolved: a library that is opened through a link is still the same one.
    path = database.path.resolve()
    return Services(
        paths=paths,
        preferences=preferences,
        database=database,
        catalog=catalog,
        queue=queue,
        publisher=Publisher(queue, catalog),
        registry=ModelRegistry({BUILTIN_ID: builtin_spec()}),
        lock=RenderLock(path.with_name(f"{path.name}.render-lock")),
        program=program or RenderProgram(),
    )
