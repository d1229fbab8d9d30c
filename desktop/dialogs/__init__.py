"""Dialogs: devices, models, preferences, shortcuts, about."""
