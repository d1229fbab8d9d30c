"""Loads a model of a family into components, and makes diffusers' own pipelines of them."""

from __future__ import annotations

import importlib
import inspect
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.engine.latent.files import CONFIG, SCHEDULER_CONFIG, Folder, settings_folder
from core.engine.latent.filling import build_component, first_line
from core.engine.latent.looking import load_processor
from core.engine.latent.placing import Placing
from core.engine.latent.sources import weight_sources
from core.errors import ModelUntrustedError
from core.models.families import FAMILIES, Family
from core.models.fit import Fit, Offload
from core.models.spec import Layout, ModelSpec, Prediction, verify_files
from core.models.trust import MODEL_INDEX

_LEFT_OUT = frozenset({"scheduler", "safety_checker", "feature_extractor", "image_encoder"})
"""Not loaded: made for each photograph, never asked, or loaded when a reference is given."""

_NEVER = {"safety_checker": None, "requires_safety_checker": False, "add_watermarker": False}


@dataclass(frozen=True)
class Components:
    """A loaded model, shared by all photographs.

    Attributes:
        modules: networks and tokenizers by name, as pipelines' constructors take them; a part
            that the model does without is None. No scheduler: every photograph has its own.
        scheduler_config: of the scheduler that came with the model.
        settings: plain values of model_index.json, such as `force_zeros_for_empty_prompt`.
        placing: puts networks where they belong; also those that are added later.
        device: torch's name of where the networks compute.
        dtype: fp32, bf16 or fp16.
    """

    spec: ModelSpec
    modules: dict[str, Any]
    scheduler_config: dict[str, Any]
    device: str
    dtype: str
    settings: dict[str, Any] = field(default_factory=dict)
    placing: Placing = field(default_factory=lambda: Placing("cpu"))

    @property
    def family(self) -> Family:
        """Return what is particular to the model's family."""
        return FAMILIES[self.spec.family]

    @property
    def denoiser(self) -> Any:
        """Return the network that is called at each step."""
        return self.modules[self.family.denoiser]

    def pipeline(self, class_name: str, scheduler: Any, **extra: Any) -> Any:
        """Return a pipeline of diffusers made of these components.

        Args:
            class_name: such as the family's `img2img` or `inpaint`.
            scheduler: an object that nobody else uses.
            extra: further components, such as `controlnet`.
        """
        kind = getattr(importlib.import_module("diffusers"), class_name)
        given = self.settings | self.modules | _NEVER | {"scheduler": scheduler} | extra
        taken = inspect.signature(kind.__init__).parameters
        values = {name: value for name, value in given.items() if name in taken}
        optional = {name: None for name in ("feature_extractor", "image_encoder") if name in taken}
        pipeline = kind(**(optional | values))
        pipeline.set_progress_bar_config(disable=True)
        return pipeline


def load_components(spec: ModelSpec, device: str, dtype: str, fit: Fit | None = None) -> Components:
    """Load a model whose files were checked.

    Args:
        device: torch's name, such as `cpu` or `cuda:0`.
        dtype: fp32, bf16 or fp16.
        fit: what of it lies on the device, and how; None: all of it.

    Raises:
        ModelNotFoundError: a file is missing or cannot be read.
        ModelUntrustedError: a file is not what was added, is damaged, or names a class that is
            not the family's.
    """
    verify_files(spec)
    folder = settings_folder(spec)
    classes = folder.classes(spec.family)
    placing = Placing(device, Offload.NONE if fit is None else fit.offload)
    modules = _empty(spec) | _load_modules(spec, folder, classes, placing, dtype)
    index = folder.settings(MODEL_INDEX)
    plain = {k: v for k, v in index.items() if k[:1] != "_" and not isinstance(v, list | dict)}
    scheduler = _scheduler_config(spec, folder)
    return Components(spec, modules, scheduler, device, dtype, plain, placing)


def _empty(spec: ModelSpec) -> dict[str, Any]:
    return dict.fromkeys(sorted(set(FAMILIES[spec.family].components) - _LEFT_OUT))


def _load_modules(
    spec: ModelSpec, folder: Folder, classes: dict[str, str], placing: Placing, dtype: str
) -> dict[str, Any]:
    wanted = {name: kind for name, kind in classes.items() if name not in _LEFT_OUT}
    sources = weight_sources(spec, folder, wanted)
    modules: dict[str, Any] = {}
    for name, class_name in wanted.items():
        if name not in sources:
            modules[name] = _load_words(folder, name, class_name)
        elif (source := sources[name]) is not None:
            config = folder.settings(f"{name}/{CONFIG}")
            library = "transformers" if name.startswith("text_encoder") else "diffusers"
            module = build_component(library, class_name, config, source, placing.rests, dtype)
            modules[name] = placing.put(module)
    for name, source in sources.items():
        if source is None:
            # Whoever is not there to read has no need of words.
            modules[name.replace("text_encoder", "tokenizer")] = None
    return modules


def _scheduler_config(spec: ModelSpec, folder: Folder) -> dict[str, Any]:
    """Return the scheduler's settings, with what a single file says of itself over them."""
    config = folder.settings(SCHEDULER_CONFIG)
    if spec.layout is Layout.DIFFUSERS or spec.prediction is Prediction.FLOW:
        return config
    return config | {"prediction_type": spec.prediction.value}


def _load_words(folder: Folder, name: str, class_name: str) -> Any:
    """Load a tokenizer or processor from a copy, since its class looks around in its folder."""
    with tempfile.TemporaryDirectory(prefix="regrain-") as copy:
        folder.copy(name, Path(copy))
        try:
            if name == "processor":
                return load_processor(Path(copy))
            kind = getattr(importlib.import_module("transformers"), class_name)
            return kind.from_pretrained(copy, local_files_only=True)
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RuntimeError) as error:
            raise ModelUntrustedError(
                f"The {name} of {folder.name} cannot be used: {first_line(error)}.",
                hint="Download the model again, or choose another one.",
            ) from error
