"""Frozen records of a project's photographs: what the window's grid, viewer and sidebar show."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from core.errors import Reason
from core.library.ids import ItemId, JobId, PhotoId, ProjectId
from core.library.records import ItemStatus


class Decision(StrEnum):
    """What the user said of a result."""

    UNDECIDED = "undecided"
    KEEP = "keep"
    REJECT = "reject"


class SortBy(StrEnum):
    """Orders of the photo grid."""

    NAME = "name"
    ADDED = "added"
    SIZE = "size"
    CHANGED = "changed"
    RATING = "rating"
    STATUS = "status"


class Shown(StrEnum):
    """What the grid is narrowed to, by the state of the photograph's latest edit."""

    ALL = "all"
    NEW = "new"
    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"
    LEFT_OUT = "left_out"
    KEPT = "kept"
    REJECTED = "rejected"
    UNDECIDED = "undecided"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class PhotoQuery:
    """Which photographs of a project, in which order.

    `text` is searched in file and folder names, in any case; `folder` keeps what lies in it or
    below; `job` keeps what one batch holds; `min_rating` what has at least so many stars.
    """

    project: ProjectId
    text: str = ""
    folder: Path | None = None
    job: JobId | None = None
    shown: Shown = Shown.ALL
    min_rating: int = 0
    sort: SortBy = SortBy.NAME
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Photo:
    """A photograph of a project, and what came of its latest edit.

    Sizes in pixels and bytes are 0 until they are known; `modified_ns` and `bytes` name the state
    of the file that was looked at. `base` is the folder that was added when the photograph was
    found in it (ScannedFile.base; stored by Photos.add), None for a loose picture: where results go
    by default and what is mirrored follow from it. `item` None: never given to a batch.
    `own_recipe`: it has a recipe of its own instead of the project's. `output`: the result that
    stands, of the latest edit or, while that has none, of an earlier one.
    """

    id: PhotoId
    project: ProjectId
    path: Path
    added: float
    base: Path | None = None
    rating: int = 0
    width: int = 0
    height: int = 0
    bytes: int = 0
    modified_ns: int = 0
    missing: bool = False
    own_recipe: bool = False
    item: ItemId | None = None
    job: JobId | None = None
    status: ItemStatus | None = None
    output: Path | None = None
    decision: Decision = Decision.UNDECIDED
    strength: float | None = None
    versions: int = 0
    reason: Reason | None = None
    message: str = ""
    hint: str = ""
    note: str = ""
    unchanged: bool = False
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What was found of a file on the disk, to be remembered with its photographs."""

    path: Path
    missing: bool
    width: int = 0
    height: int = 0
    bytes: int = 0
    modified_ns: int = 0


@dataclass(frozen=True, slots=True)
class Source:
    """A folder of a project with the number of its photographs, those below it included."""

    folder: Path
    photographs: int
    missing: int = 0


@dataclass(frozen=True, slots=True)
class Added:
    """What came of adding files: new photographs, and how many were there already."""

    photos: tuple[PhotoId, ...] = field(default=())
    already: int = 0


@dataclass(frozen=True, slots=True)
class Relocated:
    """What came of pointing photographs to a folder's new place."""

    found: int
    still_missing: int


@dataclass(frozen=True, slots=True)
class Version:
    """An earlier result of a photograph, kept when it was redone. `path` is where it is kept."""

    id: int
    photo: PhotoId
    path: Path
    created: float
    note: str = ""
    recipe_json: str = ""
