"""Each photograph's own words: a wrong one edits the wrong thing, and nobody notices in a batch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import ItemError, Reason, SettingsError
from core.models.found import ExtraFile, ExtraKind
from core.personal import is_personal, personal
from core.prompts.tokens import lora_finder
from core.recipe import EditSettings, LoraSetting, MaskSetting


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "Summer at the lake"
    folder.mkdir()
    path = folder / "IMG_0042.jpg"
    image = Image.fromarray(np.full((16, 16, 3), 90, np.uint8))
    exif = Image.Exif()
    exif[0x0110] = "X100V"
    exif.get_ifd(0x8769)[0x829D] = 5.6
    exif.get_ifd(0x8769)[0x8827] = 400
    image.save(path, exif=exif)
    return path


def edit(prompt: str = "", **values: object) -> EditSettings:
    return EditSettings.model_validate({"mode": "repaint", "prompt": prompt} | values)


def said(prompt: str, source: Path, **values: object) -> str:
    return personal(edit(prompt, **values), source).prompt


def test_settings_without_any_words_are_the_same_object(source: Path) -> None:
    settings = edit()
    assert personal(settings, source) is settings
    assert said("watercolour, (soft:1.2), 50% of $5, [a|b] \\(x\\)", source) == (
        "watercolour, (soft:1.2), 50% of $5, [a|b] \\(x\\)"
    )


def test_tokens_say_what_the_photograph_is(source: Path) -> None:
    assert said("{filename} of {folder}", source) == "IMG_0042 of Summer at the lake"
    assert said("{exif:Model} f{exif:FNumber} {exif:iso}", source) == "X100V f5.6 400"
    assert said("a{exif:LensModel}b", source) == "ab", "what is not there is left out"


@pytest.mark.parametrize(
    ("prompt", "words"),
    [("{file_name}", "There is no {file_name}"), ("{exif:Modell}", "EXIF has nothing called")],
)
def test_a_token_that_means_nothing_is_refused_not_sent_to_the_model(
    source: Path, prompt: str, words: str
) -> None:
    with pytest.raises(SettingsError, match=words):
        said(prompt, source)


def test_a_files_name_is_words_and_no_syntax(source: Path) -> None:
    odd = source.with_name("a (1) {x|y} __z__ [b] $c.jpg")
    source.rename(odd)
    assert said("{filename}", odd) == "a 1 x y z b c"


def test_a_text_file_or_a_csv_gives_each_photograph_its_prompt(
    source: Path, tmp_path: Path
) -> None:
    (tmp_path / "IMG_0042.txt").write_text("a boat,\n{exif:Model}\n", encoding="utf-8-sig")
    assert said("sea", source, prompts=tmp_path) == "a boat, X100V"
    assert said("sea", source.with_name("IMG_0043.jpg"), prompts=tmp_path) == "sea"
    table = tmp_path / "prompts.csv"
    table.write_text(
        'Filename,Prompt,Negative_prompt\nimg_0042.JPG,"a boat, red",people\nIMG_0044,,\n',
        encoding="utf-8",
    )
    own = personal(edit("sea", prompts=table, negative_prompt="dogs"), source)
    assert (own.prompt, own.negative_prompt) == ("a boat, red", "people")
    other = personal(edit("sea", prompts=table, negative_prompt="dogs"), source.with_stem("x"))
    assert (other.prompt, other.negative_prompt) == ("sea", "dogs")
    table.write_text("IMG_0042;ein Boot; \n", encoding="utf-8")
    assert said("sea", source, prompts=table) == "ein Boot"


def test_prompts_that_cannot_be_read_stop_before_anything_is_made(
    source: Path, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        said("sea", source, prompts=tmp_path / "gone.csv")
    (tmp_path / "IMG_0042.txt").write_bytes(b"\xff\xfe\x00caf\xe9")
    with pytest.raises(ItemError) as caught:
        said("sea", source, prompts=tmp_path)
    assert caught.value.reason is Reason.UNREADABLE


@pytest.fixture
def wildcards(tmp_path: Path) -> Path:
    folder = tmp_path / "wildcards"
    (folder / "place").mkdir(parents=True)
    (folder / "colour.txt").write_text("red\ngreen\nblue\n{pale|deep} violet\n", encoding="utf-8")
    (folder / "place" / "wet.txt").write_text("sea\nlake <lora:wet__v2:0.5>\n", encoding="utf-8")
    (folder / "loop.txt").write_text("a __loop__\n", encoding="utf-8")
    return folder


def test_wildcards_go_by_the_seed_and_the_bytes_whatever_the_name(
    source: Path, wildcards: Path
) -> None:
    """A resumed or renamed photograph must get the same words, another one others."""
    prompt = "{a|b|c|d|e|f|g|h} __colour__ (x:1.2)"
    first = said(prompt, source, wildcards=wildcards)
    assert said(prompt, source, wildcards=wildcards) == first
    renamed = source.rename(source.with_name("other.jpg"))
    assert said(prompt, renamed, wildcards=wildcards) == first
    seeds = {said(prompt, renamed, wildcards=wildcards, seed=seed) for seed in range(12)}
    assert len(seeds) > 6
    assert all(words.endswith(" (x:1.2)") for words in seeds)
    renamed.write_bytes(renamed.read_bytes() + b"more")
    others = {said(prompt, renamed, wildcards=wildcards, seed=seed) for seed in range(12)}
    assert others != seeds


def test_done_twice_it_changes_nothing_more(source: Path, wildcards: Path, tmp_path: Path) -> None:
    files = [ExtraFile(kind=ExtraKind.LORA, name="wet__v2", path=tmp_path / "w.safetensors")]
    settings = edit("{a|b} __place/wet__ {exif:Model}", wildcards=wildcards, seed=1)
    once = personal(settings, source, find_lora=lora_finder(files))
    assert personal(once, source) == once
    assert (once.prompts, once.wildcards) == (None, None)


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        ("__nothing__", "no wildcard called nothing in wildcards"),
        ("__../secret__", "no wildcard|cannot be read"),
        ("__loop__", "without end|cannot be read"),
        ("{2$$%|a}", "cannot be read"),
    ],
)
def test_a_wildcard_that_is_none_is_refused(
    source: Path, wildcards: Path, prompt: str, words: str
) -> None:
    if ".." in prompt:
        (wildcards.parent / "secret.txt").write_text("secret", encoding="utf-8")
        assert "secret" not in said(prompt, source, wildcards=wildcards).replace("../secret", "")
        return
    with pytest.raises(SettingsError, match=words):
        said(prompt, source, wildcards=wildcards)


def test_wildcards_need_their_folder_choices_do_not(source: Path, tmp_path: Path) -> None:
    assert said("{boat|ship}", source) in ("boat", "ship")
    with pytest.raises(SettingsError, match="no folder of wildcards"):
        said("__colour__", source)
    with pytest.raises(SettingsError, match="no folder of wildcards at"):
        said("__colour__", source, wildcards=tmp_path / "gone")


def test_lora_tags_move_to_the_settings(source: Path, tmp_path: Path) -> None:
    ink, oil = tmp_path / "Ink.safetensors", tmp_path / "oil.safetensors"
    files = [ExtraFile(kind=ExtraKind.LORA, name=path.stem, path=path) for path in (ink, oil)]
    settings = edit("a boat <lora:ink:0.7>, sea <lora:oil>", loras=[{"path": oil, "weight": 0.2}])
    own = personal(settings, source, find_lora=lora_finder(files))
    assert own.prompt == "a boat , sea"
    assert set(own.loras) == {
        LoraSetting(path=oil, weight=1.0),
        LoraSetting(path=ink, weight=0.7),
    }


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"prompt": "<lora:gone:1>"}, "no LoRA called gone"),
        ({"prompt": "<lora:ink:much>"}, "weight"),
        ({"prompt": "<lora:ink:9>"}, "weight"),
        ({"prompt": "<hypernet:ink:1>"}, "LoRA files only"),
        ({"prompt": "a", "negative_prompt": "<lora:ink:1>"}, "negative prompt"),
    ],
)
def test_a_lora_that_would_do_nothing_is_refused(
    source: Path, tmp_path: Path, values: dict[str, str], words: str
) -> None:
    files = [ExtraFile(kind=ExtraKind.LORA, name="ink", path=tmp_path / "ink.safetensors")]
    with pytest.raises(SettingsError, match=words):
        personal(edit(**values), source, find_lora=lora_finder(files))


@pytest.mark.parametrize(
    "name", ["IMG_0042.png", "IMG_0042_mask.PNG", "IMG_0042-mask.jpg", "IMG_0042.jpg.png"]
)
def test_a_photographs_mask_is_found_by_its_name(source: Path, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "masks"
    folder.mkdir()
    (folder / name).write_bytes(b"-")
    (folder / "IMG_00421.png").write_bytes(b"-")
    own = personal(edit(mask=MaskSetting(path=folder, grow=3)), source)
    assert own.mask == MaskSetting(path=folder / name, grow=3)


def test_beside_the_photographs_a_mask_is_never_the_photograph_itself(source: Path) -> None:
    with pytest.raises(ItemError, match="nothing says what is to be edited"):
        personal(edit(mask=MaskSetting(path=source.parent)), source)
    mask = source.with_name("IMG_0042_mask.png")
    mask.write_bytes(b"-")
    own = personal(edit(mask=MaskSetting(path=source.parent)), source)
    assert own.mask is not None
    assert own.mask.path == mask


def test_a_missing_mask_fails_that_photograph(source: Path, tmp_path: Path) -> None:
    with pytest.raises(ItemError) as caught:
        personal(edit(mask=MaskSetting(path=tmp_path / "gone.png")), source)
    assert caught.value.reason is Reason.UNREADABLE
    assert personal(edit(mask=MaskSetting()), source).mask == MaskSetting()


def test_what_differs_by_photograph_is_known(tmp_path: Path) -> None:
    assert not is_personal(edit("a boat (red:1.2)"))
    assert not is_personal(edit(mask=MaskSetting(path=tmp_path / "one.png")))
    for settings in (
        edit("{a|b}"),
        edit("__x__"),
        edit(negative_prompt="{folder}"),
        edit(prompts=tmp_path),
        edit(mask=MaskSetting(path=tmp_path)),
    ):
        assert is_personal(settings)


def test_nothing_heavy_is_loaded_for_plain_prompts(tmp_path: Path) -> None:
    code = "import sys, core.personal, core.working_size; print('torch' in sys.modules,"
    code += " 'dynamicprompts' in sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert ran.stdout.split() == ["False", "False"]
