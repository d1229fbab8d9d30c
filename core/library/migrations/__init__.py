"""Schema revisions of the library, run by core.library.migrate."""
