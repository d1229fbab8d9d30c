"""The first schema: projects, assets, batches and their items, results, hashes of files."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ARROWS = {
    "pending": "running already_done left_out failed canceled",
    "running": "staged already_done left_out failed quarantined canceled pending",
    "staged": "done left_out failed canceled pending",
    "done": "pending",
    "already_done": "pending",
    "left_out": "pending",
    "failed": "pending",
    "quarantined": "pending",
}
_STATUSES = [*_ARROWS, "canceled"]


def upgrade() -> None:
    """Make all tables."""
    _make_small_tables()
    _make_job()
    _make_item()
    _make_result()
    op.execute(_guard_of_arrows())


def _make_small_tables() -> None:
    op.create_table(
        "meta",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("value", sa.String, nullable=False),
    )
    op.create_table(
        "project",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String, nullable=False, unique=True),
        sa.Column("created", sa.Float, nullable=False),
    )
    op.create_table(
        "asset",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("path", sa.LargeBinary, nullable=False, unique=True),
    )
    op.create_table(
        "file_hash",
        sa.Column("inode", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("device", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("mtime_ns", sa.BigInteger, nullable=False),
        sa.Column("ctime_ns", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.String, nullable=False),
    )


def _make_job() -> None:
    op.create_table(
        "job",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("project_id", sa.Integer, sa.ForeignKey("project.id"), nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("recipe", sa.String, nullable=False),
        sa.Column("strengths", sa.String, nullable=False),
        sa.Column("origin", sa.String, nullable=False),
        sa.Column("signature", sa.String, nullable=False, index=True),
        sa.Column("numerics", sa.String),
        sa.Column("again", sa.Boolean, nullable=False),
        sa.Column("paused", sa.Boolean, nullable=False),
        sa.Column("canceled", sa.Boolean, nullable=False),
        sa.Column("stop_reason", sa.String),
        sa.Column("stop_message", sa.String, nullable=False),
        sa.Column("stop_hint", sa.String, nullable=False),
        sa.Column("ignored", sa.Integer, nullable=False),
        sa.Column("created", sa.Float, nullable=False),
    )


def _make_item() -> None:
    statuses = ", ".join(f"'{status}'" for status in _STATUSES)
    op.create_table(
        "item",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("job_id", sa.Integer, sa.ForeignKey("job.id"), nullable=False),
        sa.Column("asset_id", sa.Integer, sa.ForeignKey("asset.id"), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("strength", sa.Float),
        sa.Column("seed", sa.Integer),
        *(sa.Column(name, sa.LargeBinary) for name in ("root", "folder", "name")),
        sa.Column("name_key", sa.String),
        sa.Column(
            "status", sa.String, sa.CheckConstraint(f"status IN ({statuses})"), nullable=False
        ),
        *(
            sa.Column(name, sa.Integer, nullable=False)
            for name in ("attempt", "attempts", "crashes")
        ),
        sa.Column("alone", sa.Boolean, nullable=False),
        sa.Column("announced", sa.Boolean, nullable=False),
        sa.Column("run", sa.String),
        sa.Column("temp", sa.LargeBinary),
        sa.Column("final", sa.LargeBinary),
        sa.Column("staged_sha256", sa.String),
        sa.Column("staged_size", sa.BigInteger),
        *(sa.Column(name, sa.String) for name in ("replaces", "result_key", "source_sha256")),
        sa.Column("output", sa.LargeBinary),
        sa.Column("reason", sa.String),
        *(sa.Column(name, sa.String, nullable=False) for name in ("message", "hint", "note")),
        sa.Column("unchanged", sa.Boolean, nullable=False),
        sa.Column("facts", sa.String),
        sa.Column("seconds", sa.Float, nullable=False),
    )
    _index_item()


def _index_item() -> None:
    once = sa.text("ifnull(strength, -1)")
    op.create_index("item_source", "item", ["job_id", "asset_id", once], unique=True)
    op.create_index("item_totals", "item", ["job_id", "status"])
    waiting = sa.text("status = 'pending'")
    op.create_index("item_waiting", "item", ["job_id", "alone", "position"], sqlite_where=waiting)
    claimed = sa.text("status IN ('running', 'staged')")
    op.create_index("item_claimed", "item", ["job_id"], sqlite_where=claimed)
    planned = sa.text("status IN ('pending', 'running', 'staged')")
    op.create_index("item_planned", "item", ["folder", "name_key"], sqlite_where=planned)


def _make_result() -> None:
    op.create_table(
        "result",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("asset_id", sa.Integer, sa.ForeignKey("asset.id"), nullable=False, index=True),
        sa.Column("folder", sa.LargeBinary, nullable=False),
        sa.Column("name", sa.LargeBinary, nullable=False),
        sa.Column("name_key", sa.String, nullable=False),
        sa.Column("result_key", sa.String, nullable=False, index=True),
        sa.Column("sha256", sa.String, nullable=False),
        sa.Column("source_sha256", sa.String, nullable=False),
        *(
            sa.Column(name, sa.BigInteger, nullable=False)
            for name in ("device", "inode", "size", "mtime_ns", "ctime_ns")
        ),
        sa.Column("unchanged", sa.Boolean, nullable=False),
        sa.Column("facts", sa.String),
        sa.Column("created", sa.Float, nullable=False),
        sa.UniqueConstraint("folder", "name_key", name="result_name"),
    )


def _guard_of_arrows() -> str:
    """Return a trigger that refuses every change of status that is not in the picture."""
    allowed = " OR ".join(
        f"(OLD.status = '{start}' AND NEW.status IN ({_quoted(ends)}))"
        for start, ends in _ARROWS.items()
    )
    return (
        "CREATE TRIGGER item_arrow BEFORE UPDATE OF status ON item "
        f"WHEN OLD.status <> NEW.status AND NOT ({allowed}) "
        "BEGIN SELECT RAISE(ABORT, 'no such change of status'); END"
    )


def _quoted(words: str) -> str:
    return ", ".join(f"'{word}'" for word in words.split())
