"""Regrain's window: PySide6 widgets that drive core; never torch, SQL or watchdog."""

from desktop.imports import leave_sources_unread

# Before anything else of this package is imported.
leave_sources_unread()
