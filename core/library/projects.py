"""The user's projects: named, put in order, archived, forgotten; never a file is touched."""

from __future__ import annotations

import json
import time
from typing import Any

from sqlalchemy import Connection, Select, delete, exists, func, insert, select, update

from core.errors import CoreError, LibraryError, SettingsError
from core.library.database import Database
from core.library.ids import ProjectId
from core.library.records import Project
from core.library.tables import OPEN_ROWS, item, job, photo, project, watch_rule
from core.library.views import recipe_of, recipe_text
from core.library.watched import WatchSettings
from core.outputs.template import name_key
from core.recipe import Recipe

DEFAULT_NAME = "My photographs"
COMMAND_LINE = ""
"""The name under which batches are filed that were given no project; not shown as one."""

_PHOTOGRAPHS = (
    select(func.count())
    .where(photo.c.project_id == project.c.id, photo.c.removed.is_(False))
    .scalar_subquery()
)


class Projects:
    """The projects of one library."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self, *, archived: bool | None = False) -> list[Project]:
        """Return the projects in their order: those in use, the archived ones, or (None) both."""
        query = _PROJECT.order_by(project.c.position, project.c.id)
        if archived is not None:
            query = query.where(project.c.archived.is_(archived))
        with self._database.read() as connection:
            return [_project(row) for row in connection.execute(query)]

    def get(self, which: ProjectId) -> Project:
        """Return one project. Raises LibraryError when it is not there any more."""
        with self._database.read() as connection:
            row = connection.execute(_PROJECT.where(project.c.id == which)).one_or_none()
        if row is None:
            raise _gone()
        return _project(row)

    def create(self, name: str) -> Project:
        """Make a project, after the others. Raises SettingsError: empty name, or one that is."""
        wanted = _checked(name)
        return Project(self._database.write(lambda c: _create(c, wanted)), wanted)

    def ensure(self, name: str) -> Project:
        """Return the project with exactly this name; made when there is none."""
        return self.get(self._database.write(lambda c: ensure_project(c, _checked(name))))

    def rename(self, which: ProjectId, name: str) -> Project:
        """Give a project another name; raises as `create` does, and LibraryError when it is gone.

        Returns the project as it was, for undo.
        """
        wanted, before = _checked(name), self.get(which)

        def work(connection: Connection) -> None:
            _refuse_taken(connection, wanted, but=which)
            connection.execute(update(project).where(project.c.id == which).values(name=wanted))
            _rename_in_rules(connection, before.name, wanted)

        self._database.write(work)
        return before

    def archive(self, which: ProjectId, archived: bool = True) -> None:
        """Put a project away, or (False) back among those in use."""
        statement = update(project).where(project.c.id == which).values(archived=archived)
        self._database.write(lambda connection: connection.execute(statement))

    def delete(self, which: ProjectId) -> None:
        """Forget a project with its photographs and finished batches; every file stays.

        Raises:
            CoreError: a batch of it is unfinished.
        """
        self._database.write(lambda connection: _delete(connection, which))

    def default(self) -> Project:
        """Return the first project in use; made when there is none."""
        found = self.all()
        if found:
            return found[0]

        def work(connection: Connection) -> ProjectId:
            row = connection.execute(_PROJECT.where(project.c.archived.is_(False))).first()
            return ProjectId(row.id) if row else _create(connection, _free_name(connection))

        return self.get(self._database.write(work))

    def recipe(self, which: ProjectId) -> Recipe | None:
        """Return the recipe of the project's photographs, None when none was stored."""
        with self._database.read() as connection:
            found = connection.scalar(select(project.c.recipe).where(project.c.id == which))
        return None if found is None else recipe_of(found)

    def set_recipe(self, which: ProjectId, recipe: Recipe) -> None:
        """Store the recipe of the project's photographs."""
        text = recipe_text(recipe)
        statement = update(project).where(project.c.id == which).values(recipe=text)
        self._database.write(lambda connection: connection.execute(statement))


_PROJECT: Select[Any] = select(
    project.c.id, project.c.name, project.c.archived, _PHOTOGRAPHS.label("photographs")
).where(project.c.name != COMMAND_LINE)


def _project(row: Any) -> Project:
    return Project(ProjectId(row.id), row.name, row.archived, row.photographs)


def ensure_project(connection: Connection, name: str) -> ProjectId:
    """Return the project with exactly this name, made if it is new."""
    query = select(project.c.id).where(project.c.name == name)
    found = connection.scalar(query)
    return _insert(connection, name) if found is None else ProjectId(found)


def _create(connection: Connection, name: str) -> ProjectId:
    _refuse_taken(connection, name)
    return _insert(connection, name)


def _insert(connection: Connection, name: str) -> ProjectId:
    last = select(func.coalesce(func.max(project.c.position), 0) + 1).scalar_subquery()
    values = {"name": name, "created": time.time(), "position": last}
    statement = insert(project).values(values).returning(project.c.id)
    return ProjectId(connection.scalars(statement).one())


def _checked(name: str) -> str:
    cleaned = " ".join(name.split())
    if not cleaned:
        raise SettingsError("A project needs a name.", hint="Type one.")
    return cleaned


def _rename_in_rules(connection: Connection, before: str, wanted: str) -> None:
    """Let what comes into watched folders go on to join the project."""
    for row in connection.execute(
        select(watch_rule.c.id, watch_rule.c.folder, watch_rule.c.settings)
    ):
        settings = WatchSettings.model_validate(json.loads(row.settings))
        settings = settings.model_copy(update={"folder": row.folder})
        if settings.project_name == before:
            text = settings.model_copy(update={"project": wanted}).to_text()
            changed = update(watch_rule).where(watch_rule.c.id == row.id)
            connection.execute(changed.values(settings=text))


def _refuse_taken(connection: Connection, name: str, *, but: ProjectId | None = None) -> None:
    """Two names that differ in case only would look the same in a list."""
    key = name_key(name)
    for row in connection.execute(select(project.c.id, project.c.name, project.c.archived)):
        if name_key(row.name) == key and row.id != but:
            hint = "It is archived. " if row.archived else ""
            raise SettingsError(
                f"There is a project called {row.name} already.",
                hint=f"{hint}Choose another name.",
            )


def _free_name(connection: Connection) -> str:
    """Return the default name, numbered when an archived project has it."""
    taken = {name_key(name) for name in connection.scalars(select(project.c.name))}
    names = (DEFAULT_NAME if n == 1 else f"{DEFAULT_NAME} {n}" for n in range(1, len(taken) + 2))
    return next(name for name in names if name_key(name) not in taken)


def _delete(connection: Connection, which: ProjectId) -> None:
    ours = select(job.c.id).where(job.c.project_id == which)
    name = connection.scalar(select(project.c.name).where(project.c.id == which))
    if name is None:
        return
    waiting = select(item.c.id).where(item.c.job_id.in_(ours), OPEN_ROWS).limit(1)
    if connection.execute(waiting).first() is not None:
        raise CoreError(
            f"The project {name} has an unfinished batch.",
            hint="Let it finish or cancel it, then delete the project.",
        )
    _give_away_batches(connection, which)
    connection.execute(delete(photo).where(photo.c.project_id == which))
    connection.execute(delete(item).where(item.c.job_id.in_(ours)))
    connection.execute(delete(job).where(job.c.project_id == which))
    connection.execute(delete(project).where(project.c.id == which))


def _give_away_batches(connection: Connection, which: ProjectId) -> None:
    """Leave batches to the projects to which photographs of theirs were moved, off the list."""
    held = select(photo.c.project_id).join_from(photo, item, photo.c.last_item == item.c.id)
    held = held.where(item.c.job_id == job.c.id, photo.c.project_id != which)
    statement = update(job).where(job.c.project_id == which, exists(held.correlate(job)))
    new = held.limit(1).correlate(job).scalar_subquery()
    connection.execute(statement.values(project_id=new, hidden=True))


def _gone() -> LibraryError:
    return LibraryError("This project is not in the library any more.", hint="Choose another.")
