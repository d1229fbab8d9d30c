"""Models: what they are, where they lie, which files may be trusted. Loads no model library."""
