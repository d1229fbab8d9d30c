"""Models, said in lines."""

from __future__ import annotations

from core.cli.console import Console
from core.models.spec import BUILTIN_ID, ModelRegistry, ModelSpec, builtin_spec

_ABILITIES = {
    "clean": "cleans",
    "strength": "repaints",
    "prompt": "takes a prompt",
    "negative_prompt": "takes a negative prompt",
    "guidance": "takes guidance",
    "inpaint": "takes a mask",
    "lora": "takes LoRAs",
}


def describe_models(console: Console) -> None:
    """Write one line a model: id, licence, what it can do."""
    for model in _registry().specs.values():
        console.result(f"{model.id}  {model.name}: {_abilities(model)} ({model.licence})")
        console.json(model.model_dump(mode="json"))


def describe_model(name: str, console: Console) -> None:
    """Write what is known of one model, a fact a line.

    Raises:
        ModelNotFoundError: there is none of that name.
    """
    model = _registry().get(name)
    console.json(model.model_dump(mode="json"))
    for label, value in _facts(model).items():
        console.result(f"{label:12} {value}")


def _registry() -> ModelRegistry:
    return ModelRegistry({BUILTIN_ID: builtin_spec()})


def _abilities(model: ModelSpec) -> str:
    able = model.capabilities.model_dump()
    return ", ".join(words for name, words in _ABILITIES.items() if able[name])


def _facts(model: ModelSpec) -> dict[str, str]:
    defaults = model.defaults
    return {
        "id": model.id,
        "name": f"{model.name}. {model.sentence}",
        "can": _abilities(model),
        "family": model.family,
        "made for": f"{model.native_size} x {model.native_size} pixels; larger ones in tiles",
        "schedulers": ", ".join(model.schedulers),
        "defaults": f"strength {defaults.strength}, {defaults.num_inference_steps} steps to "
        f"repaint, {defaults.clean_steps} to clean, {defaults.scheduler}",
        "strengths": ", ".join(f"{zone.word} to {zone.until:g}" for zone in model.zones),
        "licence": model.licence,
        "folder": str(model.folder),
        "files": ", ".join(file.path for file in model.files),
    }
