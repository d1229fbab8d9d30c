"""The library's tables; private to core.library, records.py is what leaves it."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    text,
)

from core.library.columns import PathBytes, Unsigned, Words
from core.library.records import ItemStatus

APPLICATION_ID = 0x52475231
"""`RGR1`; tells a library from any other SQLite file."""

SCHEMA_VERSION = 3
"""Stored as user_version, readable without opening the database; one a migration."""

_STATUSES = ", ".join(f"'{status}'" for status in ItemStatus)

WAITING_ROWS = text("item.status = 'pending'")
CLAIMED_ROWS = text("item.status IN ('running', 'staged')")
OPEN_ROWS = text("item.status IN ('pending', 'running', 'staged')")
"""Conditions of the partial indices, written out: SQLite does not match bound values with them."""

metadata = MetaData()

meta = Table(
    "meta",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", String, nullable=False),
)

project = Table(
    "project",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Words, nullable=False, unique=True),
    Column("created", Float, nullable=False),
    Column("archived", Boolean, nullable=False, server_default=text("0")),
    Column("recipe", String),
    Column("position", Integer, nullable=False, server_default=text("0")),
)

asset = Table(
    "asset",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("path", PathBytes, nullable=False, unique=True),
)

file_hash = Table(
    "file_hash",
    metadata,
    Column("inode", Unsigned, primary_key=True, autoincrement=False),
    Column("device", Unsigned, primary_key=True, autoincrement=False),
    Column("size", Unsigned, nullable=False),
    Column("mtime_ns", Unsigned, nullable=False),
    Column("ctime_ns", Unsigned, nullable=False),
    Column("sha256", String, nullable=False),
)

job = Table(
    "job",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("project_id", Integer, ForeignKey("project.id"), nullable=False),
    Column("name", Words, nullable=False),
    Column("recipe", String, nullable=False),
    Column("strengths", String, nullable=False),
    Column("origin", String, nullable=False),
    Column("signature", String, nullable=False, index=True),
    Column("numerics", String),
    Column("again", Boolean, nullable=False),
    Column("paused", Boolean, nullable=False),
    Column("canceled", Boolean, nullable=False),
    Column("stop_reason", String),
    Column("stop_message", Words, nullable=False),
    Column("stop_hint", Words, nullable=False),
    Column("ignored", Integer, nullable=False),
    Column("created", Float, nullable=False),
    # the order of the queue; hidden: taken off the list; review: results are held until exported
    Column("position", Integer, nullable=False, server_default=text("0")),
    Column("hidden", Boolean, nullable=False, server_default=text("0")),
    Column("review", Boolean, nullable=False, server_default=text("0")),
)

item = Table(
    "item",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("job_id", Integer, ForeignKey("job.id"), nullable=False),
    Column("asset_id", Integer, ForeignKey("asset.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("strength", Float),
    Column("seed", Integer),
    # where it is planned
    Column("root", PathBytes),
    Column("folder", PathBytes),
    Column("name", PathBytes),
    Column("name_key", String),
    # where it stands; attempt is the fence, attempts what counts
    Column("status", String, CheckConstraint(f"status IN ({_STATUSES})"), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("crashes", Integer, nullable=False),
    Column("alone", Boolean, nullable=False),
    Column("announced", Boolean, nullable=False),
    Column("run", String),
    # what is staged
    Column("temp", PathBytes),
    Column("final", PathBytes),
    Column("staged_sha256", String),
    Column("staged_size", Unsigned),
    Column("replaces", String),
    Column("result_key", String),
    Column("source_sha256", String),
    # what came of it
    Column("output", PathBytes),
    Column("reason", String),
    Column("message", Words, nullable=False),
    Column("hint", Words, nullable=False),
    Column("note", Words, nullable=False),
    Column("unchanged", Boolean, nullable=False),
    Column("facts", String),
    Column("seconds", Float, nullable=False),
    # where the recipe would have put a result that is held for review
    Column("held_for", PathBytes),
    Index("item_asset", "asset_id"),
    Index("item_source", "job_id", "asset_id", text("ifnull(strength, -1)"), unique=True),
    Index("item_totals", "job_id", "status"),
    Index(
        "item_waiting",
        "job_id",
        "alone",
        "position",
        sqlite_where=text("status = 'pending'"),
    ),
    Index("item_claimed", "job_id", sqlite_where=text("status IN ('running', 'staged')")),
    Index(
        "item_planned",
        "folder",
        "name_key",
        sqlite_where=text("status IN ('pending', 'running', 'staged')"),
    ),
)

result = Table(
    "result",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("asset_id", Integer, ForeignKey("asset.id"), nullable=False, index=True),
    Column("folder", PathBytes, nullable=False),
    Column("name", PathBytes, nullable=False),
    Column("name_key", String, nullable=False),
    Column("result_key", String, nullable=False, index=True),
    Column("sha256", String, nullable=False),
    Column("source_sha256", String, nullable=False),
    Column("device", Unsigned, nullable=False),
    Column("inode", Unsigned, nullable=False),
    Column("size", Unsigned, nullable=False),
    Column("mtime_ns", Unsigned, nullable=False),
    Column("ctime_ns", Unsigned, nullable=False),
    Column("unchanged", Boolean, nullable=False),
    Column("facts", String),
    Column("created", Float, nullable=False),
    UniqueConstraint("folder", "name_key", name="result_name"),
    Index("result_bytes", "sha256"),
)

photo = Table(
    "photo",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("project_id", Integer, ForeignKey("project.id"), nullable=False),
    Column("asset_id", Integer, ForeignKey("asset.id"), nullable=False),
    Column("base", PathBytes),
    Column("added", Float, nullable=False),
    Column("removed", Boolean, nullable=False),
    # texts made of the path: to sort by in natural order, to search in
    Column("name_order", String, nullable=False),
    Column("searched", String, nullable=False),
    # what the user said
    Column("rating", Integer, nullable=False),
    Column("decision", String, nullable=False),
    Column("recipe", String),
    # what was found on the disk, and when it was looked at
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("modified_ns", BigInteger, nullable=False),
    Column("missing", Boolean, nullable=False),
    Column("looked", Float, nullable=False),
    # its latest edit in this project
    Column("last_item", Integer, ForeignKey("item.id", ondelete="SET NULL")),
    UniqueConstraint("asset_id", "project_id", name="photo_once"),
    Index("photo_order", "project_id", "removed", "name_order"),
    Index("photo_looked", "project_id", "removed", "looked"),
    Index("photo_item", "last_item"),
    sqlite_autoincrement=True,
)

version = Table(
    "version",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("asset_id", Integer, ForeignKey("asset.id"), nullable=False, index=True),
    Column("file", String, nullable=False),
    # where it stood, and what it was there
    Column("folder", PathBytes, nullable=False),
    Column("name", PathBytes, nullable=False),
    Column("result_key", String, nullable=False),
    Column("sha256", String, nullable=False),
    Column("source_sha256", String, nullable=False),
    Column("unchanged", Boolean, nullable=False),
    Column("facts", String),
    Column("note", Words, nullable=False),
    Column("recipe", String, nullable=False),
    Column("created", Float, nullable=False),
    Column("coming_back", Boolean, nullable=False),
    sqlite_autoincrement=True,
)

watch_rule = Table(
    "watch_rule",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("folder", PathBytes, nullable=False),
    Column("settings", String, nullable=False),
    Column("paused", Boolean, nullable=False),
    # the batch that new photographs join, as long as it suits
    Column("job_id", Integer, ForeignKey("job.id", ondelete="SET NULL")),
    # how it stands, as told by the process that watches
    Column("state", String, nullable=False),
    Column("message", Words, nullable=False),
    Column("hint", Words, nullable=False),
    Column("scanned", Float),
    Column("created", Float, nullable=False),
    Index("watch_rule_job", "job_id"),
    sqlite_autoincrement=True,
)

watch_file = Table(
    "watch_file",
    metadata,
    Column("rule_id", Integer, ForeignKey("watch_rule.id", ondelete="CASCADE"), primary_key=True),
    Column("path", PathBytes, primary_key=True),
    # as it was when it was settled what it is
    Column("device", Unsigned, nullable=False),
    Column("inode", Unsigned, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    Column("ctime_ns", BigInteger, nullable=False),
    Column("sha256", String),
    Column("kind", String, nullable=False),
    Column("noted", Float, nullable=False),
    # since when a scan does not find it any more
    Column("gone", Float),
    Index("watch_file_inode", "rule_id", "inode"),
)
