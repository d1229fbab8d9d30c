"""`regrain models download`: what it is and what it takes is shown, then asked, then fetched."""

from __future__ import annotations

import sys
from collections.abc import Callable

import typer

from core.cli.console import Console
from core.cli.exits import ExitCode
from core.models.downloads import fetch_all, offers_for, plan_all
from core.models.found import SETTINGS_MISSING
from core.models.hub import Download
from core.models.offers import MODELS
from core.models.shelf import ModelShelf
from core.models.spec import ModelSpec
from core.preferences import user_paths

_STEPS = 20


def opened_shelf() -> ModelShelf:
    """Return the user's shelf."""
    return ModelShelf(user_paths().models)


def list_offers(console: Console) -> ExitCode:
    """Write the short list of models; the network is not asked."""
    for offer in MODELS.values():
        login = ", needs an account" if offer.needs_login else ""
        console.result(
            f"{offer.id}  {offer.name}: about {offer.gigabytes:g} GB, {offer.licence}{login}. "
            f"{offer.sentence}".rstrip()
        )
        console.json(
            {
                "id": offer.id,
                "name": offer.name,
                "family": offer.family,
                "repo": offer.repo,
                "licence": offer.licence,
                "gigabytes": offer.gigabytes,
                "needs_login": offer.needs_login,
            }
        )
    console.say("Nothing is downloaded before you say yes: regrain models download ID")
    return ExitCode.OK


def download_named(console: Console, name: str, *, yes: bool) -> ExitCode:
    """Show, ask, download; exit code 4 when the answer is no.

    Raises:
        ModelNotFoundError: nothing of that name can be downloaded.
        DownloadError: it did not come through.
    """
    shelf = opened_shelf()
    downloads = plan_all(shelf, offers_for(shelf, name))
    if not downloads:
        console.say(f"{name} lacks nothing.")
        return ExitCode.OK
    if not _agreed(console, downloads, yes=yes):
        return ExitCode.STOPPED
    for spec in fetch_all(shelf, downloads, fetching(console)):
        console.json({"event": "added", **spec.model_dump(mode="json")})
        console.result(f"Added {spec.id}  {spec.name}")
    console.say("Downloaded.")
    return ExitCode.OK


def complete_model(console: Console, shelf: ModelShelf, spec: ModelSpec, *, yes: bool) -> ModelSpec:
    """Offer what a model that was just added lacks; return it as it is then.

    The network is only asked after a yes; a no leaves the model as it is.

    Raises:
        DownloadError: it did not come through.
    """
    if SETTINGS_MISSING not in spec.missing:
        return spec
    offers = offers_for(shelf, spec.id)
    names = " and ".join(f"{one.name} (about {one.gigabytes:g} GB)" for one in offers)
    console.say(f"{spec.name} needs {names} from the Hugging Face hub.")
    if not (yes or _confirmed("Look there?")):
        return spec
    downloads = plan_all(shelf, offers)
    if not _agreed(console, downloads, yes=yes):
        return spec
    fetch_all(shelf, downloads, fetching(console))
    return shelf.specs()[spec.id]


def fetching(console: Console) -> Callable[[int, int], None]:
    """Return what says, a twentieth at a time, how far a download is."""
    said = -1

    def tell(done: int, total: int) -> None:
        nonlocal said
        part = done * _STEPS // max(total, 1)
        if part > said:
            console.json({"event": "download", "bytes": done, "total": total})
            console.say(f"{part * 100 // _STEPS} % of {total / 1e6:,.1f} MB")
            said = part

    return tell


def _agreed(console: Console, downloads: tuple[Download, ...], *, yes: bool) -> bool:
    for one in downloads:
        left = f", {one.bytes_left / 1e6:,.1f} MB of it to come"
        console.say(
            f"{one.offer.name} from {one.page}: {one.bytes / 1e6:,.1f} MB"
            f"{left if one.bytes_left != one.bytes else ''}. Licence: {one.licence}."
        )
        if one.is_gated:
            console.say(f"  It is given to accounts that accepted its licence at {one.page}")
        console.json({"event": "question", **_values(one)})
    if yes or _confirmed("Download?"):
        return True
    console.say("Nothing is downloaded without a yes; --yes says it.")
    return False


def _confirmed(question: str) -> bool:
    """Return whether somebody says yes; where nobody can be asked, nobody does."""
    return sys.stdin.isatty() and typer.confirm(question, err=True)


def _values(download: Download) -> dict[str, object]:
    return {
        "id": download.offer.id,
        "page": download.page,
        "revision": download.revision,
        "bytes": download.bytes,
        "bytes_left": download.bytes_left,
        "licence": download.licence,
        "gated": download.is_gated,
        "files": [file.name for file in download.files],
    }
