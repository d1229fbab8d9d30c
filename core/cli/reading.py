"""How far a large model is read, said a tenth at a time."""

from __future__ import annotations

from core.cli.console import Console
from core.models.spec import Progress

_SAID_FROM_BYTES = 500_000_000
_STEPS = 10


def reading(console: Console) -> Progress:
    """Return what says, a tenth at a time, how far a model of some size is read."""
    said = 0

    def tell(done: int, total: int) -> None:
        nonlocal said
        tenth = done * _STEPS // max(total, 1)
        if total >= _SAID_FROM_BYTES and tenth > said:
            console.say(f"Reading: {tenth * 100 // _STEPS} % of {total / 1e9:.1f} GB")
        said = tenth

    return tell
