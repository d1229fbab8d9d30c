"""A library with photographs and results in a temporary folder, for the tests beside this."""

from __future__ import annotations

import hashlib
import os
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from core.library.catalog import Catalog
from core.library.database import Database
from core.library.intake import job_request
from core.library.keys import result_key, settings_digest
from core.library.lock import RenderLock
from core.library.publisher import Publisher
from core.library.queue import JobQueue
from core.library.records import Claim, Enqueued, JobRequest, Rendered
from core.library.recovery import recover
from core.models.spec import Capabilities, ModelSpec
from core.outputs.fsops import FsOps
from core.recipe import EditSettings, Mode, OutputSettings, Recipe, SchedulerName
from core.scan import scan

SPEC = ModelSpec(
    id="builtin",
    name="Built-in",
    family="leaves",
    folder=Path("/nowhere"),
    capabilities=Capabilities(clean=True),
    native_size=64,
    size_multiple=8,
    schedulers=(SchedulerName.DDIM,),
)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def header(path: Path) -> tuple[int, int]:
    """Return the application id and version in a library's header."""
    with closing(sqlite3.connect(path)) as connection:
        (application_id,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    return application_id, version


def schema(connection: sqlite3.Connection) -> dict[str, list[str]]:
    """Return what each name is made of; a table's columns and constraints in any order."""
    rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    return {name: clauses(on_one_line(sql)) for name, sql in rows}


def on_one_line(sql: str) -> str:
    """Return a statement with one blank between its words and parentheses."""
    return re.sub(r"\s*([()])\s*", r" \1 ", re.sub(r"[\s\"]+", " ", sql))


def clauses(sql: str) -> list[str]:
    """Split a statement at the commas of its outer parentheses: columns that were added later
    stand after the constraints."""
    head, _, body = sql.partition("(")
    if not head.startswith("CREATE TABLE"):
        return [sql]
    found, depth = [""], 1
    for character in body:
        depth += (character == "(") - (character == ")")
        if depth == 1 and character == ",":
            found.append("")
        elif depth:
            found[-1] += character
        else:
            break
    return [head.strip(), *sorted(clause.strip() for clause in found)]


@dataclass
class Bench:
    """Everything that a runner has, and `render`, which stands for the render process."""

    folder: Path
    fs: FsOps = field(default_factory=FsOps)
    queue_type: Callable[[Database], JobQueue] = JobQueue
    publisher_type: Callable[[JobQueue, Catalog, FsOps], Publisher] = Publisher

    def __post_init__(self) -> None:
        self.trip = self.folder / "trip"
        self.out = self.folder / "out"
        self.trip.mkdir(exist_ok=True)
        self.open()

    def open(self) -> None:
        """Open the library as a new process would."""
        self.database = Database(self.folder / "library.db")
        self.queue = self.queue_type(self.database)
        self.catalog = Catalog(self.database)
        self.publisher = self.publisher_type(self.queue, self.catalog, self.fs)
        self.lock = RenderLock(self.folder / "render.lock")

    def close(self) -> None:
        self.lock.release()
        self.database.close()

    def photo(self, name: str, content: bytes | None = None) -> Path:
        path = self.trip / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if content is not None else b"photo " + os.fsencode(name))
        return path

    def recipe(self, strength: float = 0.3, **output: object) -> Recipe:
        values: dict[str, object] = {"folder": self.out} | output
        return Recipe(
            edit=EditSettings(mode=Mode.REPAINT, strength=strength),
            output=OutputSettings.model_validate(values),
        )

    def request(self, recipe: Recipe | None = None, **options: object) -> JobRequest:
        wanted = recipe or self.recipe()
        inputs = [self.trip]
        found = scan(inputs, exclude=[self.out], take_raw=False)
        return job_request(
            found,
            wanted,
            SPEC,
            self.catalog,
            inputs=inputs,
            pictures=self.folder,
            **options,  # type: ignore[arg-type]
        )

    def enqueue(self, recipe: Recipe | None = None, **options: object) -> Enqueued:
        return self.queue.enqueue(self.request(recipe, **options))

    def key(self, claim: Claim) -> str:
        source = self.catalog.hash_file(claim.source).sha256
        return result_key(source, settings_digest(claim.edit, claim.output, SPEC))

    def render(self, claim: Claim, extra: bytes = b"") -> Rendered:
        """Write the temporary file as the render process would."""
        temp = self.publisher.prepare(claim)
        source = claim.source.read_bytes()
        data = b"edited at %g: " % claim.edit.strength + extra + source
        with temp.open("xb") as file:  # as the render process does: nothing may lie there
            file.write(data)
        return Rendered(
            temp=temp,
            sha256=sha256(data),
            size=len(data),
            key=self.key(claim),
            source_sha256=sha256(source),
            seconds=0.5,
            note="6 of 20 steps",
        )

    def work(self, limit: int = 100) -> int:
        """Do all that waits, as a runner does; return how many were rendered."""
        count = 0
        while claims := self.queue.claim("run", limit):
            for claim in claims:
                found = self.catalog.find_standing(self.key(claim), claim.source, claim.planned)
                if found is not None and not claim.again:
                    self.queue.already_done(claim.item, claim.attempt, found.path)
                    continue
                self.publisher.publish(claim, self.render(claim))
                count += 1
        return count

    def recover(self):  # type: ignore[no-untyped-def]
        assert self.lock.acquire()
        return recover(self.publisher, self.lock)

    def names(self, folder: Path | None = None) -> list[str]:
        where = folder or self.out
        return sorted(path.name for path in where.iterdir()) if where.is_dir() else []
