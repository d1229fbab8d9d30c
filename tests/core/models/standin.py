"""A hub of our own on this computer: what huggingface_hub asks for, and no more."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

REVISION = "0123456789abcdef0123456789abcdef01234567"
_PIECE = 1 << 16


class StandIn(ThreadingHTTPServer):
    """Serves repositories that are folders; notes what was asked.

    Attributes:
        repos: folder of each repository, by its name.
        gated: repositories whose files need an account.
        asked: method, path and range of every request.
        pause_at: after so many bytes of one large file the rest waits for `go_on`.
        wrong: files of which other bytes are sent than are listed.
    """

    daemon_threads = True

    def __init__(self, repos: dict[str, Path]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.repos = repos
        self.gated: set[str] = set()
        self.wrong: set[str] = set()
        self.asked: list[tuple[str, str, str]] = []
        self.pause_at: int | None = None
        self.go_on = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def files(self) -> list[str]:
        """Return the files whose bytes were asked for."""
        return [
            path.split(f"/{REVISION}/")[-1] for method, path, _ in self.asked if "GET" in method
        ]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients are killed on purpose."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: StandIn

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def _answer(self, *, body: bool) -> None:
        path = self.path.partition("?")[0]
        where = "API" if path.startswith("/api/") else self.command
        self.server.asked.append((where, path, self.headers.get("Range", "")))
        if path.startswith("/api/models/"):
            self._tell(path.removeprefix("/api/models/"))
            return
        repo, _, name = path[1:].partition(f"/resolve/{REVISION}/")
        if repo in self.server.gated:
            self._refuse(403, {"X-Error-Code": "GatedRepo"})
            return
        file = self.server.repos.get(repo, Path("/nowhere")) / name
        if file.is_file():
            self._send(file, name, body=body)
        else:
            self._refuse(404, {"X-Error-Code": "EntryNotFound"})

    def _tell(self, repo: str) -> None:
        repo = repo.partition("/revision/")[0]
        folder = self.server.repos.get(repo)
        if folder is None:
            self._refuse(404, {"X-Error-Code": "RepoNotFound"})
            return
        values = {
            "id": repo,
            "sha": REVISION,
            "gated": "auto" if repo in self.server.gated else False,
            "cardData": {"license": "openrail"},
            "siblings": [
                _listed(folder, path) for path in sorted(folder.rglob("*")) if path.is_file()
            ],
        }
        self._write(200, json.dumps(values).encode(), {"Content-Type": "application/json"})

    def _send(self, file: Path, name: str, *, body: bool) -> None:
        data = file.read_bytes()
        headers = {
            "ETag": f'"{_sha256(data)}"',
            "X-Repo-Commit": REVISION,
            "Accept-Ranges": "bytes",
        }
        if name in self.server.wrong:
            data = bytes(len(data))
        asked = self.headers.get("Range")
        start = int(asked.removeprefix("bytes=").partition("-")[0]) if asked else 0
        if asked:
            headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        self._write(206 if asked else 200, data[start:], headers, body=body)

    def _refuse(self, status: int, headers: dict[str, str]) -> None:
        self._write(status, b"{}", headers)

    def _write(
        self, status: int, data: bytes, headers: dict[str, str], *, body: bool = True
    ) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        if not body or self.command == "HEAD":
            return
        limit = self.server.pause_at
        if limit is not None and len(data) > limit:
            self.wfile.write(data[:limit])
            self.server.go_on.wait(60)
            data = data[limit:]
        for begin in range(0, len(data), _PIECE):
            self.wfile.write(data[begin : begin + _PIECE])


def _listed(folder: Path, path: Path) -> dict[str, Any]:
    data = path.read_bytes()
    entry: dict[str, Any] = {"rfilename": path.relative_to(folder).as_posix(), "size": len(data)}
    if path.suffix == ".safetensors":
        entry["lfs"] = {"sha256": _sha256(data), "size": len(data), "pointerSize": 134}
    return entry


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@contextmanager
def serving(repos: dict[str, Path]) -> Iterator[StandIn]:
    """Serve repositories until the end of the block."""
    server = StandIn(repos)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.go_on.set()
        server.shutdown()
        server.server_close()
        thread.join()
