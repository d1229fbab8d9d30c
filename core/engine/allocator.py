"""Settings of the C library's memory allocator that suit a denoiser on the processor."""

from __future__ import annotations

import contextlib
import ctypes
import sys

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3
_MMAP_FROM = 32 << 20
_TRIM_FROM = 1 << 30
_GROW_BY = 64 << 20


def keep_pages() -> None:
    """Let glibc keep the pages of a network's features instead of fetching them for each layer.

    Features are some 28 MB, and by default their pages go back to the system when they are freed,
    to be zeroed again for the next layer: 5 to 10 % of a pass. Larger blocks, which are pictures,
    still go back at once. Elsewhere than under glibc nothing is changed.
    """
    if sys.platform != "linux":
        return
    with contextlib.suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL("libc.so.6").mallopt
        mallopt(_MMAP_THRESHOLD, _MMAP_FROM)
        mallopt(_TRIM_THRESHOLD, _TRIM_FROM)
        mallopt(_TOP_PAD, _GROW_BY)
