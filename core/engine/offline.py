"""The render process has no business with any network: what a library tries there is refused."""

from __future__ import annotations

import socket
import sys
from typing import Any

_WATCHED = ("socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo")
_OWN = frozenset({"127.0.0.1", "::1", "localhost"})


def refuse_network() -> None:
    """Let every connection to another computer fail from now on, in this process."""
    # urllib3 opens a socket when it is imported, only to see whether this computer has IPv6.
    socket.has_ipv6 = False
    sys.addaudithook(_refuse)


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    """Hear what the interpreter is about to do.

    Raises:
        PermissionError: it leads out of this computer.
    """
    if event not in _WATCHED and not event.startswith("socket.gethost"):
        return
    for address in arguments:
        host = address[0] if isinstance(address, tuple) and address else None
        if event.startswith("socket.get"):
            host = arguments[0]
        if isinstance(host, str | bytes) and _name(host) not in _OWN:
            raise PermissionError(f"the render process uses no network ({_name(host)})")


def _name(host: str | bytes) -> str:
    return host.decode("ascii", "replace") if isinstance(host, bytes) else host
