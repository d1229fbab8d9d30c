"""Messages between a process and its child: length-prefixed JSON over two pipes, nothing pickled.

Parent: `core.child.Child` makes the pipes. Child:

    channel = Channel.from_stdio(TO_RENDER)  # fd 1 now points at stderr: a stray print is harmless
    channel.send(Hello(...))                 # from any thread
    while True:
        message = channel.receive()          # blocks; raises ChannelClosed when the parent is gone

A child whose main thread computes reads in a second thread and calls `end_with_parent` there, so
that it never outlives its parent by more than a moment.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import struct
import sys
import threading
from typing import Generic, Self, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

Incoming = TypeVar("Incoming")

MAX_MESSAGE = 32 << 20
MAX_TAIL = 256 << 20
PARENT_VARIABLE = "REGRAIN_PARENT_PID"

_HEADER = struct.Struct(">II")
_PR_SET_PDEATHSIG = 1
_OOM_SCORE = b"500"


class ChannelClosed(Exception):
    """The other side ended, or closed its end."""


class ProtocolError(Exception):
    """The other side sent what is no message; the stream cannot be trusted any more."""


class Channel(Generic[Incoming]):
    """One end of the two pipes; sending is safe from several threads, receiving from one.

    Args:
        reader: file descriptor to read from; owned from now on.
        writer: file descriptor to write to; owned from now on.
        incoming: checks what arrives (`TO_RENDER` in the child, `FROM_RENDER` in the parent).
    """

    def __init__(self, reader: int, writer: int, incoming: TypeAdapter[Incoming]) -> None:
        self._reader = os.fdopen(reader, "rb", buffering=1 << 16)
        self._writer = os.fdopen(writer, "wb", buffering=0)
        self._incoming = incoming
        self._sending = threading.Lock()

    @classmethod
    def from_stdio(cls, incoming: TypeAdapter[Incoming]) -> Self:
        """Make this process a child: take stdin and stdout away, die with the parent.

        Afterwards fd 0 is empty and fd 1 is stderr. SIGINT is ignored (Ctrl-C in a terminal is
        for the parent to judge), and under memory pressure the kernel prefers this process.
        """
        _bind_to_parent()
        reader, writer = os.dup(0), os.dup(1)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.close(null)
        os.dup2(2, 1)
        return cls(reader, writer, incoming)

    def send(self, message: BaseModel, tail: bytes = b"") -> None:
        """Send one message, and `tail` as raw bytes after it.

        Raises:
            ChannelClosed: the other side is gone.
        """
        self.send_encoded(encode(message, tail))

    def send_encoded(self, frame: bytes) -> None:
        """Send what `encode` made; raises ChannelClosed like `send`."""
        with self._sending:
            self._write(frame)

    def receive(self) -> Incoming:
        """Wait for the next message; errors as in `receive_with_tail`."""
        return self.receive_with_tail()[0]

    def receive_with_tail(self) -> tuple[Incoming, bytes]:
        """Wait for the next message and the bytes sent with it.

        Raises:
            ChannelClosed: the other side ended, even in the middle of a message.
            ProtocolError: what arrived is no message.
        """
        body_size, tail_size = _HEADER.unpack(self._read(_HEADER.size))
        if body_size > MAX_MESSAGE or tail_size > MAX_TAIL:
            raise ProtocolError(f"frame of {body_size} + {tail_size} bytes")
        body, tail = self._read(body_size), self._read(tail_size)
        try:
            return self._incoming.validate_python(json.loads(body)), tail
        except (ValidationError, ValueError, RecursionError) as error:
            raise ProtocolError(f"no message: {body[:200]!r}: {error}") from error

    def close_sending(self) -> None:
        """Tell the other side that nothing more comes: it reads end of file and ends."""
        with self._sending, contextlib.suppress(OSError):
            self._writer.close()

    def close_receiving(self) -> None:
        """Stop listening; only when no other thread is receiving."""
        with contextlib.suppress(OSError):
            self._reader.close()

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        try:
            while view:
                view = view[self._writer.write(view) :]
        except (OSError, ValueError) as error:
            raise ChannelClosed(str(error)) from error

    def _read(self, size: int) -> bytes:
        try:
            data = self._reader.read(size)
        except (OSError, ValueError) as error:
            raise ChannelClosed(str(error)) from error
        if len(data) < size:
            raise ChannelClosed("end of file")
        return data


def encode(message: BaseModel, tail: bytes = b"") -> bytes:
    """Return the bytes of one frame.

    Raises:
        ValueError: the message is longer than any message should be.
    """
    # Not model_dump_json: file names that are no UTF-8 travel as JSON escapes of surrogates.
    body = json.dumps(message.model_dump(mode="json"), separators=(",", ":")).encode("ascii")
    if len(body) > MAX_MESSAGE or len(tail) > MAX_TAIL:
        raise ValueError(f"message of {len(body)} + {len(tail)} bytes is too long")
    return _HEADER.pack(len(body), len(tail)) + body + tail


def end_with_parent() -> None:
    """End this child at once: its parent is gone, nothing it could still make would be used."""
    os._exit(0)


def _bind_to_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        _die_with_parent()
        _offer_to_oom_killer()


def _die_with_parent() -> None:
    import ctypes

    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    # The parent may have died before the request above: then nobody would send the signal.
    expected = os.environ.get(PARENT_VARIABLE, "")
    if expected.isdigit() and os.getppid() != int(expected) and not _alive(int(expected)):
        end_with_parent()


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _offer_to_oom_killer() -> None:
    """Let the kernel take this process first: it can be started again, its parent cannot."""
    with contextlib.suppress(OSError):
        file = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
        try:
            os.write(file, _OOM_SCORE)
        finally:
            os.close(file)
