"""What is particular to each family of models, as data: sizes, schedulers, defaults, classes."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.models.spec import Capabilities, ModelDefaults, ModelSpec, Prediction, Zone
from core.recipe import SchedulerName as S

SD_ZONES = tuple(
    Zone(word=word, until=until)
    for word, until in (
        ("Leave", 0.1), ("Touch up", 0.2), ("Refine", 0.4),
        ("Restyle", 0.6), ("Reinvent", 0.8), ("Barely a reference", 1.0),
    )
)  # fmt: skip

NOISE_SCHEDULERS = (
    S.DPMPP_2M, S.DDIM, S.EULER, S.EULER_A, S.DPMPP_SDE, S.DPMPP_2M_SDE, S.UNIPC, S.HEUN,
    S.DDPM, S.PNDM, S.LMS, S.DPM2, S.DPM2_A, S.DEIS,
)  # fmt: skip
"""Those that lead noise predictions down."""

FLOW_SCHEDULERS = (S.FLOW_EULER, S.FLOW_HEUN)
DISTILLED_SCHEDULERS = (S.LCM, S.TCD, S.EULER, S.EULER_A, S.DDIM)

_CLIP = ("CLIPTextModel", "CLIPTextModelWithProjection")
_CLIP_TOKENIZER = ("CLIPTokenizer", "CLIPTokenizerFast")
_T5_TOKENIZER = ("T5Tokenizer", "T5TokenizerFast")
_QWEN_TOKENIZER = ("Qwen2Tokenizer", "Qwen2TokenizerFast")
_KL = ("AutoencoderKL",)
_VP_SCHEDULERS = (
    "DDIMScheduler", "DDPMScheduler", "PNDMScheduler", "LMSDiscreteScheduler",
    "EulerDiscreteScheduler", "EulerAncestralDiscreteScheduler", "HeunDiscreteScheduler",
    "DPMSolverMultistepScheduler", "DPMSolverSinglestepScheduler", "KDPM2DiscreteScheduler",
    "KDPM2AncestralDiscreteScheduler", "DEISMultistepScheduler", "UniPCMultistepScheduler",
    "EDMEulerScheduler", "LCMScheduler", "TCDScheduler",
)  # fmt: skip
_FLOW_SCHEDULERS = (
    "FlowMatchEulerDiscreteScheduler", "FlowMatchHeunDiscreteScheduler", "FlowMatchLCMScheduler",
)  # fmt: skip


@dataclass(frozen=True)
class Family:
    """One family.

    Attributes:
        id: as in ModelSpec.family.
        name: for people.
        native_size: side in pixels of the square it was made for.
        size_multiple: what both sides must divide by.
        latent_channels: of its VAE, before any packing.
        denoiser: the component that is called at each step.
        pipelines: classes of diffusers that model_index.json may name.
        img2img, inpaint: the classes that we call; empty where there is none.
        components: by name, the classes that may stand there; any of them may be null.
        schedulers: in the order shown, the default one first.
        variants: defaults of its distilled forms by name (`turbo`, `lightning`, `lcm`, `hyper`).
        companions: the hub's repository with the settings and tokenizers of single files.
        guided_apart: guidance is against the negative prompt, under the name of a true one, and
            in a network call of its own.
        takes_files: its pipeline takes pictures as files hold them only, with 8 bits.
        takes_any_flow: diffusers' own call takes flow schedulers other than Euler.
    """

    id: str
    name: str
    sentence: str
    native_size: int
    size_multiple: int
    latent_channels: int
    prediction: Prediction
    denoiser: str
    pipelines: tuple[str, ...]
    img2img: str
    inpaint: str
    components: dict[str, tuple[str, ...]]
    schedulers: tuple[S, ...]
    defaults: ModelDefaults
    capabilities: Capabilities
    zones: tuple[Zone, ...] = SD_ZONES
    min_steps: int = 1
    licence: str = ""
    companions: str = ""
    guided_apart: bool = False
    takes_files: bool = False
    takes_any_flow: bool = False
    variants: dict[str, Variant] = field(default_factory=dict)


@dataclass(frozen=True)
class Variant:
    """A distilled form of a family: its own defaults, and the timesteps it was trained at."""

    sentence: str
    schedulers: tuple[S, ...]
    defaults: ModelDefaults
    levels: tuple[int, ...] = ()
    guidance: bool = False


def _trailing(count: int) -> tuple[int, ...]:
    """Return the timesteps of a model distilled to `count` steps, as `trailing` spaces them."""
    return tuple(round(1000 * (count - k) / count) - 1 for k in range(count))


def _few(scheduler: S, steps: int, guidance: float = 1.0) -> ModelDefaults:
    return ModelDefaults(
        strength=0.4, num_inference_steps=steps, scheduler=scheduler, guidance_scale=guidance
    )


_DISTILLED = {
    "lcm": Variant(
        "Needs 2 to 8 steps.",
        (S.LCM, S.TCD),
        _few(S.LCM, 8),
        # LCM skips 20 of 1000 timesteps at a time while it is distilled.
        tuple(range(999, 0, -20)),
    ),
    "turbo": Variant(
        "Needs 1 to 4 steps.",
        (S.EULER_A, S.EULER, S.LCM),
        _few(S.EULER_A, 4),
        (999, 749, 499, 249),
    ),
    "lightning": Variant("Needs 2 to 8 steps.", (S.EULER, S.DDIM), _few(S.EULER, 8), _trailing(8)),
    "hyper": Variant("Needs 1 to 8 steps.", (S.TCD, S.DDIM), _few(S.TCD, 8), _trailing(8)),
}

_PROMPTED = Capabilities(
    prompt=True, negative_prompt=True, guidance=True, prompt_weights=True, clip_skip=True,
    inpaint=True, lora=True, vae=True, control=True, reference_image=True,
)  # fmt: skip
_FLOW = Capabilities(prompt=True, guidance=True, inpaint=True, lora=True)
_REFINE = ModelDefaults(
    strength=0.3, num_inference_steps=30, scheduler=S.DPMPP_2M, guidance_scale=6.0
)


def _flow_defaults(guidance: float, steps: int = 20) -> ModelDefaults:
    return ModelDefaults(
        strength=0.35,
        num_inference_steps=steps,
        scheduler=S.FLOW_EULER,
        guidance_scale=guidance,
    )


_SD_PARTS = {
    "vae": _KL,
    "text_encoder": _CLIP,
    "tokenizer": _CLIP_TOKENIZER,
    "unet": ("UNet2DConditionModel",),
    "scheduler": _VP_SCHEDULERS,
    "safety_checker": ("StableDiffusionSafetyChecker",),
    "feature_extractor": ("CLIPImageProcessor", "CLIPFeatureExtractor"),
    "image_encoder": ("CLIPVisionModelWithProjection",),
}
_SD_PIPELINES = (
    "StableDiffusionPipeline", "StableDiffusionImg2ImgPipeline", "StableDiffusionInpaintPipeline",
    "LatentConsistencyModelPipeline", "LatentConsistencyModelImg2ImgPipeline",
)  # fmt: skip
_FLUX_PARTS = {
    "vae": _KL,
    "text_encoder": _CLIP,
    "tokenizer": _CLIP_TOKENIZER,
    "text_encoder_2": ("T5EncoderModel",),
    "tokenizer_2": _T5_TOKENIZER,
    "transformer": ("FluxTransformer2DModel",),
    "scheduler": _FLOW_SCHEDULERS,
    "image_encoder": ("CLIPVisionModelWithProjection",),
    "feature_extractor": ("CLIPImageProcessor",),
}
_QWEN_PARTS = {
    "vae": ("AutoencoderKLQwenImage",),
    "text_encoder": ("Qwen2_5_VLForConditionalGeneration",),
    "tokenizer": _QWEN_TOKENIZER,
    "transformer": ("QwenImageTransformer2DModel",),
    "scheduler": _FLOW_SCHEDULERS,
    "processor": ("Qwen2VLProcessor", "Qwen2_5_VLProcessor"),
}

_LIST = (
    Family(
        "sd1", "Stable Diffusion 1.x", "Repaints with a prompt; light, many variants exist.",
        512, 8, 4, Prediction.EPSILON, "unet", _SD_PIPELINES,
        "StableDiffusionImg2ImgPipeline", "StableDiffusionInpaintPipeline",
        _SD_PARTS, NOISE_SCHEDULERS, _REFINE, _PROMPTED,
        licence="CreativeML Open RAIL-M",
        companions="stable-diffusion-v1-5/stable-diffusion-v1-5", variants=_DISTILLED,
    ),
    Family(
        "sd2", "Stable Diffusion 2.x", "Repaints with a prompt.",
        768, 8, 4, Prediction.V, "unet", _SD_PIPELINES,
        "StableDiffusionImg2ImgPipeline", "StableDiffusionInpaintPipeline",
        _SD_PARTS, NOISE_SCHEDULERS, _REFINE,
        _PROMPTED.model_copy(update={"control": False, "reference_image": False}),
        licence="CreativeML Open RAIL++-M", companions="stabilityai/stable-diffusion-2-1",
        variants={"turbo": _DISTILLED["turbo"]},
    ),
    Family(
        "sdxl", "Stable Diffusion XL", "Repaints with a prompt; finer, for larger pictures.",
        1024, 8, 4, Prediction.EPSILON, "unet",
        ("StableDiffusionXLPipeline", "StableDiffusionXLImg2ImgPipeline",
         "StableDiffusionXLInpaintPipeline"),
        "StableDiffusionXLImg2ImgPipeline", "StableDiffusionXLInpaintPipeline",
        _SD_PARTS | {"text_encoder_2": _CLIP, "tokenizer_2": _CLIP_TOKENIZER},
        NOISE_SCHEDULERS, _REFINE, _PROMPTED,
        licence="CreativeML Open RAIL++-M",
        companions="stabilityai/stable-diffusion-xl-base-1.0", variants=_DISTILLED,
    ),
    Family(
        "sd3", "Stable Diffusion 3", "Repaints with a prompt, in even steps.",
        1024, 16, 16, Prediction.FLOW, "transformer",
        ("StableDiffusion3Pipeline", "StableDiffusion3Img2ImgPipeline",
         "StableDiffusion3InpaintPipeline"),
        "StableDiffusion3Img2ImgPipeline", "StableDiffusion3InpaintPipeline",
        {
            "vae": _KL, "scheduler": _FLOW_SCHEDULERS,
            "transformer": ("SD3Transformer2DModel",),
            "text_encoder": _CLIP, "tokenizer": _CLIP_TOKENIZER,
            "text_encoder_2": _CLIP, "tokenizer_2": _CLIP_TOKENIZER,
            "text_encoder_3": ("T5EncoderModel",), "tokenizer_3": _T5_TOKENIZER,
            "image_encoder": ("SiglipVisionModel",), "feature_extractor": ("SiglipImageProcessor",),
        },
        FLOW_SCHEDULERS, _flow_defaults(4.5, 28),
        _FLOW.model_copy(update={"negative_prompt": True, "clip_skip": True}),
        licence="Stability AI Community",
        companions="stabilityai/stable-diffusion-3.5-medium", takes_any_flow=True,
        variants={"turbo": Variant(
            "Needs 4 steps.", FLOW_SCHEDULERS, _few(S.FLOW_EULER, 4))},
    ),
    Family(
        "flux", "FLUX.1", "Repaints with a prompt; large, follows it closely.",
        1024, 16, 16, Prediction.FLOW, "transformer",
        ("FluxPipeline", "FluxImg2ImgPipeline", "FluxInpaintPipeline"),
        "FluxImg2ImgPipeline", "FluxInpaintPipeline", _FLUX_PARTS,
        FLOW_SCHEDULERS, _flow_defaults(3.5),
        _FLOW.model_copy(update={"negative_prompt": True, "true_guidance": True}),
        licence="FLUX.1 [dev] non-commercial", companions="black-forest-labs/FLUX.1-dev",
        variants={"schnell": Variant(
            "Needs 1 to 4 steps.", FLOW_SCHEDULERS, _few(S.FLOW_EULER, 4))},
    ),
    Family(
        "z-image", "Z-Image", "Repaints with a prompt.",
        1024, 16, 16, Prediction.FLOW, "transformer",
        ("ZImagePipeline", "ZImageImg2ImgPipeline", "ZImageInpaintPipeline"),
        "ZImageImg2ImgPipeline", "ZImageInpaintPipeline",
        {
            "vae": _KL, "scheduler": _FLOW_SCHEDULERS, "tokenizer": _QWEN_TOKENIZER,
            "text_encoder": ("Qwen3Model", "Qwen3ForCausalLM"),
            "transformer": ("ZImageTransformer2DModel",),
        },
        FLOW_SCHEDULERS, _flow_defaults(5.0),
        _FLOW.model_copy(update={"negative_prompt": True}),
        licence="Apache-2.0", companions="Tongyi-MAI/Z-Image-Turbo",
        variants={"turbo": Variant(
            "Needs 8 steps.", FLOW_SCHEDULERS, _few(S.FLOW_EULER, 8, 0.0))},
    ),
    Family(
        "qwen-image", "Qwen-Image", "Repaints with a prompt; writes legible text.",
        1024, 16, 16, Prediction.FLOW, "transformer",
        ("QwenImagePipeline", "QwenImageImg2ImgPipeline", "QwenImageInpaintPipeline"),
        "QwenImageImg2ImgPipeline", "QwenImageInpaintPipeline", _QWEN_PARTS,
        FLOW_SCHEDULERS, _flow_defaults(4.0),
        _FLOW.model_copy(update={"negative_prompt": True}),
        licence="Apache-2.0", companions="Qwen/Qwen-Image", guided_apart=True,
    ),
    Family(
        "flux-kontext", "FLUX.1 Kontext", "Does to the photograph what the prompt says.",
        1024, 16, 16, Prediction.FLOW, "transformer",
        ("FluxKontextPipeline", "FluxKontextInpaintPipeline"),
        "FluxKontextPipeline", "FluxKontextInpaintPipeline", _FLUX_PARTS,
        (S.FLOW_EULER,), _flow_defaults(2.5, 28),
        Capabilities(strength=False, instruct=True, prompt=True, negative_prompt=True,
                     guidance=True, true_guidance=True, lora=True),
        zones=(), licence="FLUX.1 [dev] non-commercial",
        companions="black-forest-labs/FLUX.1-Kontext-dev",
    ),
    Family(
        "flux2-klein", "FLUX.2 klein", "Does to the photograph what the prompt says, in 4 steps.",
        1024, 16, 32, Prediction.FLOW, "transformer",
        ("Flux2KleinPipeline", "Flux2KleinInpaintPipeline"), "Flux2KleinPipeline", "",
        {
            "vae": ("AutoencoderKLFlux2",), "scheduler": _FLOW_SCHEDULERS,
            "tokenizer": _QWEN_TOKENIZER, "text_encoder": ("Qwen3ForCausalLM", "Qwen3Model"),
            "transformer": ("Flux2Transformer2DModel",),
        },
        (S.FLOW_EULER,), _flow_defaults(1.0, 4),
        Capabilities(strength=False, instruct=True, prompt=True, guidance=True, lora=True),
        zones=(), licence="Apache-2.0", companions="black-forest-labs/FLUX.2-klein-4B",
        takes_files=True,
    ),
    Family(
        "qwen-image-edit", "Qwen-Image-Edit", "Does to the photograph what the prompt says.",
        1024, 16, 16, Prediction.FLOW, "transformer",
        ("QwenImageEditPipeline", "QwenImageEditPlusPipeline", "QwenImageEditInpaintPipeline"),
        "QwenImageEditPipeline", "QwenImageEditInpaintPipeline", _QWEN_PARTS,
        (S.FLOW_EULER,), _flow_defaults(4.0, 28),
        Capabilities(strength=False, instruct=True, prompt=True, negative_prompt=True,
                     guidance=True, lora=True),
        zones=(), licence="Apache-2.0", companions="Qwen/Qwen-Image-Edit",
        guided_apart=True, takes_files=True,
    ),
)  # fmt: skip

FAMILIES = {family.id: family for family in _LIST}
"""All families by id."""


def family_name(spec: ModelSpec) -> str:
    """Return what people call a model's family, and its form where it is a distilled one."""
    family = FAMILIES.get(spec.family)
    if family is None:
        return spec.family
    return f"{family.name}, {spec.variant}" if spec.variant else family.name
