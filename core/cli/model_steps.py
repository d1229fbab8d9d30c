"""What `regrain models add`, `scan`, `check` and `remove` do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from core.cli.console import Console
from core.cli.exits import ExitCode
from core.cli.model_downloads import complete_model, opened_shelf
from core.cli.reading import reading
from core.errors import ModelNotFoundError
from core.models.families import family_name
from core.models.found import ExtraFile, ScanReport
from core.models.shelf import ModelShelf
from core.models.shelf_words import missing_hint, missing_words
from core.models.spec import ModelSpec


def add_models(console: Console, paths: Sequence[Path], *, yes: bool) -> ExitCode:
    """Add each path; a model that lacks something is listed with what it lacks.

    Raises:
        ModelNotFoundError, ModelUntrustedError: why one is no model that can be used.
        DownloadError: settings that were asked for did not come.
    """
    shelf = opened_shelf()
    for path in paths:
        found = shelf.take(path.expanduser().absolute(), progress=reading(console))
        if isinstance(found, ExtraFile):
            console.json({"event": "added", **found.model_dump(mode="json")})
            console.result(extra_line(found))
            continue
        spec = complete_model(console, shelf, found, yes=yes)
        console.json({"event": "added", **spec.model_dump(mode="json")})
        console.result(f"Added {model_line(spec)}")
        if spec.missing:
            console.problem(f"{spec.name} needs {missing_words(spec)}.", missing_hint(spec))
    return ExitCode.OK


def scan_folders(console: Console, folders: Sequence[Path]) -> ExitCode:
    """List what folders hold, and remember them; without any, those that are remembered.

    Raises:
        ModelNotFoundError: there is no such folder.
    """
    shelf = opened_shelf()
    reports = [shelf.add_root(folder) for folder in folders] if folders else shelf.refresh()
    if not reports:
        raise ModelNotFoundError(
            "No folder of models was named yet.", hint="Name one: regrain models scan DIR"
        )
    for report in reports:
        _say_report(console, shelf, report)
    return ExitCode.OK


def check_models(console: Console, names: Sequence[str], *, deep: bool) -> ExitCode:
    """Write a line a model; exit code 1 when one is not as it was added.

    One that only lacks something is none of those.

    Raises:
        ModelNotFoundError: there is none of a name.
    """
    shelf = opened_shelf()
    specs = shelf.specs()
    chosen = [_named(specs, name) for name in names] or list(specs.values())
    wrong = 0
    for spec in chosen:
        found = shelf.check(spec, deep=deep)
        is_wrong = len(found) > bool(spec.missing)
        wrong += is_wrong
        word = "WRONG" if is_wrong else "LACKS" if found else "ok   "
        console.json({"event": "checked", "id": spec.id, "ok": not found, "problems": list(found)})
        console.result(f"{word} {spec.id}  {'; '.join(found)}".rstrip())
    console.say(f"{len(chosen)} looked at, {wrong} not as they should be.")
    return ExitCode.SOME_FAILED if wrong else ExitCode.OK


def remove_models(console: Console, names: Sequence[str]) -> ExitCode:
    """Take models, or remembered folders, off the list.

    Raises:
        ModelNotFoundError: there is neither of a name.
    """
    shelf = opened_shelf()
    for name in names:
        root = Path(name).expanduser().absolute()
        if root in shelf.roots():
            shelf.remove_root(root)
        else:
            shelf.remove(name)
        console.say(f"{name} is off the list. Its files stay where they are.")
    return ExitCode.OK


def model_line(spec: ModelSpec) -> str:
    """Return a model in one line: id, name, family, size."""
    size = sum(_size(spec.folder / entry.path) for entry in spec.files)
    needs = f", needs {missing_words(spec)}" if spec.missing else ""
    return f"{spec.id}  {spec.name} ({family_name(spec)}, {_amount(size)}{needs})"


def extra_line(extra: ExtraFile) -> str:
    """Return a LoRA, VAE or the like in one line."""
    kind = extra.kind.value.replace("_", " ")
    return f"{kind}  {extra.name} ({extra.family or 'family not known'})"


def _say_report(console: Console, shelf: ModelShelf, report: ScanReport) -> None:
    for spec in report.models:
        console.json({"event": "model", **spec.model_dump(mode="json")})
        console.result(model_line(spec))
    for extra in report.extras:
        console.json({"event": "extra", **extra.model_dump(mode="json")})
        console.result(extra_line(extra))
    for refusal in report.refused:
        values = {"path": str(refusal.path), "reason": refusal.reason, "hint": refusal.hint}
        console.json({"event": "refused", **values})
        console.say(f"left out  {refusal.reason} {refusal.hint}".rstrip())
    console.say(
        f"{report.folder}: {_count(len(report.models), 'model')}, "
        f"{_count(len(report.extras), 'LoRA, VAE or ControlNet file')}, "
        f"{len(report.refused)} left out. Known now: {len(shelf.specs())}."
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _named(specs: dict[str, ModelSpec], name: str) -> ModelSpec:
    if name not in specs:
        raise ModelNotFoundError(
            f"No model called {name} was added.", hint=f"Added: {', '.join(specs) or 'none'}."
        )
    return specs[name]


def _amount(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 100_000_000 else f"{size / 1e6:.1f} MB"


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
