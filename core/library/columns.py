"""Column types of the tables: paths as bytes, texts with names in them, numbers of 64 bits."""

from __future__ import annotations

import os
from pathlib import Path

from sqlalchemy import BigInteger, Dialect, LargeBinary, String
from sqlalchemy.types import TypeDecorator

_HALF = 1 << 63


def signed(value: int) -> int:
    """Fold the upper half of 64 bits into the negative numbers, as SQLite's integers are."""
    return value if value < _HALF else value - 2 * _HALF


class PathBytes(TypeDecorator[Path]):
    """A path as the bytes that the system knows it by, so that names in no encoding survive."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Path | None, dialect: Dialect) -> bytes | None:  # noqa: ARG002
        """Encode a path for the database."""
        return None if value is None else os.fsencode(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Path | None:  # noqa: ARG002
        """Decode a path from the database."""
        return None if value is None else Path(os.fsdecode(value))


class Words(TypeDecorator[str]):
    """Text that may quote a file's name: bytes in no encoding are written out as `\\udcff`."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Write out what UTF-8 cannot hold."""
        return value if value is None else value.encode("utf-8", "backslashreplace").decode("utf-8")


class Unsigned(TypeDecorator[int]):
    """Device and inode numbers may use all 64 bits; SQLite's integers are signed."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """Fold the upper half into the negative numbers."""
        return value if value is None else signed(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """Unfold it again."""
        return value if value is None or value >= 0 else value + 2 * _HALF
