"""Nothing leaves the computer: photographs are edited without a network, and none is asked for.

Every Python process writes down which kinds of socket it opens; where the system lets us, the
whole family of processes also runs without a network and under strace, which no library escapes.
"""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests.core.cli.commands import LAUNCHER, photograph
from tests.fakes import fake_environment
from tests.faults.table import Tally

REAL = "import sys; from core.cli.main import main; sys.exit(main())"
PROBE = "import socket; socket.socket(socket.AF_INET).close()"
NAMES = {f"{number}.png" for number in range(5)}

HOOK = textwrap.dedent(
    """
    import os, sys
    def hear(event, arguments, log=os.environ["SOCKET_LOG"]):
        if event == "socket.__new__":
            said = f"socket {int(arguments[1])}"
        elif event.startswith(("socket.connect", "socket.getaddrinfo", "socket.gethost")):
            said = event
        else:
            return
        with open(log, "a") as file:
            file.write(said + "\\n")
    with open(os.environ["SOCKET_LOG"], "a") as file:
        file.write("listening\\n")
    sys.addaudithook(hear)
    """
)
"""Run as `sitecustomize` by every Python process of the command."""

INTERNET = re.compile(r"^socket (?:2|10|23|30)$|^socket\.getaddrinfo|^socket\.gethost")
TRACED = re.compile(r"\bsocket\(AF_INET6?\b|sa_family=AF_INET6?\b")


@functools.cache
def prefix() -> tuple[str, ...]:
    """Return the words that take a command's network away; none where that is not allowed."""
    for words in (("unshare", "-n"), ("unshare", "-r", "-n")):
        if shutil.which("unshare") and _works((*words, "true")):
            return words
    return ()


@functools.cache
def has_strace() -> bool:
    return shutil.which("strace") is not None and _works(("strace", "-o", os.devnull, "true"))


def _works(command: tuple[str, ...]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@dataclass
class Isolated:
    """Starts Python in `folder`, without a network where that can be, and says what it opened."""

    folder: Path

    def __post_init__(self) -> None:
        site = self.folder / "site"
        site.mkdir()
        (site / "sitecustomize.py").write_text(HOOK, encoding="utf-8")
        self.log, self.trace = self.folder / "sockets", self.folder / "trace"

    @contextmanager
    def start(self, code: str, *words: str) -> Iterator[subprocess.Popen[str]]:
        own = fake_environment() | {"SOCKET_LOG": str(self.log)}
        own["PYTHONPATH"] = os.pathsep.join((str(self.folder / "site"), own["PYTHONPATH"]))
        watched = ("strace", "-f", "-qq", "--seccomp-bpf", "-e", "trace=socket,connect,sendto")
        strace = (*watched, "-o", str(self.trace)) if has_strace() else ()
        process = subprocess.Popen(
            (*prefix(), *strace, sys.executable, "-c", code, *words),
            cwd=self.folder,
            env=os.environ | own,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        try:
            yield process
        finally:
            # Whoever is traced would live on when only strace is killed.
            for one in reversed(_family(process)):
                one.kill()
            process.communicate()

    def finish(self, code: str, *words: str, timeout: float = 180) -> str:
        """Run a command to its end; return what it printed."""
        with self.start(code, *words) as process:
            out, err = process.communicate(timeout=timeout)
        assert process.returncode == 0, err
        return out

    def opened(self) -> list[str]:
        """Return every attempt at the internet, as Python or as the kernel saw it."""
        heard = self.log.read_text(encoding="utf-8").splitlines()
        assert "listening" in heard
        found = [line for line in heard if INTERNET.match(line)]
        if self.trace.exists():
            traced = self.trace.read_text(encoding="utf-8", errors="replace").splitlines()
            found += [line for line in traced if TRACED.search(line)]
        return found

    @property
    def processes(self) -> int:
        """How many Python processes there were."""
        return self.log.read_text(encoding="utf-8").splitlines().count("listening")


@pytest.fixture
def isolated(tmp_path: Path) -> Isolated:
    return Isolated(tmp_path)


def photographs(folder: Path, size: tuple[int, int] = (48, 32)) -> Path:
    for number in range(5):
        photograph(folder / f"{number}.png", number, size)
    return folder


def made(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_the_alarm_rings(isolated: Isolated) -> None:
    """Or the tests below would prove nothing."""
    isolated.finish(PROBE)
    assert len(isolated.opened()) == (2 if has_strace() else 1)


def test_the_render_process_refuses_every_way_out(tmp_path: Path, tally: Tally) -> None:
    """Whatever a library that it loads should like to report or to fetch."""
    code = textwrap.dedent(
        """
        import socket, threading, urllib.request
        from core.engine.offline import refuse_network
        refuse_network()
        udp = lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        ways = (
            lambda: socket.create_connection(("192.0.2.1", 80), 1),
            lambda: socket.socket().connect(("192.0.2.1", 80)),
            lambda: socket.socket().connect_ex(("192.0.2.1", 80)),
            lambda: udp().sendto(b"x", ("192.0.2.1", 9)),
            lambda: udp().sendmsg([b"x"], [], 0, ("192.0.2.1", 9)),
            lambda: socket.getaddrinfo("example.org", 80),
            lambda: socket.gethostbyname("example.org"),
            lambda: urllib.request.urlopen("http://example.org/", timeout=1),
        )
        for number, way in enumerate(ways):
            try:
                way()
            except OSError as error:
                assert "uses no network" in str(error), (number, error)
            else:
                raise AssertionError(number)
        a, b = socket.socketpair()
        a.send(b"still here")
        with socket.create_server(("127.0.0.1", 0)) as server:
            socket.create_connection(server.getsockname(), 5).close()
        print(len(ways))
        """
    )
    command = (sys.executable, "-W", "ignore", "-c", code)
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    tally(53, "a way out of the computer, tried in the render process", int(done.stdout))


def test_run_opens_no_socket_to_anywhere(isolated: Isolated, tmp_path: Path, tally: Tally) -> None:
    photographs(tmp_path / "trip")
    isolated.finish(LAUNCHER, "run", "trip", "-o", "out")
    tally(53, "regrain run of five photographs without a network", 1, len(isolated.opened()))
    assert not isolated.opened()
    assert made(tmp_path / "out") == NAMES
    assert isolated.processes >= 2, "the render process was heard too"


def test_watch_opens_no_socket_to_anywhere(
    isolated: Isolated, tmp_path: Path, tally: Tally
) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    words = ("watch", "inbox", "-o", "out", "--settle", "0.2", "--json")
    with isolated.start(LAUNCHER, *words) as command:
        assert command.stdout is not None
        done = 0
        for text in command.stdout:
            line = json.loads(text)
            if line["event"] == "watch_state" and line["state"] == "watching" and not made(inbox):
                photographs(inbox)
            done += line["event"] == "item_done"
            if done == len(NAMES):
                break
        _stop(command)
        command.communicate(timeout=60)
    tally(53, "regrain watch of five photographs without a network", 1, len(isolated.opened()))
    assert not isolated.opened()
    assert made(tmp_path / "out") == NAMES


def _family(command: subprocess.Popen[str]) -> list[psutil.Process]:
    """Return the process and all below it; none when it has ended."""
    if command.poll() is not None:
        return []
    first = psutil.Process(command.pid)
    return [first, *first.children(recursive=True)]


def _stop(command: subprocess.Popen[str]) -> None:
    """End the command as Ctrl-C does, whatever it was started through."""
    names = ("strace", "unshare")
    (own,) = [
        one for one in _family(command) if "watch" in one.cmdline() and one.name() not in names
    ]
    own.send_signal(signal.SIGINT)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_builtin_model_opens_no_socket_to_anywhere(
    isolated: Isolated, tmp_path: Path, tally: Tally
) -> None:
    """With torch and diffusers loaded, which know how to ask the internet for files."""
    photographs(tmp_path / "trip", (160, 120))
    isolated.finish(REAL, "run", "trip", "-o", "out", timeout=500)
    tally(53, "the built-in model without a network", 1, len(isolated.opened()))
    assert not isolated.opened()
    assert made(tmp_path / "out") == NAMES
