"""`.xmp` sidecars: what another program noted about a photograph, copied beside its result."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from core.outputs.fsops import FsOps


def sidecars_of(source: Path, result: Path) -> Iterator[tuple[Path, Path]]:
    """Yield the names that sidecars may have, each with the name of its copy.

    `a.xmp` (Lightroom and others) and `a.jpg.xmp` (darktable, digiKam).
    """
    for suffix in (".xmp", ".XMP"):
        yield source.with_suffix(suffix), result.with_suffix(suffix)
        yield source.with_name(source.name + suffix), result.with_name(result.name + suffix)


def copy_sidecars(source: Path, result: Path, temporary: Path, fs: FsOps) -> None:
    """Copy the source's sidecars beside its result; one that is there already is kept.

    Each is written whole under the name `temporary` first. Raises OSError.
    """
    for old, new in sidecars_of(source, result):
        if not fs.is_readable_file(old) or fs.stat(new) is not None:
            continue
        fs.unlink(temporary)
        try:
            fs.copy(old, temporary)
            fs.rename_noreplace(temporary, new)
        except (FileExistsError, FileNotFoundError):
            fs.unlink(temporary)
