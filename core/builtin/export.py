"""`python -m core.builtin.export CHECKPOINT FOLDER`: the model folder of a training run's state."""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import torch
from diffusers import DDIMScheduler

from core.builtin.network import PhotoDenoiser
from core.builtin.schedule import NUM_TRAIN_TIMESTEPS, make_betas
from core.models.spec import SPEC_NAME, file_sha256


def make_scheduler() -> DDIMScheduler:
    """The scheduler that ships with the model; others are made from its configuration."""
    return DDIMScheduler(
        num_train_timesteps=NUM_TRAIN_TIMESTEPS,
        trained_betas=make_betas(),
        prediction_type="v_prediction",
        clip_sample=False,
        set_alpha_to_one=True,
        timestep_spacing="trailing",
    )


def read_model(folder: Path, dtype: torch.dtype = torch.float32) -> PhotoDenoiser:
    """The model of a folder."""
    model: PhotoDenoiser = PhotoDenoiser.from_pretrained(
        folder, torch_dtype=dtype, use_safetensors=True, local_files_only=True
    )
    return model


def _forget_origin(path: Path) -> None:
    """Drop the folder that the weights were read from, which diffusers writes down."""
    config = json.loads(path.read_text())
    config.pop("_name_or_path", None)
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")


def write_model(model: PhotoDenoiser, folder: Path) -> None:
    """Write configuration, weights and scheduler into `folder`, each file all or nothing."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".export-") as temporary:
        made = Path(temporary)
        model.save_pretrained(made, safe_serialization=True)
        _forget_origin(made / "config.json")
        make_scheduler().save_pretrained(made / "scheduler")
        for path in sorted(made.rglob("*.*")):
            target = folder / path.relative_to(made)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copymode(made, target.parent)
            target.parent.chmod(0o755)
            path.chmod(0o644)
            path.replace(target)
    pin_files(folder)


def pin_files(folder: Path) -> None:
    """Write the sha256 of the model's files into its spec, if the folder has one.

    Only files that are pinned there are ever loaded.
    """
    spec = folder / SPEC_NAME
    if not spec.exists():
        return
    values = json.loads(spec.read_text(encoding="utf-8"))
    files = [
        "config.json",
        "diffusion_pytorch_model.safetensors",
        "scheduler/scheduler_config.json",
    ]
    values["files"] = [{"path": name, "sha256": file_sha256(folder / name)} for name in files]
    spec.write_text(json.dumps(values, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def export_checkpoint(checkpoint: Path, folder: Path) -> int:
    """Write the averaged weights of a checkpoint as a model folder; returns its step."""
    state = torch.load(checkpoint, weights_only=True)
    model = PhotoDenoiser()
    model.load_state_dict(state["average"])
    write_model(model, folder)
    return int(state["step"])


def main(arguments: Sequence[str] | None = None) -> None:
    """Export one checkpoint."""
    parser = argparse.ArgumentParser(prog="python -m core.builtin.export", description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args(arguments)
    export_checkpoint(options.checkpoint, options.folder)


if __name__ == "__main__":
    main()
