"""Adding models by the window: what is done elsewhere shows up, what fails is said."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication, QDialog, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from core.errors import CoreError, DownloadError
from core.models.found import ExtraFile, ExtraKind, Refusal, ScanReport
from core.models.hub import Download, PlannedFile
from core.models.offers import MODELS
from core.models.shelf import ModelShelf
from core.models.spec import ModelSpec
from core.preferences import user_paths
from core.services import open_services
from desktop.backend import Backend
from desktop.dialogs.models import ModelsDialog
from desktop.models.adding import hub_cache
from desktop.models.desk import ModelDesk, open_shelf
from desktop.models.download_dialog import DownloadQuestion, DownloadsDialog
from desktop.models.refused_dialog import RefusedDialog
from desktop.models.thread import OnBytes, ShelfThread, Task
from desktop.models.words import added_words, download_words, scan_words
from tests.desktop.recipe.families import spec_of

LACKING = spec_of("flux", name="flux1-dev", missing=("t5xxl", "ae"))
LORA = ExtraFile(kind=ExtraKind.LORA, name="grain", path=Path("/l/grain.safetensors"))


@pytest.fixture
def desk(qtbot: QtBot) -> Iterator[ModelDesk]:
    """A desk over the shelf of the test's own home."""
    backend = Backend(open_services)
    folder = user_paths().models
    desk = ModelDesk(backend, lambda: open_shelf(folder))
    yield desk
    assert desk.close()
    assert backend.close()


def put(*specs: ModelSpec) -> None:
    """Put models on the shelf, as a scan does."""
    shelf = ModelShelf(user_paths().models)
    shelf._file.change(lambda now: now.with_models(specs))


def download(**facts: Any) -> Download:
    known: dict[str, Any] = {
        "offer": MODELS["sdxl"],
        "revision": "1",
        "files": (PlannedFile("unet/model.safetensors", 6_900_000_000),),
        "target": Path("/models/downloads/sdxl"),
        "licence": "CreativeML Open RAIL++-M",
        "is_gated": False,
        "page": "https://huggingface.co/stabilityai/stable-diffusion-xl-base-1.0",
    }
    return Download(**(known | facts))


def test_what_another_program_put_on_the_shelf_is_known(desk: ModelDesk, qtbot: QtBot) -> None:
    put(LACKING, spec_of("sdxl"))
    with qtbot.waitSignal(desk.changed, timeout=30_000):
        desk.load()
    assert [spec.id for spec in desk.known.specs] == ["builtin", "flux", "sdxl"]


def test_a_file_that_is_no_model_is_refused_in_words(
    desk: ModelDesk, qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(b"\xff" * 64)
    with qtbot.waitSignal(desk.failed, timeout=30_000) as told:
        desk.add(path)
    assert isinstance(told.args[0], CoreError) and "model.safetensors" in told.args[0].message
    assert desk.busy == ""


def test_a_model_is_removed_and_its_files_stay(
    desk: ModelDesk, qtbot: QtBot, tmp_path: Path
) -> None:
    file = tmp_path / "model.safetensors"
    file.write_bytes(b"weights")
    spec = spec_of("sdxl", folder=tmp_path)
    put(spec)
    with qtbot.waitSignal(desk.changed, timeout=30_000):
        desk.remove(spec)
    assert [one.id for one in desk.known.specs] == ["builtin"]
    assert file.read_bytes() == b"weights"


def test_long_work_tells_how_far_it_is_and_can_be_ended(qtbot: QtBot) -> None:
    going = threading.Event()

    def work(_shelf: ModelShelf, tell: OnBytes) -> None:
        while True:
            tell(3_000_000_000, 6_000_000_000)
            going.set()

    thread = ShelfThread(lambda: open_shelf(user_paths().models))
    outcomes: list[Any] = []
    thread.ended.connect(outcomes.append)
    with qtbot.waitSignal(thread.progressed, timeout=30_000) as told:
        thread.do(Task("Reading", work, print))
    assert told.args == [3_000_000_000, 6_000_000_000]
    assert going.wait(30)
    thread.cancel()
    qtbot.waitUntil(lambda: bool(outcomes), timeout=30_000)
    assert outcomes[0].canceled and outcomes[0].error is None
    assert thread.end()


def test_nothing_is_downloaded_before_the_yes(
    desk: ModelDesk, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: list[object] = []
    monkeypatch.setattr("core.models.downloads.plan_all", lambda _shelf, _offers: (download(),))
    monkeypatch.setattr(
        "core.models.downloads.fetch_all", lambda _shelf, plans, _tell: fetched.append(plans) or ()
    )
    answers = iter([False, True])
    asked: list[dict[str, str]] = []
    monkeypatch.setattr(QDialog, "exec", lambda _dialog: next(answers))
    monkeypatch.setattr(
        "desktop.models.adding.download_words",
        lambda plans: asked.append(download_words(plans)) or asked[-1],
    )
    dialog = ModelsDialog(desk)
    qtbot.addWidget(dialog)
    with qtbot.waitSignal(desk.planned, timeout=30_000):
        desk.plan_download("sdxl")
    assert asked[0]["Size"] == "6.9 GB" and asked[0]["Licence"] == "CreativeML Open RAIL++-M"
    assert fetched == []
    with qtbot.waitSignal(desk.downloaded, timeout=30_000):
        desk.plan_download("sdxl")
    assert fetched == [(download(),)]


def test_a_download_that_fails_says_why(
    desk: ModelDesk, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object) -> None:
        raise DownloadError("The hub cannot be reached.", hint="Try again.")

    monkeypatch.setattr("core.models.downloads.plan_all", fail)
    dialog = ModelsDialog(desk)
    qtbot.addWidget(dialog)
    with qtbot.waitSignal(desk.failed, timeout=30_000):
        desk.plan_download("sdxl")
    assert dialog.news.message == "The hub cannot be reached."


def test_the_dialog_lists_what_lacks_parts_and_offers_to_get_them(
    desk: ModelDesk, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(LACKING)
    wanted: list[str] = []
    monkeypatch.setattr(desk, "plan_download", wanted.append)
    dialog = ModelsDialog(desk, LACKING.id)
    qtbot.addWidget(dialog)
    qtbot.waitUntil(lambda: dialog.list.count() == 2, timeout=30_000)
    assert dialog.current is not None and dialog.current.spec.id == LACKING.id
    assert not dialog.use.isEnabled()
    # Its files are not there at all: that comes first.
    assert "is not complete" in dialog.banner.message
    LACKING_HERE = type(dialog.current)(LACKING, 7)
    dialog.show_models([LACKING_HERE])
    assert dialog.banner.message == "flux1-dev needs t5xxl and ae."
    dialog.banner.findChild(QPushButton).click()
    assert wanted == [LACKING.id]


def test_removing_is_asked_and_the_built_in_model_stays(
    desk: ModelDesk, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(spec_of("sdxl"))
    dialog = ModelsDialog(desk, "sdxl")
    qtbot.addWidget(dialog)
    qtbot.waitUntil(lambda: dialog.list.count() == 2, timeout=30_000)
    monkeypatch.setattr(QMessageBox, "exec", lambda box: box.findChild(QPushButton).click())
    dialog.remove.click()
    qtbot.waitUntil(lambda: dialog.list.count() == 1, timeout=30_000)
    assert not dialog.remove.isEnabled()


def test_what_a_folder_held_is_said_with_the_refused_ones(desk: ModelDesk, qtbot: QtBot) -> None:
    refusal = Refusal(Path("/m/old.ckpt"), "old.ckpt can run code when opened.", "Ask for another.")
    report = ScanReport(Path("/m"), (LACKING, spec_of("sdxl")), (LORA, LORA), (), (refusal,))
    assert scan_words(report) == "m: 2 models (1 lack something), 2 LoRAs, 1 refused."
    dialog = ModelsDialog(desk)
    qtbot.addWidget(dialog)
    desk.scanned.emit(report)
    assert dialog.news.message == scan_words(report)
    refused = RefusedDialog(report)
    qtbot.addWidget(refused)
    item = refused.list.topLevelItem(0)
    assert item is not None and item.text(1).startswith("old.ckpt can run code")


def test_what_was_added_is_said() -> None:
    assert added_words(spec_of("sdxl"))[0] == "Stable Diffusion XL was added."
    assert added_words(LACKING)[0] == "flux1-dev was added, but it needs t5xxl and ae."
    assert added_words(LORA)[0].startswith("grain is a LoRA")


def test_a_gated_model_says_where_its_licence_is_accepted(qtbot: QtBot) -> None:
    facts = download_words((download(is_gated=True),))
    assert "https://huggingface.co" in facts["Account"]
    question = DownloadQuestion(facts)
    qtbot.addWidget(question)
    assert question.yes.isDefault()


def test_the_short_list_names_size_and_licence(qtbot: QtBot) -> None:
    dialog = DownloadsDialog()
    qtbot.addWidget(dialog)
    assert dialog.list.topLevelItemCount() == len(MODELS)
    with qtbot.waitSignal(dialog.wanted) as told:
        dialog.get.click()
    assert told.args == ["sd15"]


def test_the_hubs_cache_is_where_its_library_keeps_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    assert hub_cache() == tmp_path / "hub"
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "x"))
    assert hub_cache() == tmp_path / "x"


def test_every_button_has_a_sentence(desk: ModelDesk, qtbot: QtBot) -> None:
    dialog = ModelsDialog(desk)
    qtbot.addWidget(dialog)
    QApplication.processEvents()
    for button in (dialog.add, dialog.use, dialog.remove, dialog.check, dialog.busy.cancel):
        assert button.toolTip().endswith(".")
