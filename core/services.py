"""Composition root: builds library, queue, models and processes once and hands them down."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from core.engine.host import AHEAD, RENDER_COMMAND, RenderHost
from core.events import EventSink
from core.exports import Exports
from core.library.backups import CLOSING_BYTES, CLOSING_SECONDS, Backups
from core.library.catalog import Catalog
from core.library.daily import DailyBackup
from core.library.database import Database
from core.library.ids import WatchRuleId
from core.library.lock import RenderLock
from core.library.photos import Photos
from core.library.projects import Projects
from core.library.publisher import Publisher
from core.library.queue import JobQueue
from core.library.trash import Trash
from core.library.versions import Versions, versions_folder
from core.library.watch import WatchRules
from core.models.found import ExtraKind
from core.models.shelf import ModelShelf
from core.models.spec import BUILTIN_ID, ModelRegistry, builtin_spec
from core.personal import personal
from core.preferences import Paths, Preferences, load_preferences, user_paths
from core.prompts.tokens import lora_finder
from core.recipe import EditSettings
from core.runner import BatchRunner, EngineChoice, RunnerParts

if TYPE_CHECKING:
    from core.watch.service import WatchService


@dataclass(frozen=True)
class RenderProgram:
    """How a render process is started: the program, and what its environment has besides."""

    command: Sequence[str] = RENDER_COMMAND
    environment: Mapping[str, str] | None = None

    def host(self, *, ahead: bool = False) -> RenderHost:
        """Return the parent's side of a process that starts at its first message.

        `ahead`: it imports what rendering needs without being asked, for a process that is
        started before there is anything to say to it.
        """
        command = (*self.command, AHEAD) if ahead else self.command
        return RenderHost(command, self.environment)


@dataclass(frozen=True)
class Services:
    """Everything that works on one library; closed with it."""

    paths: Paths
    preferences: Preferences
    database: Database
    catalog: Catalog
    projects: Projects
    photos: Photos
    queue: JobQueue
    publisher: Publisher
    versions: Versions
    exports: Exports
    trash: Trash
    registry: ModelRegistry
    shelf: ModelShelf
    lock: RenderLock
    watch: WatchRules
    watch_lock: RenderLock
    backups: Backups
    daily: DailyBackup
    program: RenderProgram

    def runner(
        self, sink: EventSink, choice: EngineChoice, started: RenderHost | None = None
    ) -> BatchRunner:
        """Return a runner for this library; its render process starts when it is needed.

        `started`: a process to use first; it ends with the runner's others.
        """
        ready = [started] if started is not None else []
        parts = RunnerParts(
            queue=self.queue,
            catalog=self.catalog,
            publisher=self.publisher,
            registry=self.registry,
            lock=self.lock,
            host=lambda: ready.pop() if ready else self.program.host(),
            max_pixels=self.preferences.max_megapixels * 1_000_000,
            personal=self.personal,
        )
        return BatchRunner(parts, sink, choice)

    def personal(self, edit: EditSettings, source: Path, *, sha256: str = "") -> EditSettings:
        """Return what a recipe means for one photograph, with LoRAs found on the shelf.

        Raises:
            SettingsError: no such token, wildcard, LoRA or list of prompts.
            ItemError: its mask or prompt is missing or unreadable; or the photograph is.
        """
        find = lora_finder(self.shelf.extras(ExtraKind.LORA)) if "<" in edit.prompt else None
        return personal(edit, source, find_lora=find, sha256=sha256)

    def watcher(
        self,
        sink: EventSink,
        wake: Callable[[], None],
        *,
        only: Collection[WatchRuleId] | None = None,
    ) -> WatchService:
        """Return what watches this library's folders, on threads of its own once started.

        Args:
            sink: gets WatchStateChanged and JobQueued, on those threads.
            wake: called when photographs wait to be rendered.
            only: these rules, whoever else watches; None: all those of the service, by the one
                process that holds the watch lock.
        """
        # watchdog and its threads are for those who watch.
        from core.watch.parts import WatchParts
        from core.watch.service import WatchService

        parts = WatchParts(
            rules=self.watch,
            queue=self.queue,
            registry=self.registry,
            pictures=self.paths.pictures,
            sink=sink,
            wake=wake,
            personal=self.personal,
        )
        if only is None:
            return WatchService(parts, self.watch_lock)
        chosen = frozenset(only)
        return WatchService(parts, None, lambda rule: rule.id in chosen)

    def close(self) -> None:
        """Finish what is being written, make the backup of the day, let go of the library."""
        self.lock.release()
        self.watch_lock.release()
        self.daily.close()
        self.database.close()
        self.backups.make_if_due(seconds=CLOSING_SECONDS, size=CLOSING_BYTES)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def open_registry(shelf: ModelShelf) -> ModelRegistry:
    """Return the models that come with Regrain, and those of the user's shelf.

    Raises:
        ModelNotFoundError: the installation lacks the built-in model.
    """
    return ModelRegistry({BUILTIN_ID: builtin_spec()}, shelf)


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
    backups = Backups(path)
    publisher = Publisher(queue, catalog)
    shelf = ModelShelf(paths.models)
    return Services(
        paths=paths,
        preferences=preferences,
        database=database,
        catalog=catalog,
        projects=Projects(database),
        photos=Photos(database),
        queue=queue,
        publisher=publisher,
        versions=Versions(database, versions_folder(path)),
        exports=Exports(publisher),
        trash=Trash(publisher),
        registry=open_registry(shelf),
        shelf=shelf,
        lock=RenderLock(path.with_name(f"{path.name}.render-lock")),
        watch=WatchRules(database),
        watch_lock=RenderLock(path.with_name(f"{path.name}.watch-lock")),
        backups=backups,
        daily=DailyBackup(backups),
        program=program or RenderProgram(),
    )
