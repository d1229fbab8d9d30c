"""The sentences with which a file is refused: what happened, what it means, what to do."""

from __future__ import annotations

from core.errors import ImageReadError, Reason

READS = "Regrain reads JPEG, PNG, TIFF, WebP, BMP and AVIF."


def truncated(name: str) -> ImageReadError:
    """Return the error for a file whose picture data ends too early."""
    return ImageReadError(
        Reason.TRUNCATED,
        f"{name} ends too early; no result was made. Copy it from the card again.",
    )


def damaged(name: str, what: str) -> ImageReadError:
    """Return the error for a file that is whole in length but broken inside."""
    return ImageReadError(
        Reason.DECODE_ERROR,
        f"{name} is damaged ({what}); no result was made.",
        hint="Copy it from the card again, or open and save it in another program.",
    )


def not_an_image(name: str, what: str) -> ImageReadError:
    """Return the error for a file that holds something else than a picture."""
    return ImageReadError(Reason.NOT_AN_IMAGE, f"{name} is {what}, not a picture.", hint=READS)


def unsupported(name: str, what: str, hint: str = "") -> ImageReadError:
    """Return the error for a picture of a kind that cannot be edited without loss or guessing."""
    return ImageReadError(
        Reason.UNSUPPORTED_MODE, f"{name} is {what}; it was left as it is.", hint=hint or READS
    )


def too_large(name: str, width: int, height: int, max_pixels: int) -> ImageReadError:
    """Return the error for more pixels than the limit."""
    return ImageReadError(
        Reason.TOO_LARGE,
        f"{name} says it has {width} x {height} pixels; the limit is "
        f"{max_pixels / 1e6:.0f} megapixels.",
        hint="If it is a real photograph, raise max_megapixels in the preferences file.",
    )


def bomb(name: str, what: str) -> ImageReadError:
    """Return the error for a small file that would unfold into far too much."""
    return ImageReadError(
        Reason.TOO_LARGE,
        f"{name} holds {what} that would unfold beyond any sensible size; it was not opened.",
    )


def animated(name: str, what: str) -> ImageReadError:
    """Return the error for moving pictures."""
    return ImageReadError(
        Reason.ANIMATED,
        f"{name} is {what}; Regrain edits single photographs.",
        hint="Export one frame as PNG or JPEG.",
    )


def raw(name: str) -> ImageReadError:
    """Return the error for a camera's raw file where the raw extra is not installed."""
    return ImageReadError(
        Reason.RAW,
        f"{name} is a camera raw file.",
        hint="Export JPEG or TIFF, or install regrain[raw].",
    )
