"""Hearing what the interpreter looks up, imports and runs."""

from __future__ import annotations

import sys
from typing import Any

WATCHED = {"pickle.find_class", "os.system", "subprocess.Popen", "exec", "compile", "import"}


class Ear:
    """Hears what the interpreter is about to do; hooks stay for ever, so it can be switched."""

    def __init__(self) -> None:
        self.listening = False
        self.heard: list[tuple[str, str]] = []
        sys.addaudithook(self)

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.listening and event in WATCHED:
            self.heard.append((event, str(arguments)[:200]))
