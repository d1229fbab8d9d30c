"""One module a revision; each leaves PRAGMA user_version to core.library.migrate."""
