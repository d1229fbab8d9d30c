"""Short ways to add photographs to a project and to read what its grid shows."""

from __future__ import annotations

from collections.abc import Iterable

from core.library.ids import PhotoId, ProjectId
from core.library.photo import PhotoQuery
from core.library.photos import Photos
from tests.core.library.bench import Bench


def add(bench: Bench, photos: Photos, trip: ProjectId, *names: str) -> list[PhotoId]:
    return list(photos.add(trip, [bench.photo(name) for name in names]).photos)


def names(photos: Photos, ids: Iterable[PhotoId]) -> list[str]:
    return [photo.path.name for photo in photos.rows(list(ids))]


def shown(photos: Photos, trip: ProjectId, **narrowed: object) -> list[str]:
    query = PhotoQuery(trip, **narrowed)  # type: ignore[arg-type]
    ids = photos.order(query)
    assert photos.count(query) == len(ids)
    return names(photos, ids)
