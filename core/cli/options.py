"""The options of `regrain run`, by section; values are checked later, where they enter a recipe."""

# No `annotations` from the future here: typer reads these types as they are.
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

from typer import Argument, Option

Text = str | None
Number = float | None
Whole = int | None


@dataclass(frozen=True)
class Inputs:
    """What is edited and where results go."""

    section: ClassVar[str] = "Photographs"

    inputs: Annotated[
        list[Path], Argument(metavar="INPUT...", help="Photographs, or folders of photographs.")
    ]
    output: Annotated[
        Path | None,
        Option("-o", "--output", metavar="OUT", help="Folder for the results [NAME-regrain]."),
    ] = None
    recursive: Annotated[
        bool, Option(help="Go into subfolders; they are mirrored in the output folder.")
    ] = True


@dataclass(frozen=True)
class EditOptions:
    """What is done to a photograph."""

    section: ClassVar[str] = "What to do (default: clean)"

    preset: Annotated[
        Text, Option(metavar="NAME", help="Start from a preset: see regrain presets.")
    ] = None
    recipe: Annotated[
        Path | None, Option(metavar="FILE", help="Start from a recipe, .json or .toml.")
    ] = None
    clean: Annotated[
        Text,
        Option(metavar="auto|less|more|SIGMA", help="Take the photograph's own noise away."),
    ] = None
    keep_grain: Annotated[Whole, Option(metavar="0-100", help="Grain to leave in.")] = None
    strength: Annotated[
        Text,
        Option(
            "--strength",
            "--denoise",
            metavar="S[,S...]",
            help="Repaint: noise to add before the model cleans, 0 to 1. "
            "Several give one result each.",
        ),
    ] = None
    strength_scale: Annotated[
        Text, Option(metavar="noise|native", help="noise: the same on all models [noise].")
    ] = None


@dataclass(frozen=True)
class DetailOptions:
    """How the model runs."""

    section: ClassVar[str] = "How (default: what suits the model)"

    model: Annotated[
        Text, Option(metavar="ID|PATH", help="The model: see regrain models [builtin].")
    ] = None
    steps: Annotated[Whole, Option(metavar="N", help="num_inference_steps.")] = None
    scheduler: Annotated[
        Text,
        Option(
            metavar="NAME",
            help="ddim, euler, euler-a, dpmpp-2m, unipc ...: those of a model: regrain models "
            "show ID.",
        ),
    ] = None
    sampler: Annotated[
        Text,
        Option(metavar="NAME", help='The same by other programs\' names: "DPM++ 2M Karras".'),
    ] = None
    sigmas: Annotated[
        Text, Option(metavar="KIND", help="normal, karras, exponential, beta [normal].")
    ] = None
    guidance: Annotated[
        Number, Option("--guidance", "--cfg", metavar="G", help="guidance_scale.")
    ] = None
    seed: Annotated[Whole, Option(metavar="N", help="Another seed, other details [0].")] = None
    seed_mode: Annotated[
        Text, Option(metavar="MODE", help="per-photo, fixed, random [per-photo].")
    ] = None
    size: Annotated[
        Text, Option(metavar="MODE", help="auto, native, tile, fit: the size to work at [auto].")
    ] = None
    dtype: Annotated[
        Text, Option(metavar="TYPE", help="auto (fastest), fp32 (exact), bf16, fp16 [auto].")
    ] = None
    device: Annotated[
        Text,
        Option(
            metavar="NAME[,NAME...]",
            help="auto, cpu, cuda:0 ...: see regrain devices. Several share the work; auto takes "
            "every GPU of the best kind [auto].",
        ),
    ] = None
    batch_size: Annotated[
        int, Option(min=0, max=64, metavar="N", help="Photographs a pass; 0 chooses.")
    ] = 0


@dataclass(frozen=True)
class PromptOptions:
    """What models that understand words and pictures are told."""

    section: ClassVar[str] = "Prompt, LoRA, mask (models that take them)"

    prompt: Annotated[
        Text,
        Option(
            metavar="TEXT",
            help="What to see. Takes (word:1.2), {filename}, {folder}, {exif:Model}, "
            "<lora:NAME:0.8>.",
        ),
    ] = None
    negative_prompt: Annotated[Text, Option(metavar="TEXT", help="What not to see.")] = None
    prompts: Annotated[
        Path | None,
        Option(metavar="PATH", help="A prompt a photograph: a CSV file, or a folder of NAME.txt."),
    ] = None
    wildcards: Annotated[
        Path | None, Option(metavar="DIR", help="Folder of lists for __name__ in prompts.")
    ] = None
    true_guidance: Annotated[
        Number, Option(metavar="G", help="Real guidance for models whose own is distilled.")
    ] = None
    clip_skip: Annotated[Whole, Option(metavar="N", help="Layers of CLIP to skip [0].")] = None
    lora: Annotated[
        list[str] | None,
        Option(metavar="PATH[:WEIGHT]", help="A LoRA, by file or name; may be given again."),
    ] = None
    vae: Annotated[Path | None, Option(metavar="FILE", help="Another VAE.")] = None
    mask: Annotated[
        Text,
        Option(
            metavar="FILE|DIR|alpha",
            help="Edit only where it is white: a mask, a folder with one of each photograph's "
            "name, or its own alpha.",
        ),
    ] = None
    mask_invert: Annotated[bool, Option("--mask-invert", help="Edit where it is black.")] = False
    mask_grow: Annotated[Whole, Option(metavar="PIXELS", help="Wider; below 0: tighter.")] = None
    mask_feather: Annotated[Whole, Option(metavar="PIXELS", help="Softer at its edge.")] = None
    control: Annotated[
        Text,
        Option(
            metavar="tile|lineart=PATH[:WEIGHT]",
            help="Hold on to the photograph by a ControlNet, at high strengths.",
        ),
    ] = None
    reference: Annotated[
        Text,
        Option(
            metavar="IMAGE=ADAPTER[:WEIGHT]",
            help="Take over a picture's look by an IP-Adapter.",
        ),
    ] = None


@dataclass(frozen=True)
class OutputOptions:
    """How results are written."""

    section: ClassVar[str] = "Results"

    name: Annotated[
        Text,
        Option(
            metavar="TEMPLATE",
            help="{stem}, {ext}, {parent}, {strength}, {seed}, {index}, {preset}, {model} [{stem}]",
        ),
    ] = None
    format: Annotated[
        Text, Option(metavar="FORMAT", help="keep, png, jpeg, webp, avif, tiff [keep].")
    ] = None
    quality: Annotated[Whole, Option(metavar="1-100", help="For JPEG, WebP and AVIF.")] = None
    output_size: Annotated[
        Text,
        Option(
            metavar="SIZE",
            help="source, a longer side in pixels, or a factor such as 2x [source].",
        ),
    ] = None
    max_side: Annotated[Whole, Option(metavar="PIXELS", help="Make the longer side fit.")] = None
    metadata: Annotated[
        Text, Option(metavar="RULE", help="keep, strip-location, strip [keep].")
    ] = None
    on_conflict: Annotated[
        Text,
        Option(
            metavar="RULE",
            help="rename, skip, overwrite: when a file that is not Regrain's has the name "
            "[rename].",
        ),
    ] = None
    no_provenance: Annotated[
        bool, Option("--no-provenance", help="Do not write the recipe into the results.")
    ] = False


@dataclass(frozen=True)
class RecipeOptions:
    """All that a recipe is made of."""

    edit: EditOptions
    detail: DetailOptions
    prompt: PromptOptions
    output: OutputOptions


@dataclass(frozen=True)
class RunOptions:
    """How the batch is run and reported."""

    section: ClassVar[str] = "This run"

    dry_run: Annotated[
        bool, Option("--dry-run", help="Say what would happen to each file; do nothing.")
    ] = False
    again: Annotated[bool, Option("--again", help="Make results again that are there already.")] = (
        False
    )
    json: Annotated[
        bool, Option("--json", help="One JSON object a line on stdout; the last is the summary.")
    ] = False
    quiet: Annotated[bool, Option("--quiet", "-q", help="Only errors.")] = False
    verbose: Annotated[bool, Option("--verbose", "-v", help="Details and tracebacks.")] = False
    on_done: Annotated[
        Text,
        Option(
            metavar="COMMAND", help="Run once at the end, with REGRAIN_DONE, REGRAIN_FAILED ..."
        ),
    ] = None
    library: Annotated[
        Path | None, Option(metavar="FILE", help="Another library than the user's own.")
    ] = None
    project: Annotated[str, Option(metavar="NAME", help="The project to file it under.")] = ""
