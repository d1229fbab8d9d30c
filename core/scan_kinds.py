"""Extensions: which files are photographs, camera raw, sidecars, video."""

from __future__ import annotations


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


PHOTO_EXTENSIONS = _set("jpg jpeg jpe jfif mpo png tif tiff webp bmp dib avif heic heif hif")
"""Formats that are read; HEIC needs its extra, and says so for each file where it is missing."""

RAW_EXTENSIONS = _set(
    "3fr ari arw bay braw cap cr2 cr3 crw dcr dcs dng drf eip erf fff gpr iiq k25 kdc mdc mef mos "
    "mrw nef nrw orf pef ptx pxn r3d raf raw rw2 rwl rwz sr2 srf srw x3f"
)

ANIMATED_EXTENSIONS = _set("gif")
