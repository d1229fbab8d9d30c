"""What must not be watched: folders into which results come back, in one step or in a circle."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from core.errors import SettingsError
from core.library.watched import Recursion, WatchSettings

_Place = tuple[int, int]
_MOST_FOLDERS = 200_000


def check_output(settings: WatchSettings) -> None:
    """Refuse an output folder whose files would be taken for new photographs.

    By device and inode of the folders above it, so that links, bind mounts and names in another
    case are seen through.

    Raises:
        SettingsError: says why.
    """
    above = set(_above(settings.output))
    folder = _place(settings.folder)
    if folder is not None and folder == _place(settings.output):
        raise SettingsError(
            f"Results in {settings.output} would lie among the photographs that are watched.",
            hint="Choose another folder.",
        )
    if settings.recursion is Recursion.SKIP:
        return
    if not above.isdisjoint(_watched(settings)):
        raise SettingsError(
            f"Results in {settings.output} would be taken for new photographs: it lies inside "
            f"{settings.folder}, which is watched with its subfolders.",
            hint="Choose a folder outside, or watch without subfolders.",
        )


def check_circle(settings: WatchSettings, others: Iterable[WatchSettings]) -> None:
    """Refuse folders whose results are watched by others and come back at the end.

    Raises:
        SettingsError: names the folders of the circle.
    """
    everyone = [*others, settings]
    way = _way_back(settings, settings, everyone, [])
    if way:
        names = " -> ".join(str(step.folder) for step in [settings, *way])
        raise SettingsError(
            f"Results would go round in a circle: {names}.",
            hint="Let one of them write to a folder that is not watched.",
        )


def results_that_land_in(
    settings: WatchSettings, others: Iterable[WatchSettings]
) -> list[WatchSettings]:
    """Return the rules whose results come into a watched folder; they are left alone there."""
    return [other for other in others if _lands_in(other.output, settings)]


def _way_back(
    start: WatchSettings,
    goal: WatchSettings,
    everyone: Sequence[WatchSettings],
    visited: list[WatchSettings],
) -> list[WatchSettings]:
    """Return the rules through which results of `start` come to `goal`, it included; or none."""
    for other in everyone:
        if any(other is known for known in visited) or not _lands_in(start.output, other):
            continue
        if other is goal:
            return [other]
        way = _way_back(other, goal, everyone, [*visited, other])
        if way:
            return [other, *way]
    return []


def _lands_in(output: Path, settings: WatchSettings) -> bool:
    """Return whether files in `output` are watched by a rule."""
    folder = _place(settings.folder)
    if folder is None:
        return False
    if settings.recursion is Recursion.SKIP:
        return folder == _place(output)
    return folder in set(_above(output))


def same_place(one: Path, other: Path) -> bool:
    """Return whether two paths name one folder; by their names where there is none yet."""
    place = _place(one)
    return one == other or (place is not None and place == _place(other))


def _place(path: Path) -> _Place | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _above(path: Path) -> Iterator[_Place]:
    """Yield the places of a folder and of those above it, as far as they exist."""
    real = Path(os.path.realpath(path))
    for folder in (real, *real.parents):
        place = _place(folder)
        if place is not None:
            yield place


def _watched(settings: WatchSettings) -> set[_Place]:
    """Return the places of the watched folder and of all below it."""
    places: set[_Place] = set()
    for folder, _, _ in os.walk(settings.folder):
        place = _place(Path(folder))
        if place is not None:
            places.add(place)
        if len(places) >= _MOST_FOLDERS:
            break
    return places
