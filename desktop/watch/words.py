"""What the window says of watched folders."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from core.events import WatchState
from core.library.watched import Recursion, WatchRule
from desktop.recipe.output_editors import readable
from desktop.watch.standing import WatchedFolder, Watcher, Who
from desktop.words import count, photographs


def tr(text: str) -> str:
    """Translate a text of this package."""
    return QCoreApplication.translate("Watch", text)


def recipe_name(rule: WatchRule) -> str:
    """Return what a rule's recipe is called."""
    recipe = rule.settings.recipe
    return recipe.name or recipe.id or tr("Recipe")


def folder_name(rule: WatchRule) -> str:
    """Return a watched folder's own name."""
    return rule.folder.name or str(rule.folder)


def is_trouble(rule: WatchRule) -> bool:
    """Return whether something stands in the way that the user did not ask for."""
    if rule.paused:
        return bool(rule.hint)
    if rule.state is WatchState.POLLING:
        return bool(rule.hint)
    return rule.state in (WatchState.MISSING, WatchState.BLOCKED)


def state_words(rule: WatchRule, watcher: Watcher) -> str:
    """Return how it stands with a folder, in a word or two."""
    if rule.paused:
        return tr("Paused")
    if rule.settings.attended:
        return tr("By its own command")
    if watcher.who is Who.FAILED:
        return tr("Not watched")
    if watcher.who is Who.NOBODY:
        return tr("Starting")
    if rule.state is WatchState.MISSING:
        return tr("Drive away") if rule.settings.marker else tr("Folder missing")
    if rule.state is WatchState.BLOCKED:
        return tr("Held up")
    return tr("Starting") if rule.state is WatchState.STARTING else tr("Watching")


def detail_words(folder: WatchedFolder, watcher: Watcher) -> str:
    """Return state and numbers, those that matter first: `3 waiting, 12 today`."""
    state = state_words(folder.rule, watcher)
    working = state == tr("Watching") and (folder.waiting or folder.failed)
    parts = [] if working else [state]
    if folder.failed:
        parts.append(tr("{} failed").format(count(folder.failed)))
    if folder.waiting:
        parts.append(tr("{} waiting").format(count(folder.waiting)))
    if folder.today:
        parts.append(tr("{} today").format(count(folder.today)))
    return ", ".join(parts)


def tooltip(folder: WatchedFolder) -> str:
    """Return where photographs come from and go to, how, and what stands in the way."""
    rule = folder.rule
    settings = rule.settings
    lines = [
        f"{readable(rule.folder)} → {readable(settings.output)}",
        f"{recipe_name(rule)}. {recursion_words(settings.recursion)}.",
        tr("{} taken, {} today, {} waiting").format(
            photographs(folder.total), count(folder.today), count(folder.waiting)
        ),
    ]
    if folder.known:
        lines.append(tr("{} that were there before are left alone").format(count(folder.known)))
    if settings.patterns:
        lines.append(tr("Only {}").format(", ".join(settings.patterns)))
    if is_trouble(rule) or rule.state is WatchState.POLLING:
        lines.append(f"{rule.message} {hint_words(rule)}".strip())
    return "\n".join(lines)


def hint_words(rule: WatchRule) -> str:
    """Return what to do, as it is done in the window."""
    if rule.paused and rule.hint:
        return tr("See what puts them there, then resume it.")
    return rule.hint


def recursion_words(recursion: Recursion) -> str:
    """Return what is done with subfolders."""
    return {
        Recursion.SKIP: tr("Subfolders are left out"),
        Recursion.MIRROR: tr("Subfolders too, results in the same subfolders"),
        Recursion.FLATTEN: tr("Subfolders too, all results in one folder"),
    }[recursion]
