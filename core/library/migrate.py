"""Bringing a library's schema up to date, by alembic, without any file of settings."""

from __future__ import annotations

import threading

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from core.library.create import mark

_SCRIPTS = "core.library:migrations"

_ONE_AT_A_TIME = threading.Lock()
"""Alembic keeps what it works on in its modules, so two threads would get into each other's."""


def config(connection: Connection) -> Config:
    """Return alembic's settings for the revisions that are packaged here."""
    settings = Config()
    settings.set_main_option("script_location", _SCRIPTS)
    settings.attributes["connection"] = connection
    return settings


def upgrade(connection: Connection) -> None:
    """Run the missing revisions inside the transaction that is open on `connection`.

    SQLite takes back schema changes with the transaction, so a kill leaves the old schema or the
    new one, never one between. A library that another process has just upgraded is left as it is.
    """
    with _ONE_AT_A_TIME:
        command.upgrade(config(connection), "head")
    mark(connection)
