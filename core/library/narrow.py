"""The catalog as planning a few names needs it: an output folder may hold a hundred thousand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from sqlalchemy import Row, select

from core.library.catalog import Catalog
from core.library.database import Database
from core.library.results import OF_A_PHOTOGRAPH
from core.library.tables import OPEN_ROWS, asset, item, result
from core.outputs.template import name_key

MOST = 50
_PREFIX = 60
_LAST = "\U0010ffff"


class NarrowCatalog(Catalog):
    """Tells of an output folder's names only those that these photographs have or may get.

    For name templates that begin with `{stem}`, and at most MOST photographs.
    """

    def __init__(self, database: Database, sources: Sequence[Path]) -> None:
        super().__init__(database)
        self._library = database
        self._sources = list(sources)
        self._begin = sorted({name_key(path.stem)[:_PREFIX] for path in sources})

    def names_in(self, folder: Path) -> Mapping[str, Path]:
        """Return whose names are taken: `name_key` -> source; errors as `Catalog.names_in`."""
        planned = select(item.c.name_key, asset.c.path).join_from(item, asset)
        planned = planned.where(item.c.folder == folder, OPEN_ROWS)
        made = select(result.c.name_key, asset.c.path).join_from(result, asset)
        made = made.where(result.c.folder == folder, OF_A_PHOTOGRAPH)
        ours = select(asset.c.id).where(asset.c.path.in_(self._sources))
        found: dict[str, Path] = {}
        with self._library.read() as connection:
            for query, column, owner in (
                (planned, item.c.name_key, item.c.asset_id),
                (made, result.c.name_key, result.c.asset_id),
            ):
                _add(found, connection.execute(query.where(owner.in_(ours))))
                for text in self._begin:
                    # One name a statement: of all together, each number of them would be another
                    # statement, kept compiled by SQLAlchemy, for months a hundred megabytes.
                    near = (column >= text) & (column < text + _LAST)
                    _add(found, connection.execute(query.where(near)))
        return found


def _add(found: dict[str, Path], rows: Iterable[Row[tuple[str, Path]]]) -> None:
    found.update((row.name_key, row.path) for row in rows)
