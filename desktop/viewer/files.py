"""Which files the viewer reads for a photograph, each in the state that the library knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize
from PySide6.QtGui import QImage

from core.library.photo import Decision, Photo, Version
from core.library.records import ItemStatus
from desktop.viewer.reader import Side
from desktop.viewer.strip import Entry
from desktop.viewer.tiles import PictureFile
from desktop.viewer.words import has_result

if TYPE_CHECKING:
    from desktop.photos.pictures import PictureLoader

PLACEHOLDER = QSize(320, 320)
_MADE = (ItemStatus.DONE, ItemStatus.ALREADY_DONE)
_MARKS = {Decision.KEEP: ("keep", "good"), Decision.REJECT: ("reject", "bad")}


def before_file(photo: Photo, known: PictureFile | None = None) -> PictureFile:
    """Return the photograph itself.

    `known`, what was read of it before its state was known to the library, is kept.
    """
    if known is not None and known.path == photo.path and not known.stamp:
        return known
    return PictureFile(photo.path, str(photo.modified_ns or ""))


def after_file(photo: Photo, version: Version | None = None) -> PictureFile | None:
    """Return the standing result, or the version that is looked at; None when there is none."""
    if version is not None:
        return PictureFile(version.path, f"version {version.id}")
    if not has_result(photo) or photo.output is None:
        return None
    # An earlier result that stands meanwhile gives way to this edit's under the same name.
    when = "" if photo.status in _MADE else "before "
    return PictureFile(photo.output, f"{when}item {photo.item}, {photo.versions}")


def files_of(photo: Photo) -> list[tuple[Side, PictureFile]]:
    """Return both files of a photograph with the lanes that read them."""
    after = after_file(photo)
    found = [(Side.BEFORE, before_file(photo))]
    return found if after is None else [*found, (Side.AFTER, after)]


def strip_entry(photo: Photo) -> Entry:
    """Return the photograph as it stands in the filmstrip; its result, once there is one."""
    path = photo.output if has_result(photo) and photo.output else photo.path
    return Entry(path, photo, "", photo.path.name, _MARKS.get(photo.decision))


def small_pictures(
    pictures: PictureLoader | None, before: PictureFile, after: PictureFile | None
) -> dict[Side, QImage]:
    """Return what small pictures there are of a photograph and its result."""
    if pictures is None:
        return {}
    files = {Side.BEFORE: before} | ({Side.AFTER: after} if after else {})
    found = {side: pictures.picture(file.path, PLACEHOLDER) for side, file in files.items()}
    return {side: image for side, image in found.items() if image is not None}
