"""Models that would run code, or are not what they say: refused before anything is opened."""

from __future__ import annotations

import json
import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import ModelNotFoundError, ModelUntrustedError
from core.models import trust
from core.models.spec import (
    ModelFile,
    ModelSpec,
    builtin_spec,
    read_spec,
    verify_files,
)
from core.models.weights_file import MAX_HEADER, read_header
from core.models.weights_numbers import check_numbers
from tests.faults.table import Tally

PIPELINES = {"StableDiffusionPipeline"}
COMPONENTS = {"UNet2DConditionModel", "AutoencoderKL", "CLIPTextModel", "CLIPTokenizer"}


def packed(header: bytes, data: bytes = b"", length: int | None = None) -> bytes:
    return (len(header) if length is None else length).to_bytes(8, "little") + header + data


def weights(
    tensors: dict[str, tuple[str, list[Any], list[Any]]], data: bytes, **more: object
) -> bytes:
    names = ("dtype", "shape", "data_offsets")
    header = {name: dict(zip(names, entry, strict=True)) for name, entry in tensors.items()}
    return packed(json.dumps(header | more).encode(), data)


GOOD = weights(
    {"a": ("F32", [2, 2], [0, 16]), "b": ("BF16", [3], [16, 22]), "empty": ("F16", [0], [22, 22])},
    bytes(22),
    __metadata__={"format": "pt"},
)
F32 = ("F32", [2], [0, 8])


def deep(count: int) -> bytes:
    return b'{"a":' * count + b"1" + b"}" * count


BAD = {
    "nothing": b"",
    "shorter than its length": b"\x01\x02",
    "a header longer than the file": packed(b"{}", length=1000),
    "a header of 2^63 bytes": packed(b"{}", length=2**63),
    "a header of 2^64-1 bytes": packed(b"{}", length=2**64 - 1),
    "a header that is no JSON": packed(b"{nonsense}"),
    "a header that is a list": packed(b"[1, 2]"),
    "a header that is no text": packed(b'{"\xff": 1}'),
    "a header 100,000 deep": packed(deep(100_000)),
    "overlapping tensors": weights({"a": F32, "b": ("F32", [2], [4, 12])}, bytes(12)),
    "the same bytes twice": weights({"a": F32, "b": F32}, bytes(8)),
    "a hole": weights({"a": F32, "b": ("F32", [2], [12, 20])}, bytes(20)),
    "bytes before the first": weights({"a": ("F32", [2], [4, 12])}, bytes(12)),
    "bytes after the last": weights({"a": F32}, bytes(64)),
    "cut short": GOOD[:-3],
    "cut in its header": GOOD[:40],
    "more numbers than bytes": weights({"a": ("F32", [2**40], [0, 8])}, bytes(8)),
    "a shape that wraps round": weights({"a": ("F32", [2**33, 2**33], [0, 0])}, b""),
    "negative sizes": weights({"a": ("F32", [-2, -1], [0, 8])}, bytes(8)),
    "a size of true": weights({"a": ("U8", [True], [0, 1])}, bytes(1)),
    "a size of 2.0": weights({"a": ("F32", [2.0], [0, 8])}, bytes(8)),
    "a thousand dimensions": weights({"a": ("U8", [1] * 1000, [0, 1])}, bytes(1)),
    "backward offsets": weights({"a": ("F32", [0], [8, 0])}, bytes(8)),
    "offsets beyond the end": weights({"a": ("F32", [2], [2**62, 2**62 + 8])}, bytes(8)),
    "another kind of number": weights({"a": ("F16", [2], [0, 8])}, bytes(8)),
    "an unknown kind of number": weights({"a": ("OBJECT", [1], [0, 8])}, bytes(8)),
    "a kind that is a list": packed(b'{"a":{"dtype":["F32"],"shape":[],"data_offsets":[0,4]}}'),
    "a name twice": packed(
        b'{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},'
        b'"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}',
        b"x",
    ),
    "fields of its own": packed(
        b'{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"code":"x"}}', b"x"
    ),
    "a field missing": packed(b'{"a":{"dtype":"U8","shape":[1]}}', b"x"),
    "a huge number": packed(b'{"a":{"dtype":"U8","shape":[' + b"9" * 5000 + b"]}}"),
}


def test_a_damaged_safetensors_file_is_refused_with_a_reason(tmp_path: Path, tally: Tally) -> None:
    path = tmp_path / "a.safetensors"
    path.write_bytes(GOOD)
    assert {name: t.shape for name, t in trust.check_weights(path).items()} == {
        "a": (2, 2),
        "b": (3,),
        "empty": (0,),
    }
    taken = []
    for what, data in BAD.items():
        path.write_bytes(data)
        try:
            trust.check_weights(path)
        except ModelUntrustedError as error:
            assert error.message.startswith("a.safetensors "), what
            assert error.hint
        else:
            taken.append(what)
    tally(45, "a .safetensors file whose header lies", len(BAD), len(taken))
    assert not taken


def test_a_file_cut_or_changed_anywhere_is_refused_or_whole(tmp_path: Path, tally: Tally) -> None:
    """No cut passes; a changed byte of the header passes only where it changes a name."""
    path = tmp_path / "a.safetensors"
    taken = 0
    for cut in range(len(GOOD)):
        path.write_bytes(GOOD[:cut])
        try:
            read_header(path)
        except ModelUntrustedError:
            continue
        taken += 1
    for place in range(len(GOOD) - 22):
        changed = bytearray(GOOD)
        changed[place] ^= 0x55
        path.write_bytes(changed)
        try:
            tensors = read_header(path)
        except ModelUntrustedError:
            continue
        taken += sum(t.end - t.begin for t in tensors.values()) != 22
    tally(45, "a .safetensors file cut or changed at each byte", 2 * len(GOOD) - 22, taken)
    assert taken == 0


def test_a_header_of_a_hundred_megabytes_is_not_read(tmp_path: Path, tally: Tally) -> None:
    path = tmp_path / "a.safetensors"
    with path.open("wb") as file:
        file.write(packed(b"{", length=100_000_000))
        file.truncate(200_000_000)
    tracemalloc.start()
    with pytest.raises(ModelUntrustedError, match="header of 100 MB"):
        trust.check_weights(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    tally(45, "a header of 100 MB", 1, peak > MAX_HEADER)
    assert peak < 1 << 20


@pytest.mark.parametrize("kind", ["F16", "BF16", "F32", "F64"])
def test_weights_that_are_no_numbers_are_found(tmp_path: Path, tally: Tally, kind: str) -> None:
    """NaN in one weight of millions turns every photograph into nothing."""
    wide = {"F16": np.float16, "F32": np.float32, "F64": np.float64}
    path = tmp_path / "a.safetensors"
    missed = 0
    for odd in (0.0, -1.5, np.nan, np.inf, -np.inf):
        values = np.full(1000, -3.25)
        values[517] = odd
        if kind == "BF16":
            data = (values.astype(np.float32).view(np.uint32) >> 16).astype(np.uint16).tobytes()
        else:
            data = values.astype(wide[kind]).tobytes()
        entries = {"first": ("U8", [4], [0, 4]), "last": (kind, [1000], [4, 4 + len(data)])}
        path.write_bytes(weights(entries, b"\xff" * 4 + data))  # type: ignore[arg-type]
        try:
            check_numbers(path, read_header(path))
            found = False
        except ModelUntrustedError as error:
            found = "'last'" in error.message
        missed += found is not (not np.isfinite(odd))
    tally(45, "NaN or infinity among the weights", 3, missed)
    assert not missed


# settings


def write_json(path: Path, values: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(values if isinstance(values, str) else json.dumps(values), encoding="utf-8")
    return path


INDEX = {
    "_class_name": "StableDiffusionPipeline",
    "_diffusers_version": "0.42.0",
    "unet": ["diffusers", "UNet2DConditionModel"],
    "vae": ["diffusers", "AutoencoderKL"],
    "tokenizer": ["transformers", "CLIPTokenizer"],
    "safety_checker": [None, None],
    "requires_safety_checker": False,
}

HOSTILE: dict[str, object] = {
    "no class": {name: value for name, value in INDEX.items() if name != "_class_name"},
    "a class of lists": INDEX | {"_class_name": ["StableDiffusionPipeline"]},
    "a class and a file": INDEX | {"_class_name": ["my_pipeline", "StableDiffusionPipeline"]},
    "a class that is not ours": INDEX | {"_class_name": "os.system"},
    "a class with a path": INDEX | {"_class_name": "StableDiffusionPipeline/../evil"},
    "auto_map": INDEX | {"auto_map": {"AutoModel": "evil.Evil"}},
    "custom_pipeline": INDEX | {"custom_pipeline": "someone/evil"},
    "trust_remote_code": INDEX | {"trust_remote_code": True},
    "a module beside it": INDEX | {"unet": ["my_unet", "UNet2DConditionModel"]},
    "a library that is not ours": INDEX | {"unet": ["os", "system"]},
    "a submodule": INDEX | {"unet": ["diffusers.utils", "UNet2DConditionModel"]},
    "an unknown part": INDEX | {"unet": ["diffusers", "EvilModel"]},
    "a part of three": INDEX | {"unet": ["diffusers", "UNet2DConditionModel", "x"]},
    "a part of lists": INDEX | {"unet": [["diffusers"], "UNet2DConditionModel"]},
    "a part elsewhere": INDEX | {"../../evil": ["diffusers", "AutoencoderKL"]},
    "an absolute part": INDEX | {"/etc": ["diffusers", "AutoencoderKL"]},
    "a part on a drive": INDEX | {"C:evil": ["diffusers", "AutoencoderKL"]},
    "a list": [INDEX],
    "nonsense": "{",
    "100,000 deep": deep(100_000).decode(),
    "five megabytes": json.dumps(INDEX) + " " * (5 << 20),
}

SHARDS: dict[str, object] = {
    "a path upward": {"weight_map": {"a": "../../etc/passwd"}},
    "an absolute path": {"weight_map": {"a": "/etc/passwd"}},
    "a subfolder": {"weight_map": {"a": "sub/a.safetensors"}},
    "a backslash": {"weight_map": {"a": "..\\a.safetensors"}},
    "a drive": {"weight_map": {"a": "C:a.safetensors"}},
    "a pickle": {"weight_map": {"a": "pytorch_model-00001.bin"}},
    "another kind of file": {"weight_map": {"a": "model.json"}},
    "a zero byte": {"weight_map": {"a": "a\0.safetensors"}},
    "no name": {"weight_map": {"a": 3}},
    "no map": {"weight_map": ["a.safetensors"]},
    "nothing": {},
    "a link out": {"weight_map": {"a": "link.safetensors"}},
}


def test_settings_that_ask_for_more_than_numbers_are_refused(
    tmp_path: Path, quiet: list[tuple[str, str]], tally: Tally
) -> None:
    folder = tmp_path / "model"
    for part in ("unet", "vae", "tokenizer"):
        (folder / part).mkdir(parents=True)
    index = write_json(folder / "model_index.json", INDEX)
    parts = trust.read_pipeline(folder, PIPELINES, COMPONENTS)
    assert parts == {name: INDEX[name][1] for name in ("unet", "vae", "tokenizer")}  # type: ignore[index]
    taken = []
    for what, values in HOSTILE.items():
        write_json(index, values)
        try:
            trust.read_pipeline(folder, PIPELINES, COMPONENTS)
        except ModelUntrustedError as error:
            assert error.hint, what
        else:
            taken.append(what)
    (folder / "link.safetensors").symlink_to("/etc/passwd")
    shards = write_json(folder / "m.safetensors.index.json", {"weight_map": {"a": "b.safetensors"}})
    assert trust.read_shards(shards) == ("b.safetensors",)
    for what, values in SHARDS.items():
        write_json(shards, values)
        try:
            trust.read_shards(shards)
        except ModelUntrustedError:
            continue
        taken.append(what)
    tally(46, "settings that name code or files elsewhere", len(HOSTILE) + len(SHARDS), len(taken))
    assert not taken
    assert not quiet, "nothing is looked up, imported or run"


def test_only_data_is_taken_from_a_folder(tmp_path: Path, tally: Tally) -> None:
    folder = tmp_path / "model"
    (folder / "unet").mkdir(parents=True)
    for name in ("model_index.json", "unet/config.json", "unet/a.safetensors", "unet/a.bin"):
        (folder / name).touch()
    (folder / "preview.png").touch()
    kept = [path.relative_to(folder).as_posix() for path in trust.check_folder(folder)]
    assert kept == ["model_index.json", "unet/a.safetensors", "unet/config.json"]
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "b.safetensors").touch()
    spoils: dict[str, Callable[[Path], None]] = {
        "unet/evil.py": Path.touch,
        "evil.so": Path.touch,
        "linked.safetensors": lambda path: path.symlink_to(outside / "b.safetensors"),
        "config.json": lambda path: path.symlink_to("/etc/passwd"),
    }
    taken = []
    for name, spoil in spoils.items():
        spoil(folder / name)
        try:
            trust.check_folder(folder)
        except ModelUntrustedError as error:
            assert name.split("/")[-1] in error.message
        else:
            taken.append(name)
        (folder / name).unlink()
    tally(46, "a model folder with a program, or a link out of it", len(spoils), len(taken))
    assert not taken
    (folder / "unet" / "a.safetensors").unlink()
    with pytest.raises(ModelUntrustedError, match="can run code"):
        trust.check_folder(folder)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in the file system here")
def test_what_is_no_file_does_not_hold_up_anything(tmp_path: Path, tally: Tally) -> None:
    """A pipe in place of a model would be waited for for ever."""
    pipe = tmp_path / "pipe.safetensors"
    os.mkfifo(pipe)
    for act in (trust.check_weights, trust.read_settings, read_header):
        with pytest.raises(ModelUntrustedError, match="not a file"):
            act(pipe)
    tally(46, "a pipe in place of a model's file", 3)


@pytest.mark.parametrize(
    "path", ["../../etc/passwd", "/etc/passwd", "a/../../b.json", "a\\b.json", "C:\\a", "old.ckpt"]
)
def test_a_spec_lists_files_of_its_own_folder_only(tmp_path: Path, path: str, tally: Tally) -> None:
    listed = [{"path": path, "sha256": "0" * 64}]
    values = builtin_spec().model_dump(mode="json", exclude={"folder"}) | {"files": listed}
    write_json(tmp_path / "regrain-model.json", values)
    with pytest.raises(ModelNotFoundError, match="holds no model"):
        read_spec(tmp_path)
    tally(46, "a model's own list that names files elsewhere", 1)


def test_a_linked_file_of_a_model_is_not_followed_out_of_it(tmp_path: Path) -> None:
    (tmp_path / "a.json").symlink_to("/etc/passwd")
    spec: ModelSpec = builtin_spec().model_copy(
        update={"folder": tmp_path, "files": (ModelFile(path="a.json", sha256="0" * 64),)}
    )
    with pytest.raises(ModelUntrustedError, match="link"):
        verify_files(spec)
