"""`regrain-desktop [FILE ...]`: starts the window, or hands the files to the one that is open."""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QApplication

from core.errors import SettingsError
from core.preferences import Preferences, load_preferences, user_paths
from desktop.icons import picture_icon
from desktop.theme import Theme

_SWITCH_SECONDS = 0.001


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the application; return its exit code."""
    options = _options(sys.argv[1:] if arguments is None else arguments)
    app = make_application()
    # Imported after the application is there: it can tell of what goes wrong from here on.
    from desktop.system.crash import CrashHandlers
    from desktop.system.single_instance import SingleInstance

    paths = user_paths()
    library = (options.library or paths.library).expanduser().absolute()
    files = [path.expanduser().absolute() for path in options.files]
    instance = SingleInstance(library)
    if not instance.first():
        return 0 if instance.hand_over(files) else _say_busy(library, instance.holder())
    crash = CrashHandlers(paths.logs, app)
    crash.install()
    preferences, trouble = _preferences(paths.preferences)
    theme = Theme(app, preferences.theme)

    # Nothing that a start makes is garbage to look for; the window's own collector takes over.
    gc.disable()
    from desktop.main_window import MainWindow
    from desktop.window_parts import Launch

    window = MainWindow(Launch(library, paths, preferences, theme))
    crash.crashed.connect(window.say_crash)
    instance.handed.connect(window.take_handed)
    if trouble is not None:
        window.say_error(trouble)
    if files:
        window.take_files(files)
    window.show()
    code = app.exec()
    gc.enable()
    crash.remove()
    instance.close()
    return code


def _say_busy(library: Path, holder: int | None) -> int:
    """Say that another window holds the library and does not answer."""
    process = f" (process {holder})" if holder else ""
    sys.stderr.write(
        f"Another Regrain window{process} has {library} open and does not answer. "
        "Close it, or end that process, then start again.\n"
    )
    return 1


def make_application() -> QApplication:
    """Return the QApplication under its name, which settings and the desktop know it by."""
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication(sys.argv[:1])
    QCoreApplication.setApplicationName("regrain")
    QCoreApplication.setOrganizationName("regrain")
    app.setApplicationDisplayName("Regrain")
    app.setDesktopFileName("regrain")
    app.setWindowIcon(picture_icon("regrain"))
    # Threads hand the interpreter on in time for the next frame, not a third of one later.
    sys.setswitchinterval(_SWITCH_SECONDS)
    # The tray may keep it running; the window itself decides when all is over.
    app.setQuitOnLastWindowClosed(False)
    return app


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="regrain-desktop",
        description="Cleans noise from photographs, or repaints them, a folder at a time.",
    )
    parser.add_argument("files", nargs="*", type=Path, help="photographs and folders to open")
    parser.add_argument("--library", type=Path, help="another project library than the usual one")
    return parser.parse_args(arguments)


def _preferences(path: Path) -> tuple[Preferences, SettingsError | None]:
    """Return the preferences; damaged ones are left as they are, and said."""
    try:
        return load_preferences(path), None
    except SettingsError as error:
        return Preferences(), error


if __name__ == "__main__":
    sys.exit(main())
