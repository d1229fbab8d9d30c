"""Watched folders, and what is known of the files in them; results found by their bytes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the two tables and an index; what is there stays as it is."""
    _make_watch_rule()
    _make_watch_file()
    op.create_index("result_bytes", "result", ["sha256"])


def _make_watch_rule() -> None:
    op.create_table(
        "watch_rule",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("folder", sa.LargeBinary, nullable=False),
        sa.Column("settings", sa.String, nullable=False),
        sa.Column("paused", sa.Boolean, nullable=False),
        sa.Column("job_id", sa.Integer, sa.ForeignKey("job.id", ondelete="SET NULL")),
        *(sa.Column(name, sa.String, nullable=False) for name in ("state", "message", "hint")),
        sa.Column("scanned", sa.Float),
        sa.Column("created", sa.Float, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("watch_rule_job", "watch_rule", ["job_id"])


def _make_watch_file() -> None:
    numbers = ("device", "inode", "size", "mtime_ns", "ctime_ns")
    op.create_table(
        "watch_file",
        sa.Column(
            "rule_id",
            sa.Integer,
            sa.ForeignKey("watch_rule.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("path", sa.LargeBinary, primary_key=True),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in numbers),
        sa.Column("sha256", sa.String),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("noted", sa.Float, nullable=False),
        sa.Column("gone", sa.Float),
    )
    op.create_index("watch_file_inode", "watch_file", ["rule_id", "inode"])
