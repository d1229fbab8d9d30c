"""What a name stands for among downloads, and what becomes of it once it is there."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from core.errors import ModelNotFoundError
from core.models.companions import write_note
from core.models.found import SETTINGS_MISSING
from core.models.hub import Download, OnBytes, fetch, plan_download
from core.models.offers import MODELS, PARTS, SETTINGS, Offer, OfferKind
from core.models.shelf import ModelShelf
from core.models.spec import ModelSpec


def offers_for(shelf: ModelShelf, name: str) -> tuple[Offer, ...]:
    """Return what must be downloaded for `name`; the network is not asked.

    Args:
        name: an offer's id, or the id of a model on the shelf that lacks something.

    Raises:
        ModelNotFoundError: it is neither, or what it lacks cannot be downloaded.
    """
    known = [*MODELS.values(), *PARTS.values(), *SETTINGS.values()]
    found = [one for one in known if one.id == name]
    # A family's repository stands for its settings: whole models are asked for by their id.
    found = found or [one for one in SETTINGS.values() if one.repo == name]
    if found:
        return (found[0],)
    spec = shelf.specs().get(name)
    if spec is None:
        raise ModelNotFoundError(
            f"There is no download called {name}.",
            hint=f"There are: {', '.join(MODELS)}. Files that you have: regrain models add PATH",
        )
    return tuple(_offer_of(spec, lacking) for lacking in spec.missing)


def plan_all(shelf: ModelShelf, offers: Iterable[Offer]) -> tuple[Download, ...]:
    """Ask the hub for the files and sizes of offers; nothing is downloaded.

    Raises:
        DownloadError: the hub cannot be reached, or does not have one.
    """
    return tuple(plan_download(offer, _target(shelf.home, offer)) for offer in offers)


def fetch_all(
    shelf: ModelShelf, downloads: tuple[Download, ...], progress: OnBytes | None = None
) -> tuple[ModelSpec, ...]:
    """Download, after the user said yes, and put what came on the shelf.

    Args:
        progress: called with the bytes that are there and those of all downloads.

    Returns:
        The whole models among them.

    Raises:
        DownloadError: something did not come through; what came is kept.
        ModelNotFoundError, ModelUntrustedError: what came is none that can be used.
    """
    total, before = sum(one.bytes for one in downloads), 0
    models = []
    for one in downloads:
        fetch(one, _on_top(before, total, progress))
        before += one.bytes
        if one.offer.kind is OfferKind.MODEL:
            models.append(shelf.add(one.target))
        elif one.offer.kind is OfferKind.SETTINGS:
            write_note(one.target, {"from": one.offer.repo, "revision": one.revision})
    shelf.complete()
    return tuple(models)


def _offer_of(spec: ModelSpec, lacking: str) -> Offer:
    offer = SETTINGS.get(spec.family) if lacking == SETTINGS_MISSING else PARTS.get(lacking)
    if offer is None:
        raise ModelNotFoundError(
            f"{lacking}, which {spec.name} needs, is not among the downloads.",
            hint="Name the folder where it lies: regrain models scan DIR",
        )
    return offer


def _target(home: Path, offer: Offer) -> Path:
    if offer.kind is OfferKind.MODEL:
        return home / "downloads" / offer.id
    if offer.kind is OfferKind.SETTINGS:
        return home / "configs" / offer.family
    return home / "parts"


def _on_top(before: int, total: int, progress: OnBytes | None) -> OnBytes | None:
    if progress is None:
        return None
    return lambda done, _all: progress(before + done, total)
