"""The sidebar's section of watched folders."""

from __future__ import annotations

from core.events import WatchState
from desktop.photos.overview import Entry, Kind
from desktop.watch.standing import Standing, WatchedFolder, Watcher, Who
from desktop.watch.words import detail_words, folder_name, is_trouble, tooltip, tr
from desktop.words import count


def watch_entries(standing: Standing) -> list[Entry]:
    """Return a line a folder, one that says who watches, and one that adds a folder."""
    found = [_line(folder, standing.watcher) for folder in standing.folders]
    if found:
        found.append(_watcher_line(standing))
    else:
        hint = tr("None. New photographs in a watch folder are edited at once.")
        found.append(Entry(Kind.HINT, hint, tooltip=hint))
    sentence = tr("Edit photographs as they appear in a folder. A folder can be dropped here too.")
    found.append(Entry(Kind.ADD_WATCH, tr("Watch a folder…"), "plus", tooltip=sentence))
    return found


def _line(folder: WatchedFolder, watcher: Watcher) -> Entry:
    rule = folder.rule
    mark, role = _mark(folder, watcher)
    return Entry(
        Kind.WATCH,
        folder_name(rule),
        mark,
        role,
        count(folder.total) if folder.total else "",
        detail_words(folder, watcher),
        tooltip(folder),
        folder=rule.folder,
        rule=rule.id,
    )


def _mark(folder: WatchedFolder, watcher: Watcher) -> tuple[str, str]:
    rule = folder.rule
    if not rule.paused and rule.state is WatchState.MISSING:
        return "folder-missing", "warn"
    if is_trouble(rule):
        return "warning", "warn"
    if rule.paused:
        return "pause", "muted"
    if watcher.who is Who.FAILED:
        return "watch", "warn"
    return "watch", "accent_text" if folder.waiting else "muted"


def _watcher_line(standing: Standing) -> Entry:
    watcher, installed = standing.watcher, standing.installed
    text, detail, mark, role = {
        Who.NOBODY: (tr("Nobody watches yet"), "", "waiting", "muted"),
        Who.WINDOW: (tr("Watched by this window"), _after(installed=installed), "info", "muted"),
        Who.SERVICE: (tr("Watched by the service"), tr("Also when this is closed"), "done", "good"),
        Who.FAILED: (tr("Nobody watches"), watcher.message, "error", "bad"),
    }[watcher.who]
    sentence = tr("Say whether folders are watched when this window is closed.")
    whole = "\n".join(part for part in (watcher.message, watcher.hint, sentence) if part)
    return Entry(Kind.WATCHER, text, mark, role, "", detail, whole)


def _after(*, installed: bool) -> str:
    if installed:
        return tr("The service does not run")
    return tr("Keep on when closed…")
