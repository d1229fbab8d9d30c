"""After a killed run: settle staged and running items from what is on disk; may be killed itself."""

from __future__ import annotations

from core.library.lock import RenderLock
from core.library.publisher import Publisher
from core.library.records import Recovered


def recover(publisher: Publisher, lock: RenderLock) -> Recovered:
    """Settle every staged and running item of dead runs; call it before the first claim.

    staged: the final file has the recorded hash -> done; else the temporary file has it ->
    published again; else waiting. running -> waiting, temporary file deleted. Items of canceled
    batches -> canceled, unless their result stands. `lock` must be held: whoever holds it knows
    that every other run is dead.
    """
    raise NotImplementedError
