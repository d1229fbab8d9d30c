"""The project library: SQLite through SQLAlchemy; the database is the queue."""
