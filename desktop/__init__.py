"""Regrain's window: PySide6 widgets that drive core; never torch, SQL or watchdog."""
