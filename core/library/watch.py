"""Watch rules in the library: which folders are watched, how, and how it stands with each."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import astuple
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from core.errors import WatchError
from core.events import Totals, WatchState
from core.library.database import Database
from core.library.ids import JobId, WatchRuleId
from core.library.inventory import insert_marks
from core.library.tables import job, watch_file, watch_rule
from core.library.views import read_all_totals
from core.library.watched import Counts, FileKind, Mark, WatchRule, WatchSettings

PAUSED = "Paused."


class WatchRules:
    """The watch rules of one library; any process may change them."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def all(self) -> list[WatchRule]:
        """Return the rules, oldest first."""
        with self.database.read() as connection:
            rows = connection.execute(select(watch_rule).order_by(watch_rule.c.id))
            return [_rule(row) for row in rows]

    def get(self, which: WatchRuleId) -> WatchRule:
        """Return one rule. Raises WatchError when it is not there (any more)."""
        with self.database.read() as connection:
            query = select(watch_rule).where(watch_rule.c.id == which)
            row = connection.execute(query).one_or_none()
        if row is None:
            raise _no_rule(which)
        return _rule(row)

    def add(self, settings: WatchSettings, known: Mapping[str, Mark]) -> WatchRule:
        """Store a rule, with the files that are there already and are to be left alone."""
        values = {
            "folder": settings.folder,
            "settings": settings.to_text(),
            "paused": False,
            "state": WatchState.STARTING,
            "message": "",
            "hint": "",
            "created": time.time(),
        }

        def work(connection: Connection) -> WatchRuleId:
            statement = insert(watch_rule).values(values).returning(watch_rule.c.id)
            rule = WatchRuleId(connection.scalars(statement).one())
            insert_marks(connection, rule, known)
            return rule

        return self.get(self.database.write(work))

    def change(
        self,
        which: WatchRuleId,
        settings: WatchSettings,
        *,
        again: bool = False,
        take_known: bool = False,
    ) -> WatchRule:
        """Give a rule other settings; they count for new photographs.

        `again`: also for all that were taken before. `take_known`: photographs that were there at
        the beginning are taken now.

        Raises:
            WatchError: it is not there.
        """
        stamp = self.get(which).settings.stamp + 1
        text = settings.model_copy(update={"stamp": stamp}).to_text()
        values = {"settings": text, "folder": settings.folder, "paused": False}
        ours = watch_file.c.rule_id == which

        def work(connection: Connection) -> None:
            _change(connection, which, values)
            if again:
                taken = ours & (watch_file.c.kind == FileKind.TAKEN)
                connection.execute(update(watch_file).where(taken).values(kind=FileKind.AGAIN))
            if take_known:
                known = ours & (watch_file.c.kind == FileKind.KNOWN)
                connection.execute(delete(watch_file).where(known))

        self.database.write(work)
        return self.get(which)

    def pause(self, which: WatchRuleId, message: str = "", hint: str = "") -> None:
        """Take nothing more from the folder until `resume`; `message` says why, if not asked to."""
        values = {
            "paused": True,
            "state": WatchState.PAUSED,
            "message": message or PAUSED,
            "hint": hint,
        }
        self.database.write(lambda connection: _change(connection, which, values))

    def resume(self, which: WatchRuleId) -> None:
        """Take photographs again, those first that came meanwhile."""
        values = {"paused": False, "state": WatchState.STARTING, "message": "", "hint": ""}
        self.database.write(lambda connection: _change(connection, which, values))

    def remove(self, which: WatchRuleId) -> None:
        """Forget a rule and what is known of its folder; no file is touched."""

        def work(connection: Connection) -> None:
            connection.execute(delete(watch_file).where(watch_file.c.rule_id == which))
            done = connection.execute(delete(watch_rule).where(watch_rule.c.id == which))
            if not done.rowcount:
                raise _no_rule(which)

        self.database.write(work)

    def say(self, which: WatchRuleId, state: WatchState, message: str, hint: str) -> None:
        """Note how it stands with a folder; nothing when the rule is gone or was paused."""
        ours = (watch_rule.c.id == which) & watch_rule.c.paused.is_(False)
        statement = update(watch_rule).where(ours)
        values = {"state": state, "message": message, "hint": hint}
        self.database.write(lambda connection: connection.execute(statement.values(values)))

    def scanned(self, which: WatchRuleId, when: float) -> None:
        """Note when a folder was last looked through whole, in seconds since the epoch."""
        statement = update(watch_rule).where(watch_rule.c.id == which).values(scanned=when)
        self.database.write(lambda connection: connection.execute(statement))

    def counts(self, which: WatchRuleId) -> Counts:
        """Return how many files of a folder are known, by what they are."""
        query = select(watch_file.c.kind, func.count()).where(watch_file.c.rule_id == which)
        with self.database.read() as connection:
            rows = connection.execute(query.group_by(watch_file.c.kind))
            return {FileKind(row.kind): int(row[1]) for row in rows}

    def totals(self, which: WatchRuleId) -> Totals:
        """Return what became of a folder's photographs, in all batches that are on the list."""
        ours = select(job.c.id).where(
            job.c.signature.startswith(signature_of(which, "")), job.c.hidden.is_(False)
        )
        with self.database.read() as connection:
            jobs = [JobId(one) for one in connection.scalars(ours)]
            counted = read_all_totals(connection, jobs).values()
        added = [sum(column) for column in zip(*map(astuple, counted), strict=True)]
        return Totals(*added)


def signature_of(which: WatchRuleId, signature: str) -> str:
    """Return a batch's signature as that of a watched folder's batch."""
    return f"watch-{which}-{signature}"


def _change(connection: Connection, which: WatchRuleId, values: Mapping[str, Any]) -> None:
    statement = update(watch_rule).where(watch_rule.c.id == which).values(values)
    if not connection.execute(statement).rowcount:
        raise _no_rule(which)


def _rule(row: Row[Any]) -> WatchRule:
    settings = WatchSettings.model_validate(json.loads(row.settings))
    return WatchRule(
        id=WatchRuleId(row.id),
        settings=settings.model_copy(update={"folder": row.folder}),
        paused=row.paused,
        job=None if row.job_id is None else JobId(row.job_id),
        state=WatchState(row.state),
        message=row.message,
        hint=row.hint,
        scanned=row.scanned,
        created=row.created,
    )


def _no_rule(which: WatchRuleId) -> WatchError:
    return WatchError(
        f"There is no watched folder number {which} in this library.",
        hint="`regrain watch list` shows them.",
    )
