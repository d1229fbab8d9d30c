"""Regrain's engine room: everything but the window. Importing it costs nothing."""
