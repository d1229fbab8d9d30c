"""Data that travels with Regrain: models, presets; read with importlib.resources."""
