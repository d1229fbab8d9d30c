"""Hostile models: folders and files made of a good small one, each with one thing wrong."""

from __future__ import annotations

import json
import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

UNET = "unet/diffusion_pytorch_model.safetensors"
VAE = "vae/diffusion_pytorch_model.safetensors"
TEXT = "text_encoder/model.safetensors"
INDEX = "model_index.json"
Spoil = Callable[[Path], None]


class Canary:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (f"touch {self.path}",)


def program(canary: Path) -> str:
    """Return a module that leaves a file behind when it is imported."""
    return f"import pathlib\npathlib.Path({str(canary)!r}).touch()\nclass Evil: pass\n"


def edit(name: str, **values: object) -> Spoil:
    """Return what sets values in a settings file; None takes one away."""

    def spoil(folder: Path) -> None:
        path = folder / name
        known = json.loads(path.read_text())
        kept = {key: value for key, value in (known | values).items() if value is not None}
        path.write_text(json.dumps(kept))

    return spoil


def put(name: str, data: bytes | str) -> Spoil:
    """Return what writes a file."""

    def spoil(folder: Path) -> None:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)

    return spoil


def drop(*names: str) -> Spoil:
    """Return what deletes files and folders."""

    def spoil(folder: Path) -> None:
        for name in names:
            path = folder / name
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    return spoil


def link(name: str, target: str) -> Spoil:
    """Return what puts a link in a file's or folder's place."""

    def spoil(folder: Path) -> None:
        path = folder / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
        path.symlink_to(target)

    return spoil


def both(*spoils: Spoil) -> Spoil:
    """Return what does several things."""

    def spoil(folder: Path) -> None:
        for one in spoils:
            one(folder)

    return spoil


def shards(*names: str) -> Spoil:
    """Return what replaces the U-Net's weights by an index that names these files."""
    index = json.dumps({"metadata": {}, "weight_map": {f"w{n}": nm for n, nm in enumerate(names)}})
    return both(drop(UNET), put(f"{UNET}.index.json", index))


def odd_number(name: str, value: bytes) -> Spoil:
    """Return what makes the last weight of a file this one."""

    def spoil(folder: Path) -> None:
        path = folder / name
        path.write_bytes(path.read_bytes()[: -len(value)] + value)

    return spoil


def header(name: str, change: Callable[[dict[str, Any]], object]) -> Spoil:
    """Return what writes a file's header anew; its weights stay."""

    def spoil(folder: Path) -> None:
        path = folder / name
        data = path.read_bytes()
        length = int.from_bytes(data[:8], "little")
        values = json.loads(data[8 : 8 + length])
        change(values)
        text = json.dumps(values).encode()
        path.write_bytes(len(text).to_bytes(8, "little") + text + data[8 + length :])

    return spoil


def _first_two_overlap(values: dict[str, Any]) -> None:
    names = [name for name in values if name != "__metadata__"]
    one, two = sorted(names, key=lambda name: values[name]["data_offsets"])[:2]
    size = values[two]["data_offsets"][1] - values[two]["data_offsets"][0]
    values[two]["data_offsets"] = [0, size]
    assert one != two


def _grow_first(values: dict[str, Any]) -> None:
    name = next(name for name in values if name != "__metadata__")
    values[name]["shape"] = [1 << 40]


def deep(count: int) -> str:
    """Return settings so many levels deep."""
    return '{"a":' * count + "1" + "}" * count


Cases = dict[str, tuple[Spoil, str]]
"""What is wrong with a folder: how it is made, and a word of the reason."""


def folders(canary: Path) -> Cases:
    """Return every hostile folder; programs and pickles in them would touch `canary`."""
    pickled = pickle.dumps(Canary(canary), protocol=4)
    code = program(canary)
    return _named(code) | _lying_there(code, pickled) | _leading_away() | _missing() | _lying()


def _named(code: str) -> Cases:
    """What the settings name."""
    return {
        "a pipeline of its own": (edit(INDEX, _class_name="EvilPipeline"), "class"),
        "a pipeline of another library": (edit(INDEX, _class_name=["evil", "X"]), "class"),
        "custom_pipeline": (edit(INDEX, custom_pipeline="someone/evil"), "program of its own"),
        "a part from a module beside it": (
            both(edit(INDEX, unet=["evil", "Evil"]), put("unet/evil.py", code)), "evil"),
        "a part from os": (edit(INDEX, unet=["os", "system"]), "does not run"),
        "a part of an unknown class": (edit(INDEX, vae=["diffusers", "EvilVAE"]), "does not run"),
        "a U-Net as the VAE": (edit(INDEX, vae=["diffusers", "UNet2DConditionModel"]), "vae"),
        "an unknown class in a part's settings": (
            edit("unet/config.json", _class_name="EvilNet"), "EvilNet"),
        "auto_map in a part": (
            edit("unet/config.json", auto_map={"AutoModel": "evil.Evil"}), "program of its own"),
        "auto_map in the tokenizer": (
            edit("tokenizer/tokenizer_config.json", auto_map={"AutoTokenizer": "evil.Evil"}),
            "program of its own"),
        "auto_map in the text encoder": (
            edit("text_encoder/config.json", auto_map={"AutoModel": "evil--x.Evil"}),
            "program of its own"),
        "trust_remote_code": (
            edit("scheduler/scheduler_config.json", trust_remote_code=True), "program of its own"),
        "a scheduler of its own": (
            edit("scheduler/scheduler_config.json", _class_name="EvilScheduler"),
            "EvilScheduler"),
    }  # fmt: skip


def _lying_there(code: str, pickled: bytes) -> Cases:
    """What lies in the folder."""
    return {
        "a program beside the weights": (put("unet/modeling.py", code), "program"),
        "a library beside the weights": (put("tokenizer/evil.so", b"\x7fELF"), "program"),
        "nothing but pickles": (
            both(drop(UNET, VAE, TEXT), put("unet/diffusion_pytorch_model.bin", pickled)),
            "can run code"),
        "a pickle by another name": (put(UNET, pickled), "can run code"),
        "a pickle behind a length": (
            put(TEXT, (64).to_bytes(8, "little") + pickled), "model.safetensors"),
        "a zip by another name": (put(VAE, b"PK\x03\x04" + pickled), "can run code"),
        "a web page by another name": (put(UNET, "<!doctype html><html>401</html>"), "safetensors"),
        "a pointer of Git LFS": (
            put(UNET, "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"),
            "safetensors"),
        "a folder in place of a file": (
            both(drop(UNET), put(f"{UNET}/x.json", "{}")), "not a file"),
    }  # fmt: skip


def _leading_away() -> Cases:
    """Where it leads."""
    return {
        "weights that are a link out": (link(UNET, "/etc/passwd"), "link"),
        "settings that are a link out": (link("unet/config.json", "/etc/hostname"), "link"),
        "a part that is a link out": (link("vae", "/etc"), "link"),
        "shards above the folder": (shards("../../../etc/passwd"), "etc/passwd"),
        "shards at an absolute place": (shards("/etc/passwd"), "etc/passwd"),
        "shards that are pickles": (shards("pytorch_model-00001.bin"), "can run code"),
        "shards that are not there": (shards("a-00001-of-00002.safetensors"), "00001"),
    }  # fmt: skip


def _missing() -> Cases:
    """What is missing."""
    return {
        "no weights": (drop(UNET), "unet"),
        "no settings of a part": (drop("unet/config.json"), "unet"),
        "no folder of a part": (drop("vae"), "vae"),
        "no list of parts": (drop(INDEX), INDEX),
        "an empty list of parts": (put(INDEX, "{}"), "class"),
    }  # fmt: skip


def _lying() -> Cases:
    """What is not as it says."""
    return {
        "a header of 2^63 bytes": (put(UNET, (2**63).to_bytes(8, "little") + b"{}"), "safetensors"),
        "overlapping tensors": (header(UNET, _first_two_overlap), "safetensors"),
        "a tensor of 2^40 numbers": (header(UNET, _grow_first), "too many or too few"),
        "weights cut off": (
            lambda folder: os.truncate(folder / UNET, 100_000), "ends too early"),
        "NaN among the weights": (odd_number(UNET, b"\x00\x00\xc0\x7f"), "no numbers"),
        "infinity among the weights": (odd_number(VAE, b"\x00\x00\x80\x7f"), "no numbers"),
        "settings 100,000 deep": (put("unet/config.json", deep(100_000)), "cannot be read"),
        "settings of 5 MB": (
            put("unet/config.json", json.dumps({"_class_name": "x" * (5 << 20)})), "longer"),
        "settings that are a list": (put("vae/config.json", "[]"), "no settings"),
    }  # fmt: skip


def too_large() -> dict[str, Spoil]:
    """Return settings that ask for more memory than there is, of a kind that a look allows."""
    huge = 1 << 33
    return {
        "a U-Net of 2^33 channels": edit("unet/config.json", block_out_channels=[huge, huge]),
        "a text encoder of 2^33 words": edit("text_encoder/config.json", vocab_size=huge),
        "a text encoder of 10^9 layers": edit("text_encoder/config.json", num_hidden_layers=10**9),
        "a VAE of 10^9 layers": edit("vae/config.json", layers_per_block=10**9),
        "a U-Net without measures": edit("unet/config.json", block_out_channels=[]),
        "a U-Net of words": edit("unet/config.json", block_out_channels=["a", "b"]),
        "other heads than the weights have": edit("unet/config.json", cross_attention_dim=64),
    }
