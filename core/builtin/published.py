"""Published figures of other denoisers, to read our own against: PSNR in dB, colour pictures.

White Gaussian noise of sigma 15, 25 and 50 of 255, not clipped, on CBSD68 (68 pictures), Kodak24
(24) and McMaster (18): means over the pictures, all three channels together. In those papers
Kodak24 is the middle 500x500 of each photograph.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rich.table import Table

SIGMAS = (15.0, 25.0, 50.0)
SETS = {"cbsd68": "CBSD68", "kodak24": "Kodak24", "mcmaster": "McMaster"}

_FFDNET = "Zhang, Zuo, Zhang 2018"
_DPIR = "Zhang et al. 2021"
_MMAGIC = "MMagic 2023"
SOURCES = {
    _FFDNET: "FFDNet: Toward a fast and flexible solution for CNN-based image denoising. "
    "IEEE Transactions on Image Processing 27 (2018), arXiv 1710.04026, colour table.",
    _DPIR: "Plug-and-play image restoration with deep denoiser prior. IEEE TPAMI 44 (2021), "
    "arXiv 2008.13751, table of colour denoising (DnCNN is CDnCNN-B).",
    _MMAGIC: "OpenMMLab's MMagic, configs/swinir/README.md, table of colour denoising: SwinIR "
    "(arXiv 2108.10257) as measured there.",
}

_CUT = "the papers take the middle 500x500 of each photograph; --crop 500 takes 496x496."


@dataclass(frozen=True)
class Published:
    """One method: PSNR at SIGMAS for some of SETS, and which of SOURCES says so."""

    method: str
    source: str
    psnr: Mapping[str, tuple[float, float, float]]


_ROWS = (
    ("CBM3D", _FFDNET, (33.52, 30.71, 27.38)),
    ("DnCNN", _DPIR, (33.90, 31.24, 27.95)),
    ("FFDNet", _FFDNET, (33.87, 31.21, 27.96), (34.63, 32.13, 28.98), (34.66, 32.35, 29.18)),
    ("DRUNet", _DPIR, (34.30, 31.69, 28.51), (35.31, 32.89, 29.86), (35.40, 33.14, 30.08)),
    ("SwinIR", _MMAGIC, (34.41, 31.76, 28.53), (35.36, 32.90, 29.81), (35.62, 33.32, 30.20)),
)
"""In the order of SETS. Only what was looked up stands here: CBM3D and DnCNN on the first alone."""

PUBLISHED = tuple(
    Published(method, source, dict(zip(SETS, figures, strict=False)))
    for method, source, *figures in _ROWS
)


def make_published_table(ours: Mapping[float, float], own_set: str | None = None) -> Table:
    """The published figures, set by set.

    `ours`: our PSNR by sigma, put among the rows of `own_set`, or at the end when that is None.
    """
    headings = ("set", "method", *(f"sigma {sigma:g}" for sigma in SIGMAS), "source")
    table = Table(*headings, title="published PSNR (dB), colour, and ours")
    for key, name in SETS.items():
        for entry in (entry for entry in PUBLISHED if key in entry.psnr):
            figures = (f"{psnr:.2f}" for psnr in entry.psnr[key])
            table.add_row(name, entry.method, *figures, entry.source)
        if key == own_set:
            _add_ours(table, name, ours)
        table.add_section()
    if own_set is None:
        _add_ours(table, "this folder", ours)
    sources = [f"{short}: {whole}" for short, whole in SOURCES.items()]
    table.caption = "\n".join([*sources, f"{SETS['kodak24']}: {_CUT}"])
    return table


def _add_ours(table: Table, name: str, ours: Mapping[float, float]) -> None:
    figures = (f"{ours[sigma]:.2f}" if sigma in ours else "" for sigma in SIGMAS)
    table.add_row(name, "Regrain", *figures, "measured here", style="bold")
