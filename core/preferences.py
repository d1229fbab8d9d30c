"""Where a user's files lie, and the few settings that are kept between runs."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.errors import SettingsError

APP = "regrain"
HOME_VARIABLE = "REGRAIN_HOME"


@dataclass(frozen=True, slots=True)
class Paths:
    """A user's folders; nothing here is made before it is needed.

    Below `pictures` go the results of loose photographs, those that were not given in a folder.
    What lies in `cache` may be deleted at any time and is made again. `models`: which models were
    added, what was downloaded, and settings of models that have none beside themselves.
    """

    library: Path
    preferences: Path
    presets: Path
    logs: Path
    pictures: Path
    cache: Path
    models: Path

    @classmethod
    def under(cls, home: Path) -> Self:
        """Everything below one folder, as `REGRAIN_HOME` asks for."""
        return cls(
            library=home / "library.db",
            preferences=home / "preferences.json",
            presets=home / "presets",
            logs=home / "logs",
            pictures=home / "Pictures",
            cache=home / "cache",
            models=home / "models",
        )


def user_paths() -> Paths:
    """Return the platform's usual folders, or those below `REGRAIN_HOME` when it is set."""
    home = os.environ.get(HOME_VARIABLE, "")
    if home:
        return Paths.under(Path(home).expanduser().absolute())
    config = platformdirs.user_config_path(APP, appauthor=False)
    return Paths(
        library=platformdirs.user_data_path(APP, appauthor=False) / "library.db",
        preferences=config / "preferences.json",
        presets=config / "presets",
        logs=platformdirs.user_log_path(APP, appauthor=False),
        pictures=platformdirs.user_pictures_path(),
        cache=platformdirs.user_cache_path(APP, appauthor=False),
        models=platformdirs.user_data_path(APP, appauthor=False) / "models",
    )


class ThemeChoice(StrEnum):
    """How the window looks; system follows the desktop's own setting."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class Preferences(BaseModel):
    """Settings of the application, not of a recipe. Unknown fields of newer versions are kept.

    Attributes:
        idle_minutes: the model leaves memory after so long without work; 0 keeps it there.
        close_to_tray: closing the window leaves it working in the tray; None: not asked yet.
        on_done: a command that is run when a batch ends; empty for none.
        last_project: the project that was open; None for the first one.
        thumbnail_cache_mb: what thumbnails may take on the disk.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    device: str = "auto"
    theme: ThemeChoice = ThemeChoice.SYSTEM
    max_megapixels: Annotated[int, Field(ge=1, le=100_000)] = 500
    """Larger pictures are refused before any memory is taken: they may be built to exhaust it."""

    idle_minutes: Annotated[int, Field(ge=0, le=10_000)] = 10
    close_to_tray: bool | None = None
    keep_awake: bool = True
    notify: bool = True
    on_done: str = ""
    last_project: int | None = None
    thumbnail_cache_mb: Annotated[int, Field(ge=50, le=1_000_000)] = 2000


def load_preferences(path: Path) -> Preferences:
    """Read the preferences; a missing file means the defaults.

    Raises:
        SettingsError: the file is damaged or holds a wrong value; it is left as it is.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Preferences()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"The preferences in {path} cannot be read: {error}.") from error
    try:
        return Preferences.model_validate(json.loads(text))
    except (ValidationError, ValueError) as error:
        problem = str(error).splitlines()[0]
        raise SettingsError(
            f"The preferences in {path} are damaged: {problem}.",
            hint="Correct the file, or delete it to start from the defaults.",
        ) from error


def save_preferences(path: Path, preferences: Preferences) -> None:
    """Replace the file whole or not at all.

    Raises:
        SettingsError: the folder cannot be written.
    """
    text = json.dumps(preferences.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n"
    try:
        write_whole(path, text)
    except OSError as error:
        raise SettingsError(f"The preferences cannot be saved in {path}: {error}.") from error


def write_whole(path: Path, text: str) -> None:
    """Write a small file so that it is there whole or as it was, also after a power cut.

    Raises:
        OSError: it cannot be written; what stood there stands.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}-", delete=False
    ) as file:
        temporary = Path(file.name)
        try:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
