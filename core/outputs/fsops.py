"""The few file operations that publishing is made of, behind one object that tests can cut short."""

from __future__ import annotations


class FsOps:
    """File operations on results and temporary files; one object, so that a test can stand in."""
