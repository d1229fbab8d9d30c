"""What the recipe's settings are called in the window, and what each does in one sentence."""

from __future__ import annotations

from enum import StrEnum
from functools import partial

from PySide6.QtCore import QCoreApplication

from core.recipe import (
    ControlKind,
    Dtype,
    MetadataRule,
    OnConflict,
    OutputFormat,
    SchedulerName,
    SeedMode,
    SigmaSchedule,
    SizeMode,
    StrengthScale,
)
from core.scheduler_facts import facts_of

tr = partial(QCoreApplication.translate, "RecipePanel")


def label(field: str) -> str:
    """Return a field's name as the panel shows it."""
    return {
        "model": tr("Model"),
        "mode": tr("Way"),
        "preset": tr("Preset"),
        "amount": tr("Amount"),
        "strength": tr("Strength"),
        "keep_grain": tr("Keep grain"),
        "num_inference_steps": tr("Steps"),
        "scheduler": tr("Scheduler"),
        "sigmas": tr("Sigmas"),
        "guidance_scale": tr("Guidance"),
        "prompt": tr("Prompt"),
        "negative_prompt": tr("Negative prompt"),
        "true_guidance": tr("True guidance"),
        "loras": tr("LoRAs"),
        "vae": tr("VAE"),
        "clip_skip": tr("Clip skip"),
        "control": tr("ControlNet"),
        "reference_image": tr("Reference picture"),
        "mask": tr("Mask"),
        "prompts": tr("Prompts from files"),
        "wildcards": tr("Wildcards"),
        "seed": tr("Seed"),
        "seed_mode": tr("Seed mode"),
        "size": tr("Size"),
        "dtype": tr("Precision"),
        "strength_scale": tr("Scale"),
        "hold_structure": tr("Hold structure"),
        "strengths": tr("Several"),
        "again": tr("Make again"),
        "review": tr("Review first"),
        "folder": tr("Output"),
        "name_template": tr("File name"),
        "format": tr("Format"),
        "quality": tr("Quality"),
        "max_side": tr("Output size"),
        "scale": tr("Output size"),
        "metadata": tr("Metadata"),
        "on_conflict": tr("If it exists"),
        "provenance": tr("Write recipe"),
    }.get(field, field.replace("_", " ").capitalize())


def sentence(field: str) -> str:
    """Return what a setting does, for its tooltip."""
    return {
        "model": tr("The diffusion model that works on the photographs."),
        "mode": tr(
            "Clean takes the photograph's own noise away; Repaint adds noise and removes it again."
        ),
        "preset": tr("A set of values to start from; what you change stays marked."),
        "amount": tr("How much of the noise that was found is taken away."),
        "strength": tr(
            "How much noise is added before the model cleans the picture. Low keeps your "
            "photograph, high invents. Also called denoising strength."
        ),
        "keep_grain": tr("Gives back some of the finest texture that cleaning would take."),
        "num_inference_steps": tr(
            "Into how many steps the whole way is divided (num_inference_steps); "
            "more steps take longer."
        ),
        "scheduler": tr("The method that takes the noise away step by step; also called sampler."),
        "sigmas": tr("How the noise levels between the first and the last step are spaced."),
        "guidance_scale": tr("How strictly the model follows the prompt (guidance_scale, CFG)."),
        "prompt": tr("What the result should show, in words."),
        "negative_prompt": tr("What the result should not show."),
        "true_guidance": tr(
            "Guidance against the negative prompt (true_cfg_scale); above 1 each step takes twice "
            "as long."
        ),
        "loras": tr("Small files that give the model a style or a subject, each with a weight."),
        "vae": tr("What turns the model's picture into pixels, in the place of its own."),
        "clip_skip": tr("How many of the text encoder's last layers are left out."),
        "control": tr("Holds the photograph's shapes at high strengths."),
        "reference_image": tr("A picture whose look is taken over, by an IP-Adapter."),
        "mask": tr("Where photographs are edited; outside, each result is its photograph."),
        "prompts": tr("A CSV file of prompts, or a folder with NAME.txt for each photograph."),
        "wildcards": tr("A folder of lists; __name__ in a prompt is a line of name.txt."),
        "seed": tr("The number that the noise is made from; the same seed gives the same result."),
        "seed_mode": tr("Where each photograph's seed comes from."),
        "size": tr("At what size the model sees the photograph."),
        "dtype": tr("The number format of the denoiser; auto takes the fastest that does well."),
        "strength_scale": tr("What a strength means: one scale for all models, or diffusers' own."),
        "hold_structure": tr("Holds large shapes and brightness where they are."),
        "strengths": tr("Makes one result of each photograph at each of these strengths."),
        "again": tr("Makes results again even where the same ones are there already."),
        "review": tr("Holds the results in the project until you export the ones you keep."),
        **_output_sentences(),
    }.get(field, "")


def _output_sentences() -> dict[str, str]:
    return {
        "folder": tr("Where results go; without a choice, a folder beside the photographs'."),
        "name_template": tr("How results are named, such as {stem}-clean or {parent}/{stem}."),
        "format": tr("The results' file format."),
        "quality": tr("How much detail the file format keeps; higher makes larger files."),
        "max_side": tr("The results' size in pixels."),
        "scale": tr("The results' size in pixels."),
        "metadata": tr("What of the photograph's metadata goes into the result."),
        "on_conflict": tr("What to do when a file that is not Regrain's has the result's name."),
        "provenance": tr("Writes the recipe into the result; dropped here, it is restored."),
    }


def schedulers() -> dict[StrEnum, tuple[str, str]]:
    """Return the schedulers' names, as their users know them."""
    facts = {name: facts_of(name) for name in SchedulerName}
    return {name: (fact.name, tr(fact.sentence)) for name, fact in facts.items()}


def choices(field: str) -> dict[StrEnum, tuple[str, str]]:
    """Return a field's values with their names and one sentence each."""
    words: dict[str, dict[StrEnum, tuple[str, str]]] = {
        "scheduler": schedulers(),
        "sigmas": {
            SigmaSchedule.NORMAL: (tr("Normal"), tr("even steps, the model's own spacing")),
            SigmaSchedule.KARRAS: ("Karras", tr("more steps where detail is made")),
            SigmaSchedule.EXPONENTIAL: (tr("Exponential"), tr("each step the same share")),
            SigmaSchedule.BETA: ("Beta", tr("more steps at both ends")),
        },
        "seed_mode": {
            SeedMode.PER_PHOTO: (tr("Per photograph"), tr("from its pixels: repeatable")),
            SeedMode.FIXED: (tr("The same for all"), tr("the same noise on each")),
            SeedMode.RANDOM: (tr("New each time"), tr("drawn when the batch is queued")),
        },
        "size": {
            SizeMode.AUTO: (tr("Auto"), tr("whole, in tiles or fitted, as it suits")),
            SizeMode.NATIVE: (tr("Whole"), tr("its own pixels at once; much memory")),
            SizeMode.TILE: (tr("Tiles"), tr("overlapping tiles; little memory")),
            SizeMode.FIT: (tr("Fitted"), tr("made smaller for the model")),
        },
        "dtype": {
            Dtype.AUTO: (tr("Auto"), tr("the fastest that the device does well")),
            Dtype.FP32: ("fp32", tr("exact, slow, most memory")),
            Dtype.BF16: ("bf16", tr("fast on new devices")),
            Dtype.FP16: ("fp16", tr("fast, half the memory")),
        },
        "strength_scale": {
            StrengthScale.NOISE: (tr("Noise level"), tr("one scale for all models")),
            StrengthScale.NATIVE: (tr("Share of steps"), tr("as diffusers counts it")),
        },
        "control_kind": {
            ControlKind.TILE: (tr("Holds the colours and shapes"), tr("tile ControlNets")),
            ControlKind.LINEART: (tr("Holds the lines"), tr("lineart ControlNets")),
        },
        **_output_choices(),
    }
    return words[field]


def _output_choices() -> dict[str, dict[StrEnum, tuple[str, str]]]:
    return {
        "format": {
            OutputFormat.KEEP: (tr("As the photograph"), tr("JPEG stays JPEG, TIFF stays TIFF")),
            OutputFormat.JPEG: ("JPEG", tr("small, read everywhere")),
            OutputFormat.PNG: ("PNG", tr("without loss, large")),
            OutputFormat.TIFF: ("TIFF", tr("without loss, for further editing")),
            OutputFormat.WEBP: ("WebP", tr("smaller than JPEG")),
            OutputFormat.AVIF: ("AVIF", tr("smallest, slow to write")),
        },
        "metadata": {
            MetadataRule.KEEP: (tr("Keep all"), tr("camera, date, place, profile")),
            MetadataRule.STRIP_LOCATION: (tr("Without the place"), tr("GPS is left out")),
            MetadataRule.STRIP: (tr("Leave out"), tr("nothing but the colour profile")),
        },
        "on_conflict": {
            OnConflict.RENAME: (tr("Add -2 to the name"), tr("both files stay")),
            OnConflict.SKIP: (tr("Leave out"), tr("the file there stays")),
            OnConflict.OVERWRITE: (tr("Replace it"), tr("the file there is lost")),
        },
    }


def shown(field: str, value: object) -> str:
    """Return a value as the panel writes it: DDIM, 0.30, per photograph."""
    if isinstance(value, StrEnum):
        try:
            return choices(field)[value][0]
        except KeyError:
            return str(value.value)
    if isinstance(value, bool):
        return tr("on") if value else tr("off")
    if field == "strength" and isinstance(value, float):
        return f"{value:.2f}"
    if isinstance(value, float):
        return f"{value:g}"
    if value is None or value in ("", ()):
        return tr("none")
    return str(value)
