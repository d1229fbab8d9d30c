"""Models, said in lines."""

from __future__ import annotations

from collections.abc import Iterator

from core.cli.console import Console
from core.errors import ModelNotFoundError
from core.models.families import family_name
from core.models.shelf import ModelShelf
from core.models.shelf_words import missing_words
from core.models.spec import BUILTIN_ID, ModelRegistry, ModelSpec, builtin_spec
from core.preferences import user_paths

_ABILITIES = {
    "clean": "cleans",
    "strength": "repaints",
    "instruct": "edits by instruction",
    "prompt": "prompt",
    "negative_prompt": "negative prompt",
    "guidance": "guidance",
    "inpaint": "mask",
    "lora": "LoRAs",
    "vae": "VAE",
    "control": "ControlNet",
    "reference_image": "reference picture",
}


def describe_models(console: Console) -> None:
    """Write one line a model: id, licence, what it can do."""
    for model in _known().values():
        needs = f"; needs {missing_words(model)}" if model.missing else ""
        about = ", ".join(filter(None, [family_name(model), model.licence]))
        console.result(f"{model.id}  {model.name} ({about}): {_abilities(model)}{needs}")
        console.json(model.model_dump(mode="json"))


def describe_model(name: str, console: Console) -> None:
    """Write what is known of one model, a fact a line.

    Raises:
        ModelNotFoundError: there is none of that name.
    """
    known = _known()
    if name not in known:
        raise ModelNotFoundError(
            f"There is no model called {name}.", hint=f"Known: {', '.join(known)}."
        )
    model = known[name]
    console.json(model.model_dump(mode="json"))
    for label, value in _facts(model).items():
        if value:
            console.result(f"{label:12} {value}")


def _known() -> dict[str, ModelSpec]:
    """Return all models; nothing of them is read."""
    shelf = ModelShelf(user_paths().models)
    return ModelRegistry({BUILTIN_ID: builtin_spec()}, shelf).all()


def _abilities(model: ModelSpec) -> str:
    able = model.capabilities.model_dump()
    return ", ".join(words for name, words in _ABILITIES.items() if able[name])


def _defaults(model: ModelSpec) -> Iterator[str]:
    own, able = model.defaults, model.capabilities
    if able.strength:
        yield f"strength {own.strength:g}"
    yield f"{own.num_inference_steps} steps"
    if able.clean:
        yield f"{own.clean_steps} to clean"
    yield own.scheduler
    if able.guidance:
        yield f"guidance {own.guidance_scale:g}"


def _facts(model: ModelSpec) -> dict[str, str]:
    return {
        "id": model.id,
        "name": f"{model.name}. {model.sentence}",
        "can": _abilities(model),
        "family": family_name(model),
        "made for": f"{model.native_size} x {model.native_size} pixels; larger ones in tiles",
        "schedulers": ", ".join(model.schedulers),
        "defaults": ", ".join(_defaults(model)),
        "strengths": ", ".join(f"{zone.word} to {zone.until:g}" for zone in model.zones),
        "licence": model.licence,
        "needs": missing_words(model),
        "folder": str(model.folder),
        "files": ", ".join(file.path for file in model.files),
    }
