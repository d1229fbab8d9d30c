"""File events of one folder by watchdog: hints, each put down as a path and a time."""

from __future__ import annotations

import errno
import logging
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from watchdog.events import (
    DirCreatedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

_LIMITS = Path("/proc/sys/fs/inotify")
_EVENTS: list[type[FileSystemEvent]] = [
    *(FileCreatedEvent, FileModifiedEvent, FileClosedEvent, FileMovedEvent),
    *(DirCreatedEvent, DirMovedEvent),
]
LIMIT_ERRORS = frozenset({errno.ENOSPC, errno.EMFILE, errno.ENFILE, errno.ENOMEM})


class Heard(FileSystemEventHandler):
    """What events told since the last look: files with the time of their last one, folders."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._files: dict[str, float] = {}
        self._folders: set[str] = set()
        self._lost = False

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Put a path down; nothing else happens on watchdog's threads."""
        now = self._clock()
        paths = [os.fsdecode(path) for path in (event.src_path, event.dest_path) if path]
        with self._lock:
            if event.is_directory:
                self._folders.update(paths)
            else:
                self._files.update(dict.fromkeys(paths, now))

    def lose(self) -> None:
        """Note that events were lost: only a look at the whole folder tells what they were."""
        with self._lock:
            self._lost = True

    def take(self) -> tuple[dict[str, float], set[str], bool]:
        """Return what was heard (files, folders, whether more was lost) and forget it."""
        with self._lock:
            heard = self._files, self._folders, self._lost
            self._files, self._folders, self._lost = {}, set(), False
            return heard


class Observation:
    """Events of one folder, from `start` until `stop`; once, a new one follows it.

    Args:
        folder: the folder.
        deep: whether events of subfolders are told too.
        heard: gets them.
    """

    def __init__(self, folder: Path, *, deep: bool, heard: Heard) -> None:
        self._folder = folder
        self._deep = deep
        self._heard = heard
        self._observer: BaseObserver | None = None
        self._losses = _Losses(heard)

    def start(self) -> None:
        """Begin. Raises OSError when the system does not let us, LIMIT_ERRORS among others."""
        observer = self._observer = Observer()
        logging.getLogger("watchdog").addHandler(self._losses)
        try:
            observer.schedule(
                self._heard, str(self._folder), recursive=self._deep, event_filter=_EVENTS
            )
            observer.start()
        except BaseException:
            self.stop()
            raise

    def alive(self) -> bool:
        """Return whether events can still come; threads of watchdog end for good on some errors."""
        observer = self._observer
        if observer is None or not observer.is_alive() or not observer.emitters:
            return False
        # Where there is one, it reads for all emitters (watchdog 7); it may end alone.
        reader = getattr(observer, "_inotify_fd", None)
        threads = [*observer.emitters, *([reader] if reader is not None else [])]
        return all(thread.is_alive() for thread in threads)

    def complete(self) -> bool:
        """Return whether the system lets us watch more: if not, subfolders were passed over."""
        return _may_watch(self._folder)

    def stop(self) -> None:
        """End it; nothing is heard any more."""
        observer, self._observer = self._observer, None
        logging.getLogger("watchdog").removeHandler(self._losses)
        if observer is None:
            return
        started = observer.is_alive()
        observer.stop()
        if started:
            observer.join()


class _Losses(logging.Handler):
    """watchdog says that the kernel's queue overflowed only in its log: events are lost then."""

    def __init__(self, heard: Heard) -> None:
        super().__init__(logging.WARNING)
        self._heard = heard

    def emit(self, _record: logging.LogRecord) -> None:
        """Take any trouble of watchdog's for lost events; a look too many does no harm."""
        self._heard.lose()


if sys.platform == "linux":

    def _may_watch(folder: Path) -> bool:
        """Try one more watch, on a descriptor of its own: the limit is the user's in all."""
        from watchdog.observers.inotify_c import InotifyConstants, inotify_add_watch, inotify_init

        descriptor = inotify_init()
        if descriptor < 0:
            return True  # nothing is known of the other limit
        try:
            mask = InotifyConstants.IN_DELETE_SELF
            return inotify_add_watch(descriptor, os.fsencode(folder), mask) >= 0
        finally:
            os.close(descriptor)

else:

    def _may_watch(folder: Path) -> bool:  # noqa: ARG001
        """Return True: other systems watch whole trees."""
        return True


def limit_hint(number: int | None) -> str:
    """Say how the system's limit is raised that an OSError of `start` was about."""
    name = "max_user_instances" if number == errno.EMFILE else "max_user_watches"
    try:
        now = int((_LIMITS / name).read_text())
    except (OSError, ValueError):
        return "Watch fewer folders, or close other programs that watch folders."
    wanted = max(2 * now, 1024 if number == errno.EMFILE else 524_288)
    setting = f"fs.inotify.{name}={wanted}"
    return (
        f"To be told at once, raise the limit (now {now}): sudo sysctl {setting}, "
        f"and write that setting into /etc/sysctl.d/90-regrain.conf to keep it."
    )
