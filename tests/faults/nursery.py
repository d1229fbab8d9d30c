"""Processes that are forked from one that has imported everything: a start costs milliseconds.

It forks what it is asked for on the socket whose descriptor is its only argument.
They are processes like any other, with their own memory, files, threads and signals; only the
second that the imports take is not spent on each of hundreds of kills.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import functools
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.fakes import FAKE_RENDER_COMMAND

_WARM = (
    "core.cli.main",
    "core.cli.run",
    "core.cli.batch",
    "core.cli.drive",
    "core.cli.attend",
    "core.cli.service_status",
    "core.watch.service",
    "tests.faults.driver",
)
_ROOT = Path(__file__).resolve().parents[2]
_START = """
import sys
sys.path.append(sys.argv.pop(1))  # at the end: an installed wheel is what the tests see
from tests.faults.nursery import main
main()
"""
_MESSAGE = 1 << 20
_ASKING = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
_PR_SET_PTRACER = 0x59616D61


class Forked:
    """A process of the nursery, with what the tests use of subprocess.Popen.

    Args:
        main: `module:function`; what it returns is the exit code.
        arguments: of the command line.
        held: it waits for `let_go` before it runs; strace may be attached meanwhile.
    """

    def __init__(
        self,
        main: str,
        arguments: Sequence[str],
        *,
        folder: Path | None = None,
        environment: dict[str, str] | None = None,
        held: bool = False,
    ) -> None:
        self.returncode: int | None = None
        out, self._out = os.pipe()
        err, self._err = os.pipe()
        gate, self._gate = os.pipe()
        wish = {
            "main": main,
            "arguments": list(arguments),
            "folder": str(folder or Path.cwd()),
            "environment": dict(os.environ) | (environment or {}),
        }
        self.pid: int = _nursery().ask(wish, self._out, self._err, gate)["pid"]
        self._handle = os.pidfd_open(self.pid)
        for descriptor in (self._out, self._err, gate):
            os.close(descriptor)
        self.stdout = os.fdopen(out, "rb", buffering=0)
        self.stderr = os.fdopen(err, "rb", buffering=0)
        if not held:
            self.let_go()

    def let_go(self) -> None:
        """Let it begin."""
        if self._gate >= 0:
            os.close(self._gate)
            self._gate = -1

    def send_signal(self, number: signal.Signals) -> None:
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def poll(self) -> int | None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.wait(0)
        return None

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            if not select.select([self._handle], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0.0)
            answer = _nursery().ask({"reap": self.pid})
            self.returncode = os.waitstatus_to_exitcode(answer["status"])
            os.close(self._handle)
        return self.returncode

    def close(self) -> None:
        """End it, and leave nothing open."""
        self.let_go()
        self.kill()
        self.wait()
        self.stdout.close()
        self.stderr.close()


class Nursery:
    """The process that forks; it ends when its socket is closed, and all it forked with it."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _MESSAGE)
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", _START, str(_ROOT), str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            start_new_session=True,
        )
        theirs.close()
        atexit.register(self.close)

    def ask(self, wish: dict[str, Any], *descriptors: int) -> dict[str, int]:
        """Hand a wish over, with descriptors that it is about; return the answer."""
        socket.send_fds(self._socket, [json.dumps(wish).encode()], descriptors)
        answer: dict[str, int] = json.loads(self._socket.recv(_MESSAGE))
        return answer

    def close(self) -> None:
        self._socket.close()
        self._process.wait()


@functools.cache
def _nursery() -> Nursery:
    return Nursery()


def _serve(asking: socket.socket) -> None:
    while True:
        data, descriptors, _, _ = socket.recv_fds(asking, _MESSAGE, 3)
        if not data:
            return
        wish = json.loads(data)
        if "reap" in wish:
            answer = {"status": os.waitpid(wish["reap"], 0)[1]}
        else:
            answer = {"pid": os.fork()}
            if answer["pid"] == 0:
                asking.close()
                _become(wish, *descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        asking.send(json.dumps(answer).encode())


def _become(wish: dict[str, Any], out: int, err: int, gate: int) -> None:
    """Be the process that was asked for, to its end."""
    code: object = 70
    try:
        os.dup2(out, 1)
        os.dup2(err, 2)
        _end_with_nursery()
        os.read(gate, 1)
        for descriptor in (out, err, gate):
            os.close(descriptor)
        os.chdir(wish["folder"])
        os.environ.clear()
        os.environ.update(wish["environment"])
        sys.argv = [wish["main"], *wish["arguments"]]
        module, function = wish["main"].split(":")
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _ASKING)
        code = getattr(importlib.import_module(module), function)()
    except SystemExit as leaving:
        code = leaving.code
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 70)


def _end_with_nursery() -> None:
    """Die with the nursery, and let whoever likes trace this process."""
    library = ctypes.CDLL(None)
    library.prctl(1, signal.SIGKILL)
    library.prctl(_PR_SET_PTRACER, ctypes.c_ulong(-1 & 0xFFFFFFFFFFFFFFFF))


def _fake_rendering() -> None:
    """Let the command line start the render process without torch; before its modules load."""
    from core import services

    real = services.open_services

    def open_services(
        library: Path | None = None, program: services.RenderProgram | None = None
    ) -> services.Services:
        fake = services.RenderProgram(FAKE_RENDER_COMMAND, None)
        return real(library, program or fake)

    services.open_services = open_services


def main() -> None:
    # Not before the forked one has begun: Python drops what is raised in the middle of a fork.
    signal.pthread_sigmask(signal.SIG_BLOCK, _ASKING)
    _fake_rendering()
    for name in _WARM:
        importlib.import_module(name)
    _serve(socket.socket(fileno=int(sys.argv[1])))
