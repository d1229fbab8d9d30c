"""One thread that makes every write of this process, in the order in which they were asked for.

A transaction costs a few syncs of the disk, so what may be lost rides along with the next one.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sized
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, exc

from core.errors import LibraryError

PATIENCE_SECONDS = 600.0
"""How long a write is tried again while others hold the library: readers too, without a
write-ahead log. Far longer than any of ours does; a batch must not stop for it."""

HURRY_SECONDS = 5.0
"""The same while closing."""

TRY_SECONDS = 2.0
"""How long one try keeps new readers off, shorter than a reader waits."""

JOURNAL_BYTES = 32 << 20
"""To this a write-ahead log shrinks again that grew under a long reader."""

_PAUSE_SECONDS = 0.3
_MOST_RIDERS = 200

T = TypeVar("T")
_Work = tuple[Callable[[Connection], Any], "Future[Any]"]
_log = logging.getLogger(__name__)


class Writer:
    """Runs pieces of work one by one, each in a transaction of its own.

    A piece is run again when others held the library, so it must not use up what it was given.
    """

    def __init__(self, make_engine: Callable[[], Engine]) -> None:
        self._make_engine = make_engine
        self._connection: Connection | None = None
        self._work: SimpleQueue[_Work | None] = SimpleQueue()
        self._riders: deque[Callable[[Connection], object]] = deque()
        self._closing = threading.Lock()
        self._closed = threading.Event()
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
            if self._closed.is_set():
                raise LibraryError("The library is closed.")
            self._work.put((work, future))
        return future

    def ride(self, work: Callable[[Connection], object]) -> None:
        """Have a small piece done at the beginning of the next transaction, or at the end.

        For what may be lost: nobody hears of it, and a transaction that fails takes it along. It
        must not raise.
        """
        self._riders.append(work)
        if len(self._riders) >= _MOST_RIDERS:
            self.submit(_nothing)

    @property
    def has_riders(self) -> bool:
        """Whether something waits for the next transaction."""
        return bool(self._riders)

    def close(self) -> None:
        """Finish what was asked for and end the thread."""
        with self._closing:
            if not self._closed.is_set():
                self._closed.set()
                self._work.put(None)
        self._thread.join()

    def _run(self) -> None:
        engine = self._make_engine()
        while (entry := self._work.get()) is not None:
            work, future = entry
            if not future.set_running_or_notify_cancel():
                continue
            try:
                value = self._do(engine, work)
            except BaseException as error:
                future.set_exception(error)
            else:
                future.set_result(value)
            del work, future, entry
        self._let_off(engine)
        self._disconnect()
        engine.dispose()

    def _let_off(self, engine: Engine) -> None:
        """Do what still rides along; there is nothing more for it to ride with."""
        if self._riders:
            try:
                self._do(engine, _nothing)
            except exc.DBAPIError as error:
                _log.warning("Not noted in the library: %s", error)

    def _do(self, engine: Engine, work: Callable[[Connection], T]) -> T:
        """Run one piece of work; again and again while others hold the library."""
        begun, told = time.monotonic(), False
        while True:
            try:
                return self._try(engine, work)
            except exc.DBAPIError as error:
                patience = HURRY_SECONDS if self._closed.is_set() else PATIENCE_SECONDS
                if not _is_busy(error) or time.monotonic() - begun > patience:
                    raise
            if not told:
                told = True
                _log.warning("Waits for the library, which another program holds.")
            self._closed.wait(_PAUSE_SECONDS)  # readers get their turn

    def _try(self, engine: Engine, work: Callable[[Connection], T]) -> T:
        """Run one piece of work in a transaction, which is over afterwards, however it went."""
        riders = tuple(self._riders)
        try:
            connection = self._connected(engine)
            with connection.begin():
                for rider in riders:
                    rider(connection)
                value = work(connection)
        except exc.DBAPIError as error:
            # A commit that was refused leaves its transaction open, with its lock on the library.
            self._disconnect()
            if not _is_busy(error):
                self._drop(riders)
            raise
        self._drop(riders)
        return value

    def _drop(self, riders: Sized) -> None:
        for _ in range(len(riders)):
            self._riders.popleft()

    def _connected(self, engine: Engine) -> Connection:
        if self._connection is None:
            self._connection = engine.connect()
            driver = self._connection.connection.driver_connection
            assert driver is not None
            driver.execute(f"PRAGMA busy_timeout = {TRY_SECONDS * 1000:.0f}")
            driver.execute(f"PRAGMA journal_size_limit = {JOURNAL_BYTES}")
        return self._connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()
            connection.close()


def _is_busy(error: exc.DBAPIError) -> bool:
    text = str(error.orig)
    return isinstance(error, exc.OperationalError) and ("locked" in text or "busy" in text)


def _nothing(_connection: Connection) -> None:
    """Begin and end a transaction, for those that ride along."""
