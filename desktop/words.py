"""Numbers of things in words, one and many, as every panel says them."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QLocale


def _tr(text: str) -> str:
    return QCoreApplication.translate("Words", text)


def count(number: int) -> str:
    """Return 12000 as `12,000`, in the user's own way of writing."""
    return QLocale().toString(number)


def photographs(number: int) -> str:
    """Return `1 photograph` or `240 photographs`."""
    if number == 1:
        return _tr("1 photograph")
    return _tr("{} photographs").format(count(number))


def results(number: int) -> str:
    """Return `1 result` or `240 results`."""
    return _tr("1 result") if number == 1 else _tr("{} results").format(count(number))


def gigabytes(number: int) -> str:
    """Return a number of bytes as `0.8 GB`, `120 MB` or `3 KB`."""
    for size, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "KB")):
        if number >= size:
            value = number / size
            return f"{value:.1f} {unit}" if value < 10 else f"{value:.0f} {unit}"
    return _tr("{} bytes").format(number)
