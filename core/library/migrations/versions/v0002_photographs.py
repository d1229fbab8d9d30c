"""Photographs of a project, earlier results, the queue's order, batches held for review."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
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
    "canceled": "pending",
}


def upgrade() -> None:
    """Add what the window needs; what is there stays as it is."""
    _extend_project()
    _extend_job()
    op.add_column("item", sa.Column("held_for", sa.LargeBinary))
    op.create_index("item_asset", "item", ["asset_id"])
    op.execute("DROP TRIGGER item_arrow")
    op.execute(_guard_of_arrows())
    _make_photo()
    _make_version()


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False, server_default=sa.text("0"))


def _place() -> sa.Column[int]:
    return sa.Column("position", sa.Integer, nullable=False, server_default=sa.text("0"))


def _extend_project() -> None:
    op.add_column("project", _flag("archived"))
    op.add_column("project", sa.Column("recipe", sa.String))
    op.add_column("project", _place())
    op.execute("UPDATE project SET position = id")


def _extend_job() -> None:
    op.add_column("job", _place())
    op.add_column("job", _flag("hidden"))
    op.add_column("job", _flag("review"))
    op.execute("UPDATE job SET position = id")


def _make_photo() -> None:
    op.create_table(
        "photo",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("project_id", sa.Integer, sa.ForeignKey("project.id"), nullable=False),
        sa.Column("asset_id", sa.Integer, sa.ForeignKey("asset.id"), nullable=False),
        sa.Column("base", sa.LargeBinary),
        sa.Column("added", sa.Float, nullable=False),
        sa.Column("removed", sa.Boolean, nullable=False),
        sa.Column("name_order", sa.String, nullable=False),
        sa.Column("searched", sa.String, nullable=False),
        sa.Column("rating", sa.Integer, nullable=False),
        sa.Column("decision", sa.String, nullable=False),
        sa.Column("recipe", sa.String),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("modified_ns", sa.BigInteger, nullable=False),
        sa.Column("missing", sa.Boolean, nullable=False),
        sa.Column("looked", sa.Float, nullable=False),
        sa.Column("last_item", sa.Integer, sa.ForeignKey("item.id", ondelete="SET NULL")),
        sa.UniqueConstraint("asset_id", "project_id", name="photo_once"),
        sqlite_autoincrement=True,
    )
    op.create_index("photo_order", "photo", ["project_id", "removed", "name_order"])
    op.create_index("photo_looked", "photo", ["project_id", "removed", "looked"])
    op.create_index("photo_item", "photo", ["last_item"])


def _make_version() -> None:
    op.create_table(
        "version",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("asset_id", sa.Integer, sa.ForeignKey("asset.id"), nullable=False, index=True),
        sa.Column("file", sa.String, nullable=False),
        *(sa.Column(name, sa.LargeBinary, nullable=False) for name in ("folder", "name")),
        *(
            sa.Column(name, sa.String, nullable=False)
            for name in ("result_key", "sha256", "source_sha256")
        ),
        sa.Column("unchanged", sa.Boolean, nullable=False),
        sa.Column("facts", sa.String),
        *(sa.Column(name, sa.String, nullable=False) for name in ("note", "recipe")),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("coming_back", sa.Boolean, nullable=False),
        sqlite_autoincrement=True,
    )


def _guard_of_arrows() -> str:
    """Return the trigger of revision 1, which now lets a canceled photograph wait again."""
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
