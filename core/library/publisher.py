"""From a finished temporary file to a recorded result: staged, renamed, synced, done."""

from __future__ import annotations

from core.library.catalog import Catalog
from core.library.queue import JobQueue
from core.library.records import Claim, Rendered, Result
from core.outputs.fsops import FsOps


class Publisher:
    """The parent side of the publish protocol."""

    def __init__(self, queue: JobQueue, catalog: Catalog, fs: FsOps | None = None) -> None:
        raise NotImplementedError

    def prepare(self, claim: Claim) -> Path:
        """Make the folder of the planned output; return the temporary file's path for Render.target.

        Raises:
            BatchStopped: the output root is gone (volume_missing), read-only, or the disk is full.
        """
        raise NotImplementedError

    def publish(self, claim: Claim, rendered: Rendered) -> Path:
        """Stage, rename without replacing, sync the folder, record done; return the final path.

        Regrain's own earlier result of the same source is replaced if its bytes are the recorded
        ones; a foreign or changed file is kept and ours takes the next free `-2` name (rename), or
        ours is dropped (skip), or it is replaced (overwrite).

        Raises:
            OutputWriteError: name_taken under skip; the temporary file is gone, the item is settled.
            BatchStopped: disk_full, read_only, volume_missing; the item is released, not failed.
            StaleClaim: the item is not ours any more; the temporary file is gone.
        """
        raise NotImplementedError

    def copy(self, claim: Claim, result: Result) -> Path:
        """Publish a copy of a standing result with the same key; returns and raises like `publish`."""
        raise NotImplementedError

    def discard(self, claim: Claim) -> None:
        """Delete the claim's temporary file, if there is one."""
        raise NotImplementedError
