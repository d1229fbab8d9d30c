"""Folders of models as other programs have them, made of the same small models."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from tests.families.original import save_parts, save_single, save_vae

Families = Callable[..., Path]


def a1111(folder: Path, families: Families) -> Path:
    """AUTOMATIC1111's and Forge's: checkpoints, LoRAs and VAEs by folder, and much else."""
    save_single(
        families("sd1"), folder / "models/Stable-diffusion/dreamshaper_8.safetensors", "sd1"
    )
    sub = folder / "models/Stable-diffusion/xl/juggernautXL_v9Turbo.safetensors"
    save_single(families("sdxl"), sub, "sdxl")
    save_vae(families("sd1"), folder / "models/VAE/vae-ft-mse-840000.safetensors")
    (folder / "models/Stable-diffusion/old.ckpt").write_bytes(b"\x80\x02}q\x00.")
    (folder / "models/ESRGAN").mkdir()
    (folder / "models/ESRGAN/4x.pth").write_bytes(b"PK\x03\x04")
    (folder / "models/Stable-diffusion/notes.txt").write_text("mine")
    return folder


def comfyui(folder: Path, families: Families, *, without: tuple[str, ...] = ()) -> Path:
    """ComfyUI's: transformer, text encoders and VAE apart."""
    places = {
        "transformer": "diffusion_models/flux1-dev.safetensors",
        "text_encoder": "clip/clip_l.safetensors",
        "text_encoder_2": "text_encoders/t5xxl_fp16.safetensors",
        "vae": "vae/ae.safetensors",
    }
    for name, path in save_parts(families("flux"), folder / "made").items():
        place = folder / "models" / places[name]
        place.parent.mkdir(parents=True, exist_ok=True)
        if name not in without:
            path.rename(place)
    shutil.rmtree(folder / "made")
    return folder


def invokeai(folder: Path, families: Families) -> Path:
    """InvokeAI's of version 5 and later: a folder of a number each."""
    numbered = folder / "models" / "3f0a5c1e-1b7e-4f0e-9f4b-0d9c2f1e8a77"
    shutil.copytree(families("sd1"), numbered)
    single = folder / "models" / "77aa5c1e-1b7e-4f0e-9f4b-0d9c2f1e8a99" / "photon_v1.safetensors"
    save_single(families("sd1"), single, "sd1")
    return folder


def hub_cache(folder: Path, families: Families) -> Path:
    """The hub's cache: files are links to blobs; an older revision lies beside the newest."""
    model = folder / "hub" / "models--someone--tiny-sd"
    for revision in ("a" * 40, "b" * 40):
        _snapshot(model, model / "snapshots" / revision, families("sd1"))
    (model / "refs").mkdir()
    (model / "refs" / "main").write_text("a" * 40)
    single = folder / "hub" / "models--someone--one-file"
    blob = save_single(families("sd1"), single / "blobs" / "1234", "sd1")
    link = single / "snapshots" / ("c" * 40) / "v1-5-pruned-emaonly.safetensors"
    link.parent.mkdir(parents=True)
    link.symlink_to(Path("../../blobs") / blob.name)
    return folder


def _snapshot(model: Path, revision: Path, source: Path) -> None:
    for path in sorted(source.rglob("*")):
        if path.is_file():
            name = path.relative_to(source).as_posix()
            blob = model / "blobs" / name.replace("/", "-")
            blob.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, blob)
            link = revision / name
            link.parent.mkdir(parents=True, exist_ok=True)
            up = "../" * (2 + name.count("/"))
            link.symlink_to(f"{up}blobs/{blob.name}")
