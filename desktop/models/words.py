"""What came of adding, scanning and downloading models, in sentences."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from core.models.found import ExtraFile, ExtraKind, ScanReport
from core.models.spec import ModelSpec
from desktop.words import count, gigabytes
from desktop.words_of_models import family_name, needs, size_words

if TYPE_CHECKING:
    from core.models.hub import Download

tr = partial(QCoreApplication.translate, "Models")


def kind_words(kind: ExtraKind) -> str:
    """Return what people call a file that goes with models."""
    return {
        ExtraKind.LORA: "LoRA",
        ExtraKind.VAE: "VAE",
        ExtraKind.CONTROLNET: "ControlNet",
        ExtraKind.IP_ADAPTER: "IP-Adapter",
    }[kind]


def added_words(found: ModelSpec | ExtraFile) -> tuple[str, str]:
    """Return what was added, and what it is or lacks."""
    if isinstance(found, ExtraFile):
        said = tr("{0} is a {1}; it is offered with models that take it.")
        return said.format(found.name, kind_words(found.kind)), ""
    about = " · ".join(part for part in (family_name(found), size_words(found)) if part)
    if found.missing:
        return tr("{0} was added, but it {1}.").format(found.name, needs(found)), about
    return tr("{0} was added.").format(found.name), about


def scan_words(report: ScanReport) -> str:
    """Return `Found 12 models (2 lack something), 34 LoRAs in models.`"""
    lacking = sum(bool(spec.missing) for spec in report.models)
    number = len(report.models)
    parts = [tr("1 model") if number == 1 else tr("{0} models").format(count(number))]
    if lacking:
        parts[0] += tr(" ({0} lack something)").format(count(lacking))
    for kind, many in Counter(extra.kind for extra in report.extras).items():
        plural = kind_words(kind) if many == 1 else f"{kind_words(kind)}s"
        parts.append(f"{count(many)} {plural}")
    if report.refused:
        parts.append(tr("{0} refused").format(count(len(report.refused))))
    return tr("{0}: {1}.").format(report.folder.name, ", ".join(parts))


def download_words(downloads: tuple[Download, ...]) -> dict[str, str]:
    """Return what is asked before a download: a label and its value each."""
    licences = dict.fromkeys(one.licence for one in downloads if one.licence)
    gated = [one.page for one in downloads if one.is_gated]
    left = sum(one.bytes_left for one in downloads)
    whole = sum(one.bytes for one in downloads)
    size = gigabytes(whole)
    if left != whole:
        size = tr("{0}, of which {1} are still to come").format(size, gigabytes(left))
    known = {
        tr("Name"): ", ".join(one.offer.name for one in downloads),
        tr("Size"): size,
        tr("Licence"): ", ".join(licences) or tr("not stated"),
        tr("From"): ", ".join(dict.fromkeys(one.page for one in downloads)),
        tr("Account"): (
            tr("Its licence must be accepted first, at {0}").format(", ".join(gated))
            if gated
            else ""
        ),
        tr("Goes to"): ", ".join(dict.fromkeys(str(one.target) for one in downloads)),
    }
    return {name: value for name, value in known.items() if value}


def refused_lines(report: ScanReport) -> list[tuple[str, str, str]]:
    """Return the refused files: name, reason with what to do, whole path."""
    return [
        (one.path.name, f"{one.reason} {one.hint}".strip(), str(one.path)) for one in report.refused
    ]
