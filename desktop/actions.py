"""All that the window can be told to do, as QActions: menus, keys and the sheet share them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QObject
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenuBar, QWidget

from desktop.icons import icon

_CONTEXT = "Actions"

VIEWER_KEYS = frozenset(
    {
        "previous", "next", "compare_slider", "side_by_side", "hold_compare", "zoom_1_1",
        "zoom_fit", "loupe",
    }
)  # fmt: skip
"""Actions whose keys the viewer takes up while it has the keyboard."""


@dataclass(frozen=True)
class Entry:
    """One action: its name in the code, text, one sentence, keys and icon."""

    name: str
    text: str
    sentence: str
    keys: str = ""
    icon: str = ""
    checkable: bool = False


def _entry(
    name: str, text: str, sentence: str, keys: str = "", icon: str = "", *, checkable: bool = False
) -> Entry:
    return Entry(name, text, sentence, keys, icon, checkable)


SEPARATOR = Entry("", "", "")

MENUS: tuple[tuple[str, tuple[Entry, ...]], ...] = (
    (
        "&File",
        (
            _entry("add_photos", "Add &photographs…", "Choose photographs to add to this project.",
                   "Ctrl+O", "add-photos"),
            _entry("add_folder", "Add &folder…", "Add a folder with all photographs below it.",
                   "Ctrl+Shift+O", "add-folder"),
            _entry("samples", "Try the &samples", "Add sample photographs to try Regrain with.",
                   icon="photo"),
            SEPARATOR,
            _entry("watch_folder", "&Watch a folder…",
                   "Edit photographs as they appear in a folder.", "Ctrl+Shift+W", "watch"),
            _entry("watch_service", "Keep watc&hing…",
                   "Say whether folders are watched when this window is closed."),
            SEPARATOR,
            _entry("new_project", "&New project…", "Start an empty project.", "Ctrl+N", "project"),
            _entry("rename_project", "&Rename project…", "Give this project another name."),
            _entry("archive_project", "Ar&chive project",
                   "Hide this project from the list; nothing is deleted."),
            _entry("delete_project", "&Delete project…",
                   "Forget this project; photographs and results stay where they are."),
            SEPARATOR,
            _entry("export", "&Export kept…", "Copy the results that you kept into a folder.",
                   "Ctrl+E", "export"),
            SEPARATOR,
            _entry("preferences", "Pre&ferences…", "Change how Regrain works and looks.",
                   "Ctrl+,", "settings"),
            _entry("quit", "&Quit", "Close Regrain; everything can be resumed.", "Ctrl+Q"),
        ),
    ),
    (
        "&Edit",
        (
            _entry("undo", "&Undo", "Take back the last change to the library or the recipe.",
                   "Ctrl+Z", "undo"),
            _entry("redo_change", "&Redo change", "Make the change again that was taken back.",
                   "Ctrl+Shift+Z", "redo"),
            SEPARATOR,
            _entry("copy_recipe", "&Copy recipe", "Copy the recipe of the chosen photograph.",
                   "Ctrl+C", "copy"),
            _entry("paste", "&Paste", "Paste photographs into the project, or a recipe onto the "
                   "chosen photographs.", "Ctrl+V", "paste"),
            _entry("select_all", "Select &all", "Select all photographs that are shown.", "Ctrl+A"),
            _entry("select_none", "Select n&one", "Select no photograph: a run takes all.",
                   "Ctrl+Shift+A"),
            SEPARATOR,
            _entry("remove", "Re&move from project",
                   "Take the chosen photographs out of the project; no file is touched.",
                   "Del", "close"),
            _entry("trash_results", "Move results to &trash…",
                   "Move the results of the chosen photographs to the trash, never originals.",
                   "Ctrl+Del", "trash"),
        ),
    ),
    (
        "&Photograph",
        (
            _entry("keep", "&Keep", "Keep this result.", "P", "keep"),
            _entry("reject", "Re&ject", "Reject this result.", "X", "reject"),
            _entry("undecide", "&Undecided", "Neither keep nor reject.", "U", "undecided"),
            _entry("redo", "&Redo with a new seed",
                   "Make this result again with another seed; the earlier one is kept.",
                   "R", "retry"),
            _entry("redo_stronger", "Redo &stronger",
                   "Make this result again with more strength; the earlier one is kept.",
                   "Shift+R"),
            _entry("redo_gentler", "Redo &gentler",
                   "Make this result again with less strength; the earlier one is kept.",
                   "Ctrl+R"),
            SEPARATOR,
            *(_entry(f"rate_{stars}", f"{stars} star{'s' if stars > 1 else ''}",
                     f"Give {stars} of 5 stars.", str(stars)) for stars in range(1, 6)),
            _entry("rate_0", "&No stars", "Take the stars away.", "0"),
            SEPARATOR,
            _entry("previous", "Pre&vious", "Show the photograph before this one.",
                   "Left", "previous"),
            _entry("next", "&Next", "Show the photograph after this one.", "Right", "next"),
            SEPARATOR,
            _entry("reveal", "S&how in folder", "Open the folder with the result, or the original.",
                   "Ctrl+Shift+R", "reveal"),
        ),
    ),
    (
        "&View",
        (
            _entry("grid", "&Grid", "Show all photographs.", "G", "grid", checkable=True),
            _entry("viewer", "&Viewer", "Show one photograph, before and after.",
                   "E", "photo", checkable=True),
            SEPARATOR,
            _entry("compare_slider", "S&lider", "Before and after with a divider to drag.",
                   "D", "compare", checkable=True),
            _entry("side_by_side", "Side b&y side", "Before and after beside each other.",
                   "Y", "side-by-side", checkable=True),
            _entry("hold_compare", "&Hold to compare", "Show the original as long as it is held.",
                   "\\"),
            _entry("zoom_1_1", "&1:1", "One pixel of the photograph is one of the screen.",
                   "Z", "one-to-one"),
            _entry("zoom_fit", "&Fit", "Show the whole photograph.", "F", "fit"),
            _entry("zoom_in", "Zoom &in", "Show it larger.", "Ctrl++", "zoom-in"),
            _entry("zoom_out", "Zoom &out", "Show it smaller.", "Ctrl+-", "zoom-out"),
            SEPARATOR,
            _entry("loupe", "Lou&pe", "Preview a part at 1:1 with the recipe as it is.", "L",
                   "loupe"),
            _entry("show_stages", "Sta&ges", "Show how the preview comes about, step by step.",
                   "S", "batch", checkable=True),
            SEPARATOR,
            _entry("show_sources", "S&idebar", "Show projects, folders and batches.", "Ctrl+1",
                   checkable=True),
            _entry("show_queue", "&Queue", "Show the batches and their photographs.", "Ctrl+2",
                   "queue", checkable=True),
            _entry("show_recipe", "&Recipe", "Show the recipe panel.", "Ctrl+3", "recipe",
                   checkable=True),
            _entry("find", "&Search", "Search photographs by name.", "Ctrl+F", "search"),
        ),
    ),
    (
        "&Batch",
        (
            _entry("run", "&Run", "Edit the selected photographs, or all.", "Ctrl+Return", "play"),
            _entry("stop_after", "Stop &after this one",
                   "Finish the photograph in work, then stop; Resume goes on.", "Ctrl+.",
                   "stop-after"),
            _entry("stop_now", "Stop &now",
                   "Drop the photograph in work and stop; Resume goes on.", "Ctrl+Shift+.", "stop"),
            _entry("resume", "Re&sume", "Go on where the batches were stopped.",
                   "Ctrl+Shift+Return", "resume"),
            _entry("retry_failed", "Re&try failed", "Try the failed photographs again.",
                   icon="retry"),
        ),
    ),
    (
        "&Help",
        (
            _entry("shortcuts", "&Keyboard shortcuts", "List every key.", "?", "help"),
            _entry("devices", "&Devices…", "See what Regrain can compute on.", icon="device"),
            _entry("models", "&Models…", "See which models are there and what they can do.",
                   icon="model"),
            _entry("open_logs", "Open &log folder", "Show Regrain's log files."),
            _entry("about", "&About Regrain", "Version and licence."),
        ),
    ),
)  # fmt: skip


def _translated(text: str) -> str:
    return QCoreApplication.translate(_CONTEXT, text) if text else ""


class Actions(QObject):
    """The window's actions by name: `actions["keep"].triggered.connect(...)`."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._by_name: dict[str, QAction] = {}
        for _, entries in MENUS:
            for entry in entries:
                if entry is not SEPARATOR:
                    self._by_name[entry.name] = self._action(entry, window)

    def __getitem__(self, name: str) -> QAction:
        return self._by_name[name]

    def groups(self) -> list[tuple[str, list[QAction]]]:
        """Return the actions of each menu under its title."""
        return [
            (
                _translated(title).replace("&", ""),
                [self._by_name[entry.name] for entry in entries if entry is not SEPARATOR],
            )
            for title, entries in MENUS
        ]

    def enable(self, names: Iterable[str], *, on: bool) -> None:
        """Allow or refuse several actions at once."""
        for name in names:
            self._by_name[name].setEnabled(on)

    def fill(self, bar: QMenuBar) -> None:
        """Build the menus."""
        for title, entries in MENUS:
            menu = bar.addMenu(_translated(title))
            menu.setToolTipsVisible(True)
            for entry in entries:
                if entry is SEPARATOR:
                    menu.addSeparator()
                else:
                    menu.addAction(self._by_name[entry.name])

    def _action(self, entry: Entry, window: QWidget) -> QAction:
        action = QAction(_translated(entry.text), window)
        action.setObjectName(entry.name)
        action.setCheckable(entry.checkable)
        sentence = _translated(entry.sentence)
        if entry.keys:
            keys = QKeySequence(entry.keys).toString(_NATIVE)
            sentence = f"{sentence} ({keys})"
            if entry.name in VIEWER_KEYS:
                # Only shown: the viewer hears these itself. As shortcuts they would act on the
                # photographs while a menu is open.
                action.setText(f"{action.text()}\t{keys}")
                action.setProperty("keys", keys)
            else:
                action.setShortcut(QKeySequence(entry.keys))
        action.setToolTip(sentence)
        action.setStatusTip(sentence)
        if entry.icon:
            action.setIcon(icon(entry.icon))
        window.addAction(action)
        return action


_NATIVE = QKeySequence.SequenceFormat.NativeText
