"""Models are found where they lie, pinned once, and never used as something else later."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import ModelNotFoundError, ModelUntrustedError, SettingsError
from core.models.found import SETTINGS_MISSING, ExtraFile, ExtraKind
from core.models.pins import UNPINNED
from core.models.shelf import ModelShelf
from core.models.spec import (
    BUILTIN_ID,
    Layout,
    ModelRegistry,
    ModelSpec,
    all_files,
    builtin_spec,
    verify_files,
)
from tests.core.models import layouts
from tests.families.original import save_single, save_vae

Families = Callable[..., Path]


@pytest.fixture
def shelf(own_home: Path) -> ModelShelf:
    return ModelShelf(own_home / "models")


@pytest.fixture
def folder(family_folder: Families, tmp_path: Path) -> Path:
    """A model of our own, in the diffusers layout."""
    return Path(shutil.copytree(family_folder("sd1"), tmp_path / "DreamShaper 8"))


@pytest.fixture
def single(family_folder: Families, tmp_path: Path) -> Path:
    return save_single(family_folder("sd1"), tmp_path / "files" / "photon_v1.safetensors", "sd1")


def test_a_folder_is_added_pinned_and_found_again(shelf: ModelShelf, folder: Path) -> None:
    seen: list[tuple[int, int]] = []
    spec = shelf.add(folder, progress=lambda done, total: seen.append((done, total)))
    assert spec.id == "sd15-dreamshaper-8"
    assert (spec.family, spec.layout, spec.missing) == ("sd1", Layout.DIFFUSERS, ())
    assert all(entry.sha256 != UNPINNED and entry.mtime_ns for entry in spec.files)
    assert seen[-1][0] == seen[-1][1] == sum(entry.size for entry in spec.files)
    again = ModelShelf(shelf.home)
    assert again.get(spec.id) == spec
    assert again.check(spec, deep=True) == ()
    assert again.add(folder).id == spec.id, "added twice it is still one"
    verify_files(spec)


def test_the_registry_has_the_shelf_and_takes_paths(
    shelf: ModelShelf, folder: Path, single: Path
) -> None:
    """`run --model PATH` works with a file that was never added."""
    registry = ModelRegistry({BUILTIN_ID: builtin_spec()}, shelf)
    spec = registry.get(str(folder))
    assert registry.get(spec.id) == spec
    assert registry.get(str(single)).layout is Layout.SINGLE
    assert set(registry.all()) == {BUILTIN_ID, spec.id, "sd15-photon-v1"}
    with pytest.raises(ModelNotFoundError, match="no model called sd15") as caught:
        registry.get("sd15")
    assert spec.id in caught.value.hint
    with pytest.raises(ModelNotFoundError, match="no file or folder"):
        registry.get("/nowhere/model.safetensors")


def test_a_single_file_needs_settings_and_takes_those_of_a_folder(
    shelf: ModelShelf, folder: Path, single: Path
) -> None:
    """A checkpoint from Civitai works offline as soon as any model of its family is there."""
    spec = shelf.add(single)
    assert spec.missing == (SETTINGS_MISSING,)
    with pytest.raises(ModelNotFoundError, match="needs the settings and tokenizers") as caught:
        shelf.get(spec.id)
    assert f"regrain models download {spec.id}" in caught.value.hint
    shelf.add(folder)
    whole = shelf.get(spec.id)
    assert whole.missing == ()
    assert whole.config_folder is not None
    assert (whole.config_folder / "tokenizer").is_dir()
    shutil.rmtree(folder)
    verify_files(shelf.get(spec.id))


def test_settings_of_a_model_of_other_sizes_are_none(
    shelf: ModelShelf, folder: Path, single: Path
) -> None:
    """A model would be built to the measures of another one, and not load."""
    shelf.add(folder)
    (note,) = (shelf.home / "configs").glob("*/regrain-settings.json")
    values = json.loads(note.read_text())
    values["parameters"]["unet"] += 1
    note.write_text(json.dumps(values))
    assert shelf.add(single).missing == (SETTINGS_MISSING,)


@pytest.mark.parametrize("how", ["changed", "swapped", "gone", "moved"])
def test_a_changed_file_is_noticed_before_it_is_used(
    shelf: ModelShelf, folder: Path, how: str
) -> None:
    """Other weights under the same name would repaint thousands of photographs differently."""
    spec = shelf.add(folder)
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    data = bytearray(weights.read_bytes())
    if how == "changed":
        data[-3] ^= 1
        weights.write_bytes(data)
    elif how == "swapped":
        data[-3] ^= 1
        weights.unlink()
        weights.write_bytes(data)
        os.utime(weights, ns=(0, 0))
    elif how == "gone":
        weights.unlink()
    else:
        folder.rename(folder.with_name("elsewhere"))
    kind = ModelUntrustedError if how in ("changed", "swapped") else ModelNotFoundError
    with pytest.raises(kind, match=r"diffusion_pytorch_model|model_index"):
        shelf.get(spec.id)
    assert shelf.check(spec)
    with pytest.raises(kind):
        verify_files(spec)


def test_a_model_that_was_moved_keeps_its_id_when_it_is_added_there(
    shelf: ModelShelf, folder: Path
) -> None:
    """Recipes and watched folders name models by their ids."""
    spec = shelf.add(folder)
    elsewhere = folder.rename(folder.with_name("renamed"))
    moved = shelf.add(elsewhere)
    assert (moved.id, moved.folder) == (spec.id, elsewhere)
    assert list(shelf.specs()) == [spec.id]
    assert shelf.get(spec.id) == moved


def test_a_tokenizer_may_be_longer_than_settings(shelf: ModelShelf, folder: Path) -> None:
    """Qwen's has eleven megabytes."""
    path = folder / "tokenizer" / "tokenizer.json"
    path.write_text(path.read_text() + " " * (11 << 20))
    assert shelf.get(shelf.add(folder).id).missing == ()


def test_a_file_that_was_only_touched_is_read_again_and_kept(
    shelf: ModelShelf, folder: Path
) -> None:
    spec = shelf.add(folder)
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    os.utime(weights, ns=(1, 1))
    after = shelf.get(spec.id)
    assert after.hashes() == spec.hashes()
    assert {entry.mtime_ns for entry in after.files} != {entry.mtime_ns for entry in spec.files}
    assert shelf.get(spec.id) is not None
    reads: list[int] = []
    assert shelf.get(spec.id, progress=lambda done, _: reads.append(done)) == after
    assert reads == [], "and then not again"


def test_models_of_a1111_lie_where_they_lay(
    shelf: ModelShelf, family_folder: Families, tmp_path: Path
) -> None:
    root = layouts.a1111(tmp_path / "stable-diffusion-webui", family_folder)
    report = shelf.add_root(root)
    found = {spec.id: spec for spec in report.models}
    assert set(found) == {"sd15-dreamshaper-8", "sdxl-juggernautxl-v9turbo"}
    turbo = found["sdxl-juggernautxl-v9turbo"]
    assert (turbo.variant, turbo.distilled) == ("turbo", True)
    assert all(entry.sha256 == UNPINNED for spec in found.values() for entry in spec.files)
    vae = ExtraFile(
        kind=ExtraKind.VAE,
        name="vae-ft-mse-840000",
        path=root / "models/VAE/vae-ft-mse-840000.safetensors",
        family="sd1",
    )
    assert report.extras == (vae,)
    assert shelf.extras("vae", "sd1") == (vae,)
    assert shelf.extras("vae", "sdxl") == shelf.extras("lora") == ()
    words = {refusal.path.name: refusal.reason for refusal in report.refused}
    assert words["old.ckpt"] == "old.ckpt can run code when opened, so Regrain does not open it."
    assert set(shelf.specs()) == set(found)
    shelf.add(family_folder("sd1"))
    pinned = shelf.get("sd15-dreamshaper-8")
    assert all(entry.sha256 != UNPINNED for _, entry in all_files(pinned)), "read at its first use"
    shelf.refresh()
    assert shelf.specs()["sd15-dreamshaper-8"] == pinned, "a later scan takes nothing away"
    shelf.remove_root(root)
    assert "sdxl-juggernautxl-v9turbo" not in shelf.specs()
    assert "sd15-dreamshaper-8" in shelf.specs(), "what was used stays"
    assert shelf.roots() == ()


def test_parts_of_comfyui_are_put_together(
    shelf: ModelShelf, family_folder: Families, tmp_path: Path
) -> None:
    root = layouts.comfyui(tmp_path / "ComfyUI", family_folder, without=("text_encoder_2",))
    (spec,) = shelf.add_root(root).models
    assert (spec.family, spec.layout) == ("flux", Layout.PARTS)
    assert spec.missing == ("t5xxl", SETTINGS_MISSING)
    with pytest.raises(ModelNotFoundError, match="needs t5xxl and the settings and tokenizers"):
        shelf.get(spec.id)
    shutil.rmtree(root)
    layouts.comfyui(root, family_folder)
    shelf.add(family_folder("flux"))
    shelf.refresh()
    whole = shelf.get(spec.id)
    roles = {entry.role: entry.path for entry in whole.files}
    assert roles == {
        "transformer": "diffusion_models/flux1-dev.safetensors",
        "text_encoder": "clip/clip_l.safetensors",
        "text_encoder_2": "text_encoders/t5xxl_fp16.safetensors",
        "vae": "vae/ae.safetensors",
    }
    assert whole.folder == root / "models"
    verify_files(whole)


def test_a_transformer_finds_its_parts_beside_it(
    shelf: ModelShelf, family_folder: Families, tmp_path: Path
) -> None:
    root = layouts.comfyui(tmp_path / "ComfyUI", family_folder)
    shelf.add(family_folder("flux"))
    spec = shelf.add(root / "models/diffusion_models/flux1-dev.safetensors")
    assert spec.missing == ()
    assert shelf.get(spec.id) == spec
    with pytest.raises(ModelNotFoundError, match="only a part of a model"):
        shelf.add(root / "models/clip/clip_l.safetensors")


def test_models_of_invokeai_and_of_the_hubs_cache(
    shelf: ModelShelf, family_folder: Families, tmp_path: Path
) -> None:
    root = layouts.invokeai(tmp_path / "invokeai", family_folder)
    found = {spec.id for spec in shelf.add_root(root).models}
    assert "sd15-photon-v1" in found
    assert len(found) == 2
    cache = layouts.hub_cache(tmp_path / "huggingface", family_folder)
    report = shelf.add_root(cache)
    by_name = {spec.name: spec for spec in report.models}
    assert set(by_name) == {"tiny-sd", "v1-5-pruned-emaonly"}
    tiny = by_name["tiny-sd"]
    assert tiny.home == "snapshots/" + "a" * 40, "the revision that main names"
    assert tiny.folder.name == "models--someone--tiny-sd"
    for spec in report.models:
        verify_files(shelf.get(spec.id))
    link = cache / "hub/models--someone--tiny-sd/snapshots" / ("a" * 40)
    assert shelf.add(link).id == tiny.id, "the same by its path"


def test_files_that_go_with_models_are_no_models(
    shelf: ModelShelf, family_folder: Families, tmp_path: Path
) -> None:
    path = save_vae(family_folder("sd1"), tmp_path / "vae-ft-mse.safetensors")
    with pytest.raises(ModelNotFoundError, match="no model but goes with one"):
        shelf.add(path)
    assert [extra.name for extra in shelf.extras()] == ["vae-ft-mse"]
    assert isinstance(shelf.take(path), ExtraFile)
    path.unlink()
    shelf.refresh()
    shelf.complete()
    assert shelf.extras() == ()


def test_removing_forgets_and_deletes_nothing(shelf: ModelShelf, folder: Path) -> None:
    spec = shelf.add(folder)
    shelf.remove(spec.id)
    assert shelf.specs() == {}
    assert (folder / "model_index.json").is_file()
    with pytest.raises(ModelNotFoundError, match="No model called"):
        shelf.remove(spec.id)


def test_two_models_of_one_name_have_ids_of_their_own(
    shelf: ModelShelf, folder: Path, tmp_path: Path
) -> None:
    other = Path(shutil.copytree(folder, tmp_path / "other" / folder.name))
    assert [shelf.add(path).id for path in (folder, other)] == [
        "sd15-dreamshaper-8",
        "sd15-dreamshaper-8-2",
    ]


def test_a_link_to_a_model_is_that_model_under_its_own_name(
    shelf: ModelShelf, folder: Path, single: Path, tmp_path: Path
) -> None:
    shelf.add(folder)
    link = tmp_path / "elsewhere" / "favourite.safetensors"
    link.parent.mkdir()
    link.symlink_to(single)
    spec = shelf.add(link)
    assert spec.name == "favourite"
    verify_files(shelf.get(spec.id))


@pytest.mark.parametrize("text", ["{", "[]", '{"models": [{}]}', '{"models": [{"family": "x"}]}'])
def test_a_damaged_list_is_said_and_left(shelf: ModelShelf, text: str) -> None:
    path = shelf.home / "models.json"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    for act in (shelf.specs, shelf.roots, shelf.extras):
        with pytest.raises(SettingsError, match="list of models"):
            act()
    assert path.read_text() == text
    assert ModelRegistry({BUILTIN_ID: builtin_spec()}, shelf).get(BUILTIN_ID)


def test_family_values_grow_with_the_program(shelf: ModelShelf, folder: Path) -> None:
    """Defaults of a family that are improved reach models that were added long ago."""
    spec = shelf.add(folder)
    kept = json.loads((shelf.home / "models.json").read_text())["models"][0]
    assert "capabilities" not in kept
    assert "defaults" not in kept
    assert ModelShelf(shelf.home).specs()[spec.id] == spec


def _add_many(home: Path, folders: list[Path]) -> None:
    shelf = ModelShelf(home)
    for folder in folders:
        shelf.add(folder)


def test_two_processes_lose_nothing_of_each_other(
    shelf: ModelShelf, folder: Path, tmp_path: Path
) -> None:
    copies = [Path(shutil.copytree(folder, tmp_path / f"model {n}")) for n in range(8)]
    context = multiprocessing.get_context("spawn")
    workers = [
        context.Process(target=_add_many, args=(shelf.home, copies[start::2])) for start in (0, 1)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
    assert [worker.exitcode for worker in workers] == [0, 0]
    specs: dict[str, ModelSpec] = shelf.specs()
    assert {spec.folder for spec in specs.values()} == set(copies)
    assert len(specs) == 8


def test_a_title_cannot_move_the_cursor(
    shelf: ModelShelf, family_folder: Families, tmp_path: Path
) -> None:
    """What a file calls itself stands in lists, and in the terminal."""
    path = save_single(family_folder("sd1"), tmp_path / "a.safetensors", "sd1")
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    header["__metadata__"] = {"modelspec.title": "\ud800Dream\n\x1b[31m\u202eShaper " + "x" * 500}
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data[8 + length :])
    spec = shelf.add(path)
    assert spec.name.startswith("Dream [31m Shaper xxx")
    assert len(spec.name) <= 120
    assert shelf.specs()[spec.id].name == spec.name
