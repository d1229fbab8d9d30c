"""Known errors, in one tree: what happened, what it means, and in `hint` what to do.

Anything that is no CoreError and not Canceled is a bug. Foreign exceptions are translated where
they arise.
"""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Why one photograph has no new result; stable words, stored and printed."""

    VANISHED = "vanished"
    CHANGED_WHILE_READING = "changed_while_reading"
    TRUNCATED = "truncated"
    EMPTY = "empty"
    NOT_AN_IMAGE = "not_an_image"
    NOT_A_FILE = "not_a_file"
    UNREADABLE = "unreadable"
    TOO_LARGE = "too_large"
    UNSUPPORTED_MODE = "unsupported_mode"
    DECODE_ERROR = "decode_error"
    NAME_TAKEN = "name_taken"
    OWN_OUTPUT = "own_output"
    OOM_GPU = "oom_gpu"
    OOM_HOST = "oom_host"
    NAN = "nan"
    BLACK = "black"
    CRASHED_3X = "crashed_3x"
    TIMED_OUT = "timed_out"
    MODEL_UNTRUSTED = "model_untrusted"
    RAW = "raw"
    ANIMATED = "animated"


LEFT_OUT_REASONS = frozenset(
    {Reason.RAW, Reason.ANIMATED, Reason.OWN_OUTPUT, Reason.VANISHED, Reason.NAME_TAKEN}
)
"""Reasons that leave a photograph out by rule; every other reason is a failure."""


class StopReason(StrEnum):
    """Why a whole batch is stopped; no photograph fails for it, and Resume goes on."""

    DISK_FULL = "disk_full"
    VOLUME_MISSING = "volume_missing"
    READ_ONLY = "read_only"
    GPU_LOST = "gpu_lost"
    MODEL_MISSING = "model_missing"
    SETTINGS_REFUSED = "settings_refused"
    DEVICE_MEMORY = "device_memory"
    DB_ERROR = "db_error"


class CoreError(Exception):
    """An error of the user's or of the environment, said in a sentence.

    Args:
        message: what happened and what it means.
        hint: what to do about it; may be empty.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class SettingsError(CoreError):
    """A setting is out of range, unknown, or of no use to the chosen model."""


class ModelNotFoundError(CoreError):
    """No model of that name or path is known."""


class ModelUntrustedError(CoreError):
    """A model file could run code, is damaged, or is not what it was when it was added."""


class DownloadError(CoreError):
    """A download did not come through; what came is kept."""


class DeviceMemoryError(CoreError):
    """The model or the picture does not fit into the device's memory."""


class LibraryError(CoreError):
    """The project library cannot be opened, read or written."""


class LibraryTooNewError(LibraryError):
    """The library was written by a newer Regrain; it is left untouched."""


class LibraryDamagedError(LibraryError):
    """SQLite finds fault with the library; a backup can take its place."""


class WatchError(CoreError):
    """A folder cannot be watched."""


class ItemError(CoreError):
    """One photograph's trouble, with its stable reason; the batch goes on."""

    def __init__(self, reason: Reason, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.reason = reason


class ImageReadError(ItemError):
    """A photograph cannot be read whole."""


class OutputWriteError(ItemError):
    """A result cannot be written under its name."""


class BatchStopped(CoreError):
    """The whole batch cannot go on now; nothing is lost and Resume continues it."""

    def __init__(self, reason: StopReason, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.reason = reason


def stop_reason(error: CoreError) -> StopReason:
    """Return the reason under which a known error stops a whole batch."""
    if isinstance(error, BatchStopped):
        return error.reason
    if isinstance(error, LibraryError):
        return StopReason.DB_ERROR
    if isinstance(error, DeviceMemoryError):
        return StopReason.DEVICE_MEMORY
    missing = isinstance(error, ModelNotFoundError | ModelUntrustedError)
    return StopReason.MODEL_MISSING if missing else StopReason.SETTINGS_REFUSED


class Canceled(Exception):
    """The user asked to stop; not an error."""
