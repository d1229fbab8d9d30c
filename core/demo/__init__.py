"""The demo: sample photographs through three presets, and a sheet to look at."""
