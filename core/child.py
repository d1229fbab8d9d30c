"""A child process with a channel: started, listened to, ended, and its death explained."""

from __future__ import annotations

import collections
import contextlib
import importlib.util
import os
import queue
import signal
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, TypeAdapter

from core.channel import PARENT_VARIABLE, Channel, ChannelClosed, ProtocolError, encode
from core.oom import OomWitness

Incoming = TypeVar("Incoming")

_STDERR_KEPT = 1 << 16
_EXIT_GRACE = 2.0


@dataclass(frozen=True, slots=True)
class Death:
    """How a child ended. `returncode` is minus the signal's number, as in subprocess.

    `asked`: we ended it. `oom_killed`: the kernel did, for want of memory. `broken`: what it said
    made no sense, or it stopped listening, so we had to. `stderr`: the end of what it wrote there.
    """

    returncode: int
    asked: bool = False
    broken: bool = False
    oom_killed: bool = False
    stderr: str = ""

    @property
    def native(self) -> bool:
        """Whether it broke by itself: a crash in native code, an abort, an exit nobody asked for.

        A SIGKILL, SIGTERM or SIGHUP comes from outside and says nothing about the work.
        """
        outside = {-signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT, -signal.SIGHUP}
        ended = self.asked or self.oom_killed or self.returncode in outside
        return self.broken or not ended

    def describe(self) -> str:
        """Say it in a few words: `ended by SIGSEGV`, `ended with code 1`."""
        if self.oom_killed:
            return "ended by the system for want of memory"
        if self.returncode >= 0:
            return f"ended with code {self.returncode}"
        with contextlib.suppress(ValueError):
            return f"ended by {signal.Signals(-self.returncode).name}"
        return f"ended by signal {-self.returncode}"


@dataclass(frozen=True, slots=True)
class Frame(Generic[Incoming]):
    """A message and the bytes that came with it."""

    message: Incoming
    tail: bytes = b""


class Child(Generic[Incoming]):
    """A running child. Its frames come in order, then exactly one Death.

    Args:
        command: program and arguments; see `python_command`.
        incoming: checks what the child says.
        environment: added to this process' own.
        bell: called, on another thread, whenever there is something to receive.

    Raises:
        OSError: the program cannot be started.
    """

    def __init__(
        self,
        command: Sequence[str],
        incoming: TypeAdapter[Incoming],
        environment: Mapping[str, str] | None = None,
        bell: Callable[[], object] = lambda: None,
    ) -> None:
        self._bell = bell
        self._inbox: queue.SimpleQueue[Frame[Incoming] | Death | None] = queue.SimpleQueue()
        self._outbox: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._stderr: collections.deque[bytes] = collections.deque()
        self._asked = False
        self._broken = False
        self._dead = threading.Event()
        started: Future[subprocess.Popen[bytes]] = Future()
        arguments = (list(command), child_environment(environment), incoming, started)
        _thread(self._live, *arguments)
        self._process = started.result()

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it has not ended yet."""
        return not self._dead.is_set()

    def send(self, message: BaseModel, tail: bytes = b"") -> None:
        """Send a message, without waiting for the child to take it.

        To a child that is dead it goes nowhere; its Death tells.
        """
        self._outbox.put(encode(message, tail))

    def receive(self, timeout: float) -> Frame[Incoming] | Death | None:
        """Return what comes next, or None: nothing came within `timeout` seconds, or a poke."""
        try:
            return self._inbox.get(timeout=timeout) if timeout > 0 else self._inbox.get_nowait()
        except queue.Empty:
            return None

    def poke(self) -> None:
        """Let `receive` come back at once, in whatever thread it waits."""
        self._put(None)

    def kill(self) -> None:
        """End it at once, as an ending that was asked for."""
        self._asked = True
        self._process.kill()

    def end(self, grace: float = _EXIT_GRACE) -> None:
        """Close its input, and when it has not ended after `grace` seconds, kill it."""
        self._asked = True
        self._outbox.put(None)
        if self._dead.wait(grace):
            return
        self._process.kill()
        self._dead.wait()

    def _live(
        self,
        command: list[str],
        environment: dict[str, str],
        incoming: TypeAdapter[Incoming],
        started: Future[subprocess.Popen[bytes]],
    ) -> None:
        """Start the child, read it until it ends, and tell how.

        One thread does both because Linux sends PR_SET_PDEATHSIG when the *thread* that started
        a child ends, not only when the process does.
        """
        try:
            witness = OomWitness()
            process, channel = _spawn(command, environment, incoming)
        except BaseException as error:
            started.set_exception(error)
            return
        drain = _thread(self._drain, process)
        _thread(self._write, channel)
        started.set_result(process)
        self._read_to_end(process, channel, witness)
        self._outbox.put(None)
        drain.join(timeout=0.5)
        self._put(self._explain(process, witness))
        self._dead.set()

    def _put(self, arrived: Frame[Incoming] | Death | None) -> None:
        self._inbox.put(arrived)
        self._bell()

    def _write(self, channel: Channel[Incoming]) -> None:
        """Send what is in the outbox; apart, so that a child that does not read blocks nobody."""
        with contextlib.suppress(ChannelClosed):
            while frame := self._outbox.get():
                channel.send_encoded(frame)
        channel.close_sending()

    def _read_to_end(
        self, process: subprocess.Popen[bytes], channel: Channel[Incoming], witness: OomWitness
    ) -> None:
        try:
            while True:
                self._put(Frame(*channel.receive_with_tail()))
                witness.tick()
        except ProtocolError as error:
            self._stderr.append(f"\n{error}\n".encode())
            self._put_down(process)
        except ChannelClosed:
            pass
        channel.close_receiving()
        try:
            process.wait(_EXIT_GRACE)
        except subprocess.TimeoutExpired:
            self._put_down(process)

    def _put_down(self, process: subprocess.Popen[bytes]) -> None:
        self._broken = not self._asked
        process.kill()

    def _explain(self, process: subprocess.Popen[bytes], witness: OomWitness) -> Death:
        returncode = process.wait()
        mine = self._asked or self._broken
        oom = returncode == -signal.SIGKILL and not mine and witness.struck()
        text = b"".join(self._stderr)[-_STDERR_KEPT:].decode("utf-8", errors="replace").strip()
        return Death(returncode, self._asked, self._broken, oom, text)

    def _drain(self, process: subprocess.Popen[bytes]) -> None:
        """Take what the child writes to stderr, so that it never blocks; keep the last of it."""
        assert process.stderr is not None
        kept = 0
        with process.stderr as stream:
            while chunk := stream.read(4096):
                self._stderr.append(chunk)
                kept += len(chunk)
                while kept - len(self._stderr[0]) > _STDERR_KEPT:
                    kept -= len(self._stderr.popleft())


def _thread(target: Callable[..., None], *arguments: object) -> threading.Thread:
    thread = threading.Thread(target=target, args=arguments, name="child", daemon=True)
    thread.start()
    return thread


def _spawn(
    command: list[str], environment: dict[str, str], incoming: TypeAdapter[Incoming]
) -> tuple[subprocess.Popen[bytes], Channel[Incoming]]:
    options: dict[str, Any] = {}
    if os.name == "posix":
        # Ctrl-C in a terminal goes to a whole process group; the parent decides what it means.
        options["process_group"] = 0
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        bufsize=0,
        close_fds=True,
        **options,
    )
    assert process.stdin is not None and process.stdout is not None
    with process.stdin as stdin, process.stdout as stdout:
        channel = Channel(os.dup(stdout.fileno()), os.dup(stdin.fileno()), incoming)
    return process, channel


def python_command(module: str) -> tuple[str, ...]:
    """Return the command that runs `module` with this interpreter.

    -P: the folder a user happens to be in must not be able to stand in for a module.
    """
    return (sys.executable, "-P", "-m", module)


def child_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment for a child: this one's, its parent's id, a way to these packages."""
    environment = dict(os.environ)
    root = _source_root()
    if root is not None:
        paths = [str(root), environment.get("PYTHONPATH", "")]
        environment["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
    environment[PARENT_VARIABLE] = str(os.getpid())
    return environment | dict(extra or {})


def _source_root() -> Path | None:
    """Return the folder that holds `core` when it is not installed: -P would not find it."""
    spec = importlib.util.find_spec("core")
    if spec is None or spec.origin is None:
        return None
    root = Path(spec.origin).resolve().parents[1]
    installed = {Path(sysconfig.get_path(name)).resolve() for name in ("purelib", "platlib")}
    return None if root in installed else root
