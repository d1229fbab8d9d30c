"""The idempotency key: what would give other bytes makes it another, what would not does not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from core.library.keys import job_signature, result_key, settings_digest
from core.models.spec import Capabilities, ModelFile
from core.recipe import (
    EditSettings,
    LoraSetting,
    MetadataRule,
    Mode,
    OnConflict,
    OutputFormat,
    OutputSettings,
    Recipe,
    SchedulerName,
)
from tests.core.library.bench import SPEC, sha256

CLEAN = EditSettings()
REPAINT = EditSettings(mode=Mode.REPAINT)
OUTPUT = OutputSettings()
ABLE = SPEC.model_copy(
    update={"capabilities": Capabilities(**dict.fromkeys(Capabilities.model_fields, True))}
)


def digest(edit: EditSettings, output: OutputSettings = OUTPUT, model: object = SPEC) -> str:
    return settings_digest(edit, output, model)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("edit", "change"),
    [
        (CLEAN, {"strength": 0.9}),
        (CLEAN, {"hold_structure": 50}),
        (CLEAN, {"strength_scale": "native"}),
        (REPAINT, {"amount": "more"}),
        (REPAINT, {"keep_grain": 40}),
        (REPAINT, {"guidance_scale": 7.0}),
        (REPAINT, {"num_inference_steps": SPEC.defaults.num_inference_steps}),
        (CLEAN, {"num_inference_steps": SPEC.defaults.clean_steps}),
        (REPAINT, {"scheduler": SPEC.defaults.scheduler}),
    ],
)
def test_settings_that_do_not_matter_here_do_not_make_results_anew(
    edit: EditSettings, change: dict[str, object]
) -> None:
    changed = EditSettings.model_validate(edit.model_dump() | change)
    assert digest(changed) == digest(edit)


@pytest.mark.parametrize(
    ("edit", "change"),
    [
        (CLEAN, {"amount": "more"}),
        (CLEAN, {"amount": 15}),
        (CLEAN, {"keep_grain": 40}),
        (REPAINT, {"strength": 0.9}),
        (REPAINT, {"hold_structure": 50}),
        (REPAINT, {"seed": 7}),
        (REPAINT, {"seed_mode": "fixed"}),
        (REPAINT, {"num_inference_steps": 7}),
        (REPAINT, {"scheduler": SchedulerName.EULER_A}),
        (REPAINT, {"sigmas": "karras"}),
        (REPAINT, {"size": "tile"}),
        (REPAINT, {"dtype": "fp16"}),
        (REPAINT, {"mode": "clean"}),
    ],
)
def test_settings_that_matter_make_another_key(
    edit: EditSettings, change: dict[str, object]
) -> None:
    changed = EditSettings.model_validate(edit.model_dump() | change)
    assert digest(changed) != digest(edit)


def test_every_edit_setting_is_either_in_the_key_or_known_not_to_matter() -> None:
    """A setting added later and forgotten here would show an old result as the new one."""
    changes: dict[str, object] = {
        "mode": "clean",
        "strength": 0.7,
        "num_inference_steps": 3,
        "guidance_scale": 3.0,
        "scheduler": "heun",
        "sigmas": "beta",
        "prompt": "x",
        "negative_prompt": "y",
        "seed": 3,
        "seed_mode": "fixed",
        "size": "fit",
        "dtype": "bf16",
        "strength_scale": "native",
        "hold_structure": 3,
        "clip_skip": 2,
        "true_guidance": 2.5,
    }
    files = {"loras", "mask", "vae", "control", "reference_image"}
    elsewhere = {"model", "amount", "keep_grain"}
    files |= {"prompts", "wildcards"}  # read before, they make the photograph's own prompt
    assert set(changes) | files | elsewhere == set(EditSettings.model_fields)
    for name, value in changes.items():
        changed = EditSettings.model_validate(REPAINT.model_dump() | {name: value})
        assert digest(changed, model=ABLE) != digest(REPAINT, model=ABLE), name


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("mask", lambda path: {"path": path, "feather": 4}),
        ("vae", lambda path: path),
        ("control", lambda path: {"kind": "tile", "path": path}),
        ("reference_image", lambda path: {"image": path, "path": path}),
    ],
)
def test_files_in_the_settings_count_by_their_content(
    tmp_path: Path, name: str, make: Callable[[Path], object]
) -> None:
    one, copy, other = tmp_path / "1.png", tmp_path / "2.png", tmp_path / "3.png"
    one.write_bytes(b"mask")
    copy.write_bytes(b"mask")
    other.write_bytes(b"another")

    def of(path: Path) -> str:
        return digest(
            EditSettings.model_validate({"mode": "repaint", name: make(path)}), model=ABLE
        )

    assert of(one) == of(copy) != of(other)


def test_loras_count_by_content_weight_and_order(tmp_path: Path) -> None:
    one, other = tmp_path / "1.safetensors", tmp_path / "2.safetensors"
    one.write_bytes(b"1")
    other.write_bytes(b"2")

    def of(*loras: tuple[Path, float]) -> str:
        settings = tuple(LoraSetting(path=path, weight=weight) for path, weight in loras)
        return digest(EditSettings(mode=Mode.REPAINT, loras=settings), model=ABLE)

    keys = {
        of((one, 1.0)),
        of((one, 0.5)),
        of((other, 1.0)),
        of((one, 1.0), (other, 1.0)),
        of((other, 1.0), (one, 1.0)),
    }
    assert len(keys) == 5


@pytest.mark.parametrize(
    "same",
    [
        {"folder": Path("/elsewhere")},
        {"name_template": "{stem}-x"},
        {"on_conflict": OnConflict.SKIP},
    ],
)
def test_where_a_result_goes_is_no_part_of_what_it_is(same: dict[str, object]) -> None:
    assert digest(CLEAN, OutputSettings.model_validate(same)) == digest(CLEAN)


@pytest.mark.parametrize(
    "other",
    [
        {"format": OutputFormat.PNG},
        {"quality": 80},
        {"max_side": 2000},
        {"scale": 0.5},
        {"metadata": MetadataRule.STRIP_LOCATION},
        {"metadata": MetadataRule.STRIP},
        {"provenance": False},
    ],
)
def test_the_form_of_the_file_is_part_of_the_key(other: dict[str, object]) -> None:
    assert digest(CLEAN, OutputSettings.model_validate(other)) != digest(CLEAN)


def test_stripped_metadata_takes_provenance_with_it_so_asking_for_both_is_the_same() -> None:
    stripped = OutputSettings(metadata=MetadataRule.STRIP)
    both = OutputSettings(metadata=MetadataRule.STRIP, provenance=False)
    assert digest(CLEAN, stripped) == digest(CLEAN, both)


def test_other_weights_of_the_model_make_another_key() -> None:
    files = tuple(ModelFile(path="m.safetensors", sha256=sha256(text)) for text in (b"1", b"2"))
    one, other = (SPEC.model_copy(update={"files": (file,)}) for file in files)
    assert digest(CLEAN, model=one) != digest(CLEAN, model=other)


def test_the_key_is_of_the_sources_bytes_and_never_changes_between_versions() -> None:
    """A changed key would make every library edit every photograph anew."""
    assert result_key("a" * 64, "b" * 64) != result_key("c" * 64, "b" * 64)
    known = "74722f6a1d72d97215b3884d2638e0dde160bfafb51ac1ec28a2a6455ab19fdf"
    assert result_key("a" * 64, "b" * 64) == known


def test_the_same_command_has_the_same_signature_however_it_is_written(tmp_path: Path) -> None:
    recipe = Recipe(name="Clean", output=OutputSettings(folder=tmp_path / "out"))
    one = job_signature([tmp_path / "a", tmp_path / "b"], recipe, (0.2, 0.3))
    again = job_signature(
        [tmp_path / "b", tmp_path / "a", tmp_path / "a"],
        recipe.model_copy(update={"name": "Renamed", "sentence": "x", "id": "y"}),
        (0.2, 0.3),
    )
    assert one == again
    assert one != job_signature([tmp_path / "a"], recipe, (0.2, 0.3))
    assert one != job_signature([tmp_path / "a", tmp_path / "b"], recipe, (0.2,))
    assert one != job_signature([tmp_path / "a", tmp_path / "b"], recipe, (0.2, 0.3), again=True)
