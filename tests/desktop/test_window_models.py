"""Models in the window, small but whole ones: found as ComfyUI keeps them, chosen, dropped."""

from __future__ import annotations

import io
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from core.events import PreviewKind, PreviewPart
from core.models.shelf import ModelShelf
from core.models.spec import ModelSpec
from core.preferences import user_paths
from core.recipe import Mode, OutputFormat, SchedulerName
from core.services import RenderProgram
from desktop.dialogs.models import ModelsDialog
from tests.desktop.driving import Driver
from tests.desktop.recipe.families import spec_of
from tests.runs import make_photographs

Families = Callable[..., Path]


@pytest.fixture
def comfyui(tmp_path: Path, family_folder: Families) -> Path:
    """ComfyUI's folder: an SDXL checkpoint with its LoRA, and FLUX.1 without t5xxl."""
    from tests.core.models.layouts import comfyui as flux_apart
    from tests.families.loras import save_lora
    from tests.families.original import save_single

    folder = flux_apart(tmp_path / "ComfyUI", family_folder, without=("text_encoder_2",))
    sdxl = family_folder("sdxl")
    save_single(sdxl, folder / "models/checkpoints/juggernautXL.safetensors", "sdxl")
    save_lora(sdxl, folder / "models/loras/film-grain.safetensors", "sdxl")
    shutil.copytree(sdxl, folder / "models/diffusers/sdxl-base")
    return folder


def model(driver: Driver, name: str) -> ModelSpec:
    specs = driver.parts.recipe.draft.specs.values()
    return next(spec for spec in specs if spec.name == name)


def known(driver: Driver, name: str) -> bool:
    return any(spec.name == name for spec in driver.parts.recipe.draft.specs.values())


def put(*specs: ModelSpec) -> None:
    """Have models on the shelf before the window opens."""
    shelf = ModelShelf(user_paths().models)
    shelf._file.change(lambda now: now.with_models(specs))


def show_one(driver: Driver, folder: Path, size: tuple[int, int] = (96, 64)) -> Path:
    """Put one photograph into the window and choose it."""
    folder.mkdir()
    Image.new("RGB", size, (120, 90, 60)).save(folder / "view.jpg", quality=60)
    driver.drop_photographs(folder, expect=1)
    driver.parts.grid.select([driver.photo("view.jpg").id])
    driver.wait(lambda: driver.photo("view.jpg").width == size[0])
    driver.wait(lambda: driver.parts.session.current is not None)
    return folder / "view.jpg"


def test_comfyuis_folder_is_added_and_sdxl_brings_its_own_settings(
    driver: Driver, comfyui: Path, tmp_path: Path
) -> None:
    """Who has models on the disk uses them without reading a manual."""
    driver.open()
    panel = driver.parts.recipe
    driver.parts.desk.scan(comfyui / "models")
    driver.wait(lambda: known(driver, "juggernautXL"))
    lacking = model(driver, "flux1-dev")
    assert "t5xxl" in lacking.missing
    dialog = ModelsDialog(driver.parts.desk, lacking.id)
    driver.qtbot.addWidget(dialog)
    driver.wait(lambda: dialog.current is not None and dialog.current.spec.id == lacking.id)
    assert "needs" in dialog.banner.message and "t5xxl" in dialog.banner.message
    assert not dialog.use.isEnabled()

    sdxl = model(driver, "juggernautXL")
    assert not sdxl.missing
    panel.draft.choose_model(sdxl.id)
    assert "Steps 30" in panel.banner.message and "DPM++ 2M" in panel.banner.message
    fields = panel.form.fields
    assert not fields["prompt"].isHidden() and fields["prompt"].editor.isEnabled()
    assert not fields["guidance_scale"].isHidden()
    panel.form.sections["add_ons"].set_open(True)
    fields["loras"].editor.menu.aboutToShow.emit()  # type: ignore[attr-defined]
    offered = fields["loras"].editor.menu.actions()  # type: ignore[attr-defined]
    assert offered[0].text() == "film-grain"
    show_one(driver, tmp_path / "photos", (6000, 4000))
    panel.draft.choose_model(sdxl.id)
    driver.wait(lambda: "6000" in panel.form.dial.meaning.text())
    first, size = panel.form.dial.meaning.text().splitlines()
    assert first == "Noise level 0.30, runs 9 of 30 steps"
    assert "6000 x 4000" in size
    driver.wait_idle()


def test_a_model_and_a_lora_dropped_on_the_recipe_are_used(driver: Driver, comfyui: Path) -> None:
    """A drop says what is wanted; nobody should have to look for it in a list then."""
    driver.open()
    panel = driver.parts.recipe
    driver.drop(panel, comfyui / "models/diffusers/sdxl-base")
    driver.wait(lambda: panel.draft.spec is not None and panel.draft.spec.family == "sdxl")
    assert panel.recipe.edit.mode is Mode.REPAINT
    driver.drop(panel, comfyui / "models/loras/film-grain.safetensors")
    driver.wait(lambda: panel.recipe.edit.loras)
    assert panel.recipe.edit.loras[0].path.name == "film-grain.safetensors"
    driver.wait_idle()


def test_a_pickled_model_that_is_dropped_runs_nothing(driver: Driver, tmp_path: Path) -> None:
    """The window is the easiest way in for a file from anywhere."""
    canary = tmp_path / "canary"

    class Hostile:
        def __reduce__(self) -> object:
            return Path.touch, (canary,)

    hostile = tmp_path / "model.ckpt"
    hostile.write_bytes(pickle.dumps(Hostile()))
    renamed = tmp_path / "model.safetensors"
    renamed.write_bytes(hostile.read_bytes())
    driver.open()
    banner = driver.parts.banner
    driver.drop(driver.parts.grid, hostile)
    driver.wait(lambda: "can run code when opened" in banner.message)
    banner.clear()
    driver.drop(driver.parts.grid, renamed)
    driver.wait(lambda: "model.safetensors" in banner.message)
    assert not canary.exists()
    assert set(driver.parts.recipe.draft.specs) == {"builtin"}
    driver.wait_idle()


def test_photographs_that_are_dropped_with_a_model_are_taken_too(
    driver: Driver, tmp_path: Path
) -> None:
    """One drop of a whole download must not lose half of it."""
    make_photographs(tmp_path / "trip", ["a.jpg"])
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(b"no model")
    driver.open()
    driver.drop(driver.parts.grid, tmp_path / "trip", weights)
    driver.wait(lambda: len(driver.parts.grid.shown_ids) == 1)
    driver.wait(lambda: "model.safetensors" in driver.parts.banner.message)
    driver.wait_idle()


def test_a_painted_mask_becomes_the_photographs_own(driver: Driver, tmp_path: Path) -> None:
    """What was painted with care must be what is edited, and stay when it is looked away."""
    put(spec_of("sd1"))
    driver.open()
    driver.wait(lambda: "sd1" in driver.parts.recipe.draft.specs)
    show_one(driver, tmp_path / "photos")
    panel = driver.parts.recipe
    panel.draft.choose_model("sd1")
    panel.form.sections["mask"].set_open(True)
    assert driver.window is not None
    masks = driver.window.wiring.masks
    panel.form.fields["mask"].editor.paint.click()  # type: ignore[attr-defined]
    driver.wait(lambda: masks.session is not None)
    assert masks.session is not None
    overlay = masks.session.overlay
    middle = overlay.rect().center()
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QTest.mousePress(overlay, left, none, middle)
    QTest.mouseMove(overlay, middle + QPoint(30, 0))
    QTest.mouseRelease(overlay, left, none, middle + QPoint(30, 0))
    masks.session.bar.feather.setValue(3)
    masks.session.bar.done.click()
    driver.wait(lambda: panel.recipe.edit.mask is not None)
    mask = panel.recipe.edit.mask
    assert mask is not None and mask.path is not None and mask.feather == 3
    assert masks.session is None and not driver.parts.viewer.canvas.look.holding
    with Image.open(mask.path) as image:
        assert image.size == (96, 64)
        assert image.getpixel((48, 32)) == 255 and image.getpixel((2, 2)) == 0
    driver.wait_idle()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_preview_of_a_diffusion_model_is_what_the_batch_makes(
    qtbot: QtBot, family_folder: Families, tmp_path: Path
) -> None:
    """A preview that shows another picture than the result is worse than none."""
    driver = Driver(qtbot, RenderProgram())
    try:
        driver.open()
        panel, previews = driver.parts.recipe, driver.parts.previews.driver
        driver.parts.desk.add(family_folder("sd1"))
        driver.wait(lambda: len(panel.draft.specs) == 2, 120_000)
        show_one(driver, tmp_path / "photos")
        panel.draft.choose_model(next(key for key in panel.draft.specs if key != "builtin"))
        panel.draft.set_values({"num_inference_steps": 4, "scheduler": SchedulerName.EULER})
        panel.draft.set_value("format", OutputFormat.PNG)
        parts: list[PreviewPart] = []
        previews.picture.connect(parts.append)
        panel.draft.set_value("prompt", "a harbour")
        driver.trigger("viewer")
        driver.wait(lambda: parts and parts[-1].kind is PreviewKind.FULL, 240_000)
        driver.run()
        driver.wait(lambda: driver.statuses() == {"view.jpg": "done"}, 240_000)
        output = driver.photo("view.jpg").output
        assert output is not None
        shown = Image.open(io.BytesIO(parts[-1].jpeg)).convert("RGB")
        left, top, width, height = parts[-1].box
        made = Image.open(output).convert("RGB").crop((left, top, left + width, top + height))
        assert shown.size == made.size
        mean = ImageStat.Stat(ImageChops.difference(shown, made)).mean
        assert max(mean) < 4, mean
        driver.wait_idle()
    finally:
        driver.close()
