"""Records of watched folders: what the user asked for, and what is known of each file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from core.events import WatchState
from core.library.ids import JobId, WatchRuleId
from core.library.records import FileStat
from core.recipe import Recipe


class Recursion(StrEnum):
    """What is done with subfolders of a watched folder."""

    SKIP = "skip"
    MIRROR = "mirror"
    """Watched too; results lie in the same subfolders of the output folder."""
    FLATTEN = "flatten"
    """Watched too; all results lie in the output folder itself."""


class Existing(StrEnum):
    """What is done with photographs that were there before the folder was watched."""

    NEW_ONLY = "new-only"
    ALL = "all"


class WatchSettings(BaseModel):
    """What the user asked for. `recipe.output.folder` is set; `folder` has no symbolic link.

    `settle`: seconds of quiet. `folder_recipes`: a `recipe.toml` in a folder counts for what lies
    in it and below. `attended`: watched only while its own command runs. `marker`: the name of a
    hidden file in the folder that tells the drive from its empty place; "" where none is needed.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    folder: Path
    recipe: Recipe
    strengths: tuple[float, ...] = ()
    patterns: tuple[str, ...] = ()
    recursion: Recursion = Recursion.SKIP
    existing: Existing = Existing.NEW_ONLY
    settle: Annotated[float, Field(ge=0, le=3600)] = 5.0
    use_polling: bool = False
    folder_recipes: bool = False
    attended: bool = False
    on_done: str = ""
    project: str = ""
    marker: str = ""
    stamp: int = 0
    """Raised with each change, so that whoever watches begins anew."""

    @property
    def project_name(self) -> str:
        """The project whose photographs they become: the one given, or one named as the folder."""
        return self.project or " ".join(self.folder.name.split()) or str(self.folder)

    @property
    def output(self) -> Path:
        """The output folder."""
        folder = self.recipe.output.folder
        if folder is None:
            raise ValueError("a watch rule has an output folder")
        return folder

    def to_text(self) -> str:
        """Return the settings as JSON; paths in no encoding are escaped."""
        return json.dumps(self.model_dump(mode="json"))


@dataclass(frozen=True, slots=True)
class WatchRule:
    """A watched folder as it stands in the library. `scanned`, `created`: since the epoch."""

    id: WatchRuleId
    settings: WatchSettings
    paused: bool = False
    job: JobId | None = None
    state: WatchState = WatchState.STARTING
    message: str = ""
    hint: str = ""
    scanned: float | None = None
    created: float = 0.0

    @property
    def folder(self) -> Path:
        """The watched folder."""
        return self.settings.folder


class FileKind(StrEnum):
    """What was settled about a file in a watched folder."""

    KNOWN = "known"
    """It was there before the folder was watched and is left alone until it changes."""
    TAKEN = "taken"
    """It is in a batch."""
    OWN_OUTPUT = "own_output"
    """Regrain made it."""
    LEFT_OUT = "left_out"
    """It is no photograph by rule: camera raw, an animation, a folder with a picture's name."""
    AGAIN = "again"
    """It is to be taken again, changed or not."""

    @property
    def settled(self) -> bool:
        """Whether a file of this kind that did not change is left alone."""
        # What was left out may be a photograph by now, with the extra for camera raw installed.
        return self not in (FileKind.AGAIN, FileKind.LEFT_OUT)


@dataclass(frozen=True, slots=True)
class Mark:
    """A file when it was settled what it is; `sha256` None: its bytes were not read."""

    stat: FileStat
    kind: FileKind
    sha256: str | None = None
    gone: float | None = None

    def same_file(self, found: FileStat, *, inodes: bool) -> bool:
        """Return whether `found` is surely that file, unchanged.

        By size and time, and by inode where `inodes` keep; the device's number changes with each
        mount, ctime with each backup by hard links.
        """
        if (found.size, found.mtime_ns) != (self.stat.size, self.stat.mtime_ns):
            return False
        return not inodes or found.device != self.stat.device or found.inode == self.stat.inode

    def as_found(self, stat: FileStat) -> Mark:
        """Return the same mark for a file whose bytes are the same, by its new stat."""
        return replace(self, stat=stat, gone=None)


@dataclass(frozen=True, slots=True)
class Taken:
    """Photographs joined a batch; `new`: the batch is a new one."""

    job: JobId
    photographs: int
    new: bool


Counts = Mapping[FileKind, int]
