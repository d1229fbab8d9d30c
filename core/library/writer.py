"""One thread that makes every write of this process, in the order in which they were asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine

from core.errors import LibraryError

T = TypeVar("T")
_Work = tuple[Callable[[Connection], Any], "Future[Any]"]


class Writer:
    """Runs pieces of work one by one, each in a transaction of its own."""

    def __init__(self, make_engine: Callable[[], Engine]) -> None:
        self._make_engine = make_engine
        self._work: SimpleQueue[_Work | None] = SimpleQueue()
        self._closing = threading.Lock()
        self._closed = False
        # A daemon: a program that forgets `close` must still be able to end; what was committed is.
        self._thread = threading.Thread(target=self._run, name="library writer", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[Connection], T]) -> Future[T]:
        """Put a piece of work at the end of the line.

        Raises:
            LibraryError: the library was closed.
        """
        if threading.current_thread() is self._thread:
            raise RuntimeError("a write inside a write would wait for itself")
        future: Future[T] = Future()
        with self._closing:
            if self._closed:
                raise LibraryError("The library is closed.")
            self._work.put((work, future))
        return future

    def close(self) -> None:
        """Finish what was asked for and end the thread."""
        with self._closing:
            if not self._closed:
                self._closed = True
                self._work.put(None)
        self._thread.join()

    def _run(self) -> None:
        engine = self._make_engine()
        connection: Connection | None = None
        while (entry := self._work.get()) is not None:
            work, future = entry
            if not future.set_running_or_notify_cancel():
                continue
            try:
                connection = connection or engine.connect()
                with connection.begin():
                    value = work(connection)
            except BaseException as error:
                future.set_exception(error)
            else:
                future.set_result(value)
            del work, future, entry
        if connection is not None:
            connection.close()
        engine.dispose()
