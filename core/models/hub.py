"""Downloads from the Hugging Face hub: looked up, said, and only then fetched, file by file."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Any, cast

from core.errors import DownloadError
from core.models.families import FAMILIES
from core.models.offers import Offer, OfferKind
from core.models.spec import file_sha256
from core.models.trust import MODEL_INDEX, is_inside_name

# Read when huggingface_hub is imported, which happens below and nowhere else in this process.
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")

_SPARE_BYTES = 1 << 30
_MAX_SETTINGS = 64 << 20
_SETTINGS_SUFFIXES = (".json", ".txt", ".jinja")
_NOT_TAKEN = ("safety_checker/*", "feature_extractor/*", "image_encoder/*", "*.non_ema.*", "*/.*")
OnBytes = Callable[[int, int], None]
"""Called with the bytes that are there and those of all; may raise to end the download."""


@dataclass(frozen=True)
class PlannedFile:
    """A file of the hub. `sha256` is empty for small ones, of which the hub does not say it."""

    name: str
    size: int
    sha256: str = ""


@dataclass(frozen=True)
class Download:
    """What one download fetches; to be shown before anybody says yes to it.

    Attributes:
        revision: of the repository: files of one state are fetched, whatever is changed there.
        target: the folder that they come to.
        licence: as the hub says it, else as the list does.
        is_gated: its licence must be accepted on its page, by an account.
        page: that page.
    """

    offer: Offer
    revision: str
    files: tuple[PlannedFile, ...]
    target: Path
    licence: str
    is_gated: bool
    page: str

    @property
    def bytes(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)

    @property
    def bytes_left(self) -> int:
        """Bytes that are not there yet."""
        return sum(f.size for f in self.files if _size(self.target / f.name) != f.size)


def plan_download(offer: Offer, target: Path) -> Download:
    """Ask the hub what an offer consists of; nothing is downloaded.

    Raises:
        DownloadError: the hub cannot be reached, or has no such model.
    """
    import huggingface_hub as hub

    with _explained(offer):
        info = hub.HfApi().model_info(offer.repo, files_metadata=True)
    found = [_planned(sibling) for sibling in info.siblings or ()]
    files = _chosen(offer, [file for file in found if is_inside_name(file.name)])
    if not files:
        raise DownloadError(
            f"{offer.name} is not at {offer.repo} as it used to be.",
            hint="Download it with a browser, then: regrain models add PATH",
        )
    page = f"{hub.constants.ENDPOINT}/{offer.repo}"
    licence = _licence(info) or offer.licence
    return Download(offer, str(info.sha), files, target, licence, bool(info.gated), page)


def fetch(download: Download, progress: OnBytes | None = None) -> Path:
    """Download what is not there yet; go on in the middle of a file that was broken off.

    Returns:
        The folder, or the file of a part.

    Raises:
        DownloadError: it did not come through, or is not what the hub says; what came stays.
    """
    _check_space(download)
    download.target.mkdir(parents=True, exist_ok=True)
    meter, done = _Meter(download.bytes, progress), 0
    for file in download.files:
        path = download.target / file.name
        if _size(path) != file.size:
            _fetch_file(download, file, meter)
        done += file.size
        meter.done = done
        meter.show()
    if download.offer.kind is OfferKind.PART:
        return download.target / download.files[0].name
    return download.target


class _Meter:
    """Counts bytes over several files; made into progress bars by huggingface_hub."""

    def __init__(self, total: int, progress: OnBytes | None) -> None:
        self.done, self._total, self._progress = 0, total, progress

    def show(self) -> None:
        if self._progress is not None:
            self._progress(min(self.done, self._total), self._total)

    def bar(self, *_: Any, initial: int = 0, **__: Any) -> _Bar:
        return _Bar(self, self.done, initial)


class _Bar:
    """What huggingface_hub takes for a progress bar of one file."""

    def __init__(self, meter: _Meter, before: int, initial: int) -> None:
        self._meter, self._before = meter, before
        self.n = 0
        self.update(initial)

    def update(self, n: float | None = 1) -> None:
        self.n += int(n or 0)
        self._meter.done = self._before + self.n
        self._meter.show()

    def close(self) -> None:
        pass

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _fetch_file(download: Download, file: PlannedFile, meter: _Meter) -> None:
    """Fetch a file under another name first; what an earlier try left of it is gone on with."""
    path = download.target / file.name
    part = path.with_name(f"{path.name}.{download.revision[:12]}.part")
    path.parent.mkdir(parents=True, exist_ok=True)
    with _explained(download.offer, download.page):
        _receive(download, file, part, meter)
        whole = not file.sha256 or file_sha256(part) == file.sha256
        if whole:
            part.replace(path)
            return
        part.unlink()
    raise DownloadError(
        f"{file.name} of {download.offer.name} did not arrive as the hub has it.",
        hint="Try again; only this file is fetched anew.",
    )


def _receive(download: Download, file: PlannedFile, part: Path, meter: _Meter) -> None:
    import huggingface_hub as hub
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils._headers import build_hf_headers

    # hf_hub_download begins anew each time: since 2.x it keeps nothing of a broken download.
    have = _size(part) or 0
    with part.open("ab" if have <= file.size else "wb") as stream:
        http_get(
            hub.hf_hub_url(download.offer.repo, file.name, revision=download.revision),
            stream,
            resume_size=stream.tell(),
            headers=build_hf_headers(),
            expected_size=file.size,
            displayed_filename=file.name,
            tqdm_class=cast(Any, meter.bar),
        )


def _planned(sibling: Any) -> PlannedFile:
    lfs = sibling.lfs
    sha256 = getattr(lfs, "sha256", "") if lfs is not None else ""
    return PlannedFile(str(sibling.rfilename), int(sibling.size or 0), str(sha256 or ""))


def _chosen(offer: Offer, files: Sequence[PlannedFile]) -> tuple[PlannedFile, ...]:
    if offer.kind is OfferKind.PART:
        return tuple(file for file in files if file.name == offer.file)
    # Whatever lies elsewhere is for other programs.
    parts = FAMILIES[offer.family].components
    names = [f for f in files if f.name == MODEL_INDEX or _folder(f) in parts]
    taken = [f for f in names if not any(fnmatchcase(f.name, odd) for odd in _NOT_TAKEN)]
    small = [f for f in taken if _is_settings(f)]
    if MODEL_INDEX not in {file.name for file in small}:
        return ()
    if offer.kind is OfferKind.SETTINGS:
        return tuple(file for file in small if ".index." not in file.name)
    weights = [file for file in taken if file.name.endswith(".safetensors")]
    return (*small, *_of_one_form(weights, offer.form))


def _folder(file: PlannedFile) -> str:
    return PurePosixPath(file.name).parent.as_posix()


def _is_settings(file: PlannedFile) -> bool:
    return file.name.endswith(_SETTINGS_SUFFIXES) and file.size <= _MAX_SETTINGS


def _of_one_form(weights: Sequence[PlannedFile], form: str) -> Iterator[PlannedFile]:
    """Yield each component's weights once: in this form where there is one, else the plain one."""
    folders: dict[str, list[PlannedFile]] = {}
    for file in weights:
        folders.setdefault(_folder(file), []).append(file)
    for files in folders.values():
        formed = [file for file in files if form and f".{form}" in file.name]
        plain = [file for file in files if PurePosixPath(file.name).name.count(".") == 1]
        yield from formed or plain or files


def _licence(info: Any) -> str:
    card = info.card_data
    named = getattr(card, "license_name", None) or getattr(card, "license", None)
    return str(named) if named and named != "other" else ""


def _check_space(download: Download) -> None:
    place = download.target
    while not place.exists():
        place = place.parent
    free, needed = shutil.disk_usage(place).free, download.bytes_left
    if needed + _SPARE_BYTES > free and needed > 0:
        raise DownloadError(
            f"{download.offer.name} takes {needed / 1e9:.1f} GB, but {free / 1e9:.1f} GB are free "
            f"in {place}.",
            hint="Make room, then try again.",
        )


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


@contextmanager
def _explained(offer: Offer, page: str = "") -> Iterator[None]:
    """Say in our words why something did not come."""
    from huggingface_hub import errors

    try:
        yield
    except DownloadError:
        raise
    except errors.GatedRepoError as error:
        where = page or f"https://huggingface.co/{offer.repo}"
        raise DownloadError(
            f"{offer.name} is only given to those who accept its licence ({offer.licence}).",
            hint=f"Accept it at {where}, then log in with: hf auth login",
        ) from error
    except errors.OfflineModeIsEnabled as error:
        raise DownloadError(
            "Downloads are switched off here by HF_HUB_OFFLINE.", hint="Unset it, then try again."
        ) from error
    except errors.RepositoryNotFoundError as error:
        raise DownloadError(
            f"The hub has no {offer.repo} that may be seen without an account.",
            hint="Log in with: hf auth login",
        ) from error
    except _foreign_errors() as error:
        raise DownloadError(
            f"{offer.name} could not be downloaded: {_first_line(error)}",
            hint="What came is kept: the same again goes on there.",
        ) from error


def _foreign_errors() -> tuple[type[Exception], ...]:
    """Return what huggingface_hub lets through when something fails."""
    from huggingface_hub import errors

    # What its own error is a child of is the network library's, whichever it has.
    bases = [kind for kind in errors.HfHubHTTPError.__mro__ if issubclass(kind, Exception)]
    network = [kind for kind in bases if kind is not Exception]
    return (*network, errors.EntryNotFoundError, OSError, ValueError)


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
