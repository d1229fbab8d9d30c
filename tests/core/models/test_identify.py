"""Files of weights are known for what they are: else a user's model is refused, or misread."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import ModelUntrustedError
from core.models.identify import FoundFile, identify
from core.models.spec import Prediction
from tests.families import true_headers as true
from tests.families.loras import save_lora
from tests.families.original import component, save_parts, save_single, save_vae
from tests.families.true_headers import Shapes, write_sparse

FolderOf = Callable[..., Path]

NET = "model.diffusion_model."
KLEIN_4B = {
    "num_layers": 5, "num_single_layers": 20, "num_attention_heads": 24,
    "joint_attention_dim": 7680, "guidance_embeds": False,
}  # fmt: skip


def look(tmp_path: Path, shapes: Shapes, name: str = "model", **noted: str) -> FoundFile:
    return identify(write_sparse(tmp_path / f"{name}.safetensors", shapes, metadata=noted or None))


def refusal(tmp_path: Path, shapes: Shapes, name: str = "model", dtype: str = "F16") -> str:
    with pytest.raises(ModelUntrustedError) as caught:
        identify(write_sparse(tmp_path / f"{name}.safetensors", shapes, dtype))
    assert caught.value.hint
    return caught.value.message


def test_published_checkpoints_are_known_by_name_and_shape(tmp_path: Path) -> None:
    first = look(tmp_path, true.checkpoint("sd1"), "v1-5-pruned-emaonly")
    assert (first.role, first.family, first.dtype) == ("checkpoint", "sd1", "fp16")
    # The numbers that Stable Diffusion 1.5's components are known to have.
    assert first.parameters["unet"] == 859_520_964
    assert first.parameters["vae"] == 83_653_863
    assert first.parameters["text_encoder"] == 123_060_480
    large = look(tmp_path, true.checkpoint("sdxl"), "sd_xl_base_1.0")
    assert (large.role, large.family) == ("checkpoint", "sdxl")
    assert large.prediction is Prediction.EPSILON
    assert large.parameters["unet"] == 2_567_463_684
    assert large.parameters["text_encoder_2"] == 694_659_840


def test_what_a_file_holds_beside_its_weights_is_not_counted(tmp_path: Path) -> None:
    """Else the settings of the same model would be taken for another's."""
    text = "cond_stage_model.transformer.text_model.embeddings.position_ids"
    beside = {text: (1, 77), "alphas_cumprod": (1000,), "model_ema.decay": ()}
    plain, more = true.checkpoint("sd1"), true.checkpoint("sd1") | beside
    assert look(tmp_path, more).parameters == look(tmp_path, plain).parameters


@pytest.mark.parametrize(
    ("name", "variant"),
    [
        ("sd_xl_turbo_1.0_fp16", "turbo"),
        ("dreamshaperXL_v21TurboDPMSDE", "turbo"),
        ("realvisxlV40_v40LightningBakedvae", "lightning"),
        ("Juggernaut_X_RunDiffusion_Hyper", "hyper"),
        ("Hyper-SDXL-8steps", "hyper"),
        ("LCM_Dreamshaper", "lcm"),
        ("hyperrealism_v3", ""),
        ("turbotastic", ""),
    ],
)
def test_distilled_forms_are_known_by_words_in_the_name(
    tmp_path: Path, name: str, variant: str
) -> None:
    """Else a Turbo model would run 30 steps at guidance 6, and burn every picture."""
    assert look(tmp_path, true.checkpoint("sdxl"), name).variant == variant


def test_what_a_model_predicts_is_taken_from_what_it_says(tmp_path: Path) -> None:
    """Else all its pictures are noise."""
    shapes = true.checkpoint("sdxl")
    assert look(tmp_path, shapes | {"v_pred": ()}).prediction is Prediction.V
    noted = look(tmp_path, shapes, **{"modelspec.prediction_type": "v"})
    assert noted.prediction is Prediction.V
    named = look(tmp_path, shapes, **{"modelspec.title": "A model of mine"})
    assert (named.prediction, named.title) == (Prediction.EPSILON, "A model of mine")


def test_stable_diffusion_2_predicts_v_unless_its_name_says_base(
    tmp_path: Path, family_folder: FolderOf
) -> None:
    whole = save_single(family_folder("sd2"), tmp_path / "v2-1_768-ema-pruned.safetensors", "sd2")
    found = identify(whole)
    assert (found.family, found.prediction) == ("sd2", Prediction.V)
    base = whole.rename(tmp_path / "v2-1_512-base.safetensors")
    assert identify(base).prediction is Prediction.EPSILON


def test_the_last_block_of_stable_diffusion_2s_text_encoder_is_not_counted(tmp_path: Path) -> None:
    """OpenCLIP's H is published with 24 blocks, of which 23 are run."""
    block = {"resblocks.{}.ln_1.weight": (1024,), "resblocks.{}.mlp.c_fc.weight": (4096, 1024)}
    text = "cond_stage_model.model."
    shapes = {
        f"{text}transformer.{name.format(number)}": shape
        for number in range(24)
        for name, shape in block.items()
    }
    shapes |= {f"{text}text_projection": (1024, 1024), f"{text}logit_scale": ()}
    shapes |= {f"{NET}input_blocks.0.0.weight": (320, 4, 3, 3), "first_stage_model.a": (1,)}
    assert look(tmp_path, shapes).parameters["text_encoder"] == 23 * (1024 + 4096 * 1024)


@pytest.mark.parametrize(
    ("family", "class_name", "config"),
    [
        ("sd3", "SD3Transformer2DModel", {}),
        ("qwen-image", "QwenImageTransformer2DModel", {}),
        ("z-image", "ZImageTransformer2DModel", {}),
        ("flux2-klein", "Flux2Transformer2DModel", KLEIN_4B),
    ],
)
def test_transformers_of_true_size_are_known(
    tmp_path: Path, family: str, class_name: str, config: dict[str, object]
) -> None:
    shapes = true.made(class_name, **config)
    found = look(tmp_path, shapes)
    assert (found.role, found.family, found.prediction) == ("transformer", family, Prediction.FLOW)
    prefixed = {NET + name: shape for name, shape in shapes.items()}
    assert look(tmp_path, prefixed).parameters == found.parameters


def test_flux_and_its_forms(tmp_path: Path) -> None:
    shapes = true.flux()
    dev = look(tmp_path, shapes, "flux1-dev")
    assert (dev.role, dev.family, dev.variant) == ("transformer", "flux", "")
    assert dev.parameters == {"transformer": 11_901_408_320}
    schnell = {name: shape for name, shape in shapes.items() if "guidance_in" not in name}
    assert look(tmp_path, schnell, "unnamed").variant == "schnell"
    assert look(tmp_path, shapes, "flux1-dev-kontext_fp8_scaled").family == "flux-kontext"
    by_note = look(tmp_path, shapes, "mine", **{"modelspec.architecture": "flux-1-kontext"})
    assert by_note.family == "flux-kontext"
    qwen = {"transformer_blocks.0.img_mod.1.weight": (18432, 3072), "txt_norm.weight": (3584,)}
    qwen["img_in.weight"] = (3072, 64)
    edit = look(tmp_path, qwen, "qwen_image_edit_2509_fp8_e4m3fn")
    assert (edit.family, edit.variant) == ("qwen-image-edit", "plus")


def test_transformers_under_their_makers_names(tmp_path: Path) -> None:
    z_image = {
        "x_embedder.weight": (3840, 64),
        "cap_embedder.0.weight": (2560,),
        "cap_embedder.1.weight": (3840, 2560),
        "layers.0.adaLN_modulation.0.weight": (15360, 256),
    }
    turbo = look(tmp_path, z_image, "z_image_turbo_bf16")
    assert (turbo.family, turbo.variant) == ("z-image", "turbo")
    sd3 = {
        "joint_blocks.0.context_block.adaLN_modulation.1.weight": (9216, 1536),
        "x_embedder.proj.weight": (1536, 16, 2, 2),
    }
    assert look(tmp_path, sd3).family == "sd3"
    klein = {"double_stream_modulation_img.lin.weight": (18432, 3072), "img_in.weight": (3072, 128)}
    found = look(tmp_path, klein, "flux-2-klein-base-4b")
    assert (found.family, found.variant) == ("flux2-klein", "base")


def _inpaint(family: str, channels: int) -> Shapes:
    return true.checkpoint(family) | {f"{NET}input_blocks.0.0.weight": (320, channels, 3, 3)}


def _without(shapes: Shapes, *starts: str) -> Shapes:
    return {name: shape for name, shape in shapes.items() if not name.startswith(starts)}


def _refused() -> dict[str, tuple[Shapes, str]]:
    """Return what is not used, and the words that the reason must have."""
    sd1, sdxl, flux = true.checkpoint("sd1"), true.checkpoint("sdxl"), true.flux()
    second = "conditioner.embedders.1."
    refiner = {n.replace(second, "conditioner.embedders.0."): s for n, s in sdxl.items()}
    one = (4, 4)
    return {
        "inpaint-1": (_inpaint("sd1", 9), "inpainting"),
        "inpaint-xl": (_inpaint("sdxl", 9), "inpainting"),
        "pix2pix": (_inpaint("sd1", 8), "InstructPix2Pix"),
        "depth": (_inpaint("sd1", 5), "depth map"),
        "refiner": (_without(refiner, "conditioner.embedders.0.transformer."), "refiner"),
        "ssd-1b": (_without(sdxl, f"{NET}input_blocks.7.1.transformer_blocks.9."), "cut-down"),
        "edm": (sdxl | {"edm_mean": (4,)}, "EDM"),
        "no vae": (_without(sd1, "first_stage_model."), "lacks its VAE"),
        "unet only": (_without(sd1, "first_stage_model.", "cond_stage_model."), "only a U-Net"),
        "unet alone": (true.shapes(true.component("sd1", "unet")), "only a U-Net"),
        "fill": (flux | {"img_in.weight": (3072, 384)}, "Fill"),
        "control": (flux | {"img_in.weight": (3072, 128)}, "Control"),
        "chroma": (flux | {"distilled_guidance_layer.in_proj.bias": one}, "Chroma"),
        "redux": ({"redux_up.weight": one, "redux_down.weight": one}, "Redux"),
        "flux2 dev": (true.made("Flux2Transformer2DModel"), "FLUX.2 dev"),
        "wan": ({"head.modulation": one, "blocks.0.self_attn.q.weight": one}, "Wan"),
        "nf4": (flux | {"a.weight.quant_state.bitsandbytes__nf4": one}, "NF4"),
        "nvfp4": (flux | {"img_in.weight_scale_2": one}, "NVFP4"),
        "embedding": ({"emb_params": one}, "embedding"),
        "xl embedding": ({"clip_l": one, "clip_g": one}, "embedding"),
        "loha": ({"lora_unet_down_blocks_0.hada_w1_a": one}, "LoHa"),
        "lokr": ({"lora_unet_down_blocks_0.lokr_w1": one}, "LoKr"),
        "lllite": ({"lllite_unet_input_blocks_4_1.down.0.weight": one}, "LLLite"),
        "t2i": ({"adapter.body.0.in_conv.weight": one}, "T2I-Adapter"),
        "faceid": (
            {"image_proj.proj.0.weight": one, "ip_adapter.0.to_q_lora.down.weight": one,
             "ip_adapter.1.to_k_ip.weight": one},
            "FaceID",
        ),
        "umt5": (
            {"shared.weight": (256384, 4096),
             "encoder.block.0.layer.0.SelfAttention.q.weight": (4096, 4096)},
            "UMT5",
        ),
        "esrgan": ({"model.0.weight": (64, 3, 3, 3), "model.1.sub.0.weight": one}, "no model of"),
        "empty": ({}, "no model of"),
    }  # fmt: skip


def test_what_cannot_be_used_is_refused_by_name_and_reason(tmp_path: Path) -> None:
    """Else it would be loaded as what it is not, and fail far from here, or paint noise."""
    for name, (shapes, word) in _refused().items():
        message = refusal(tmp_path, shapes, name)
        assert message.startswith(f"{name}.safetensors ")
        assert word in message


def test_packed_numbers_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "flux1-dev-Q4_K_S.gguf"
    path.write_bytes(b"GGUF\x03\0\0\0" + bytes(64))
    with pytest.raises(ModelUntrustedError, match="is a GGUF file") as caught:
        identify(path)
    assert "fp8" in caught.value.hint
    renamed = path.rename(tmp_path / "flux1-dev.safetensors")
    with pytest.raises(ModelUntrustedError, match="is a GGUF file"):
        identify(renamed)


@pytest.mark.parametrize("form", ["", "fp8", "scaled", "comfy_quant"])
def test_flux_in_parts_is_known_in_every_form(
    tmp_path: Path, family_folder: FolderOf, form: str
) -> None:
    """Else ComfyUI's folders would hold nothing that can be used."""
    folder = family_folder("flux")
    kinds = {"transformer": "", "text_encoder": "clip_l", "text_encoder_2": "t5xxl", "vae": "ae"}
    for role, path in save_parts(folder, tmp_path, form).items():
        found = identify(path)
        assert (found.role, found.variant) == (role, kinds[role])
        numbers = sum(weight.numel() for weight in component(folder, role).values())
        assert found.parameters == {role: numbers}
        large = role in ("transformer", "text_encoder_2")
        assert found.dtype == ("fp8" if form and large else "fp32")


@pytest.mark.parametrize("family", ["sd1", "sd2", "sdxl", "flux"])
def test_a_single_file_counts_as_the_folder_that_it_was_made_of(
    tmp_path: Path, family_folder: FolderOf, family: str
) -> None:
    """Else the settings kept from the folder would not be found for the file."""
    folder = family_folder(family)
    found = identify(save_single(folder, tmp_path / "one.safetensors", family))
    assert (found.role, found.family) == ("checkpoint", family)
    for name, count in found.parameters.items():
        assert count == sum(weight.numel() for weight in component(folder, name).values())


@pytest.mark.parametrize(
    ("width", "kind", "family"),
    [(2560, "qwen_3_4b", ""), (4096, "qwen_3_8b", "flux2-klein")],
)
def test_text_encoders_of_true_shape(tmp_path: Path, width: int, kind: str, family: str) -> None:
    layer = "model.layers.0.self_attn."
    qwen3 = {
        "model.embed_tokens.weight": (151936, width),
        f"{layer}q_proj.weight": (4096, width),
        f"{layer}q_norm.weight": (128,),
    }
    found = look(tmp_path, qwen3)
    assert (found.role, found.variant, found.family) == ("text_encoder", kind, family)
    seeing = {
        "model.embed_tokens.weight": (152064, 3584),
        f"{layer}q_proj.weight": (3584, 3584),
        f"{layer}q_proj.bias": (3584,),
        "visual.blocks.0.norm1.weight": (1280,),
    }
    assert look(tmp_path, seeing).variant == "qwen_2.5_vl_7b"
    clip_g = {
        "text_model.encoder.layers.0.self_attn.q_proj.weight": (1280, 1280),
        "text_model.embeddings.token_embedding.weight": (49408, 1280),
    }
    assert look(tmp_path, clip_g).variant == "clip_g"


@pytest.mark.parametrize(
    ("name", "folder", "family"),
    [
        ("vae-ft-mse-840000-ema-pruned", "sd1", "sd1"),
        ("sdxl_vae", "sdxl", "sdxl"),
        ("orangemix", "sd1", ""),
        ("ae", "flux", "flux"),
    ],
)
def test_vaes_in_files_of_their_own(
    tmp_path: Path, family_folder: FolderOf, name: str, folder: str, family: str
) -> None:
    found = identify(save_vae(family_folder(folder), tmp_path / f"{name}.safetensors"))
    assert (found.role, found.family) == ("vae", family)


@pytest.mark.parametrize(
    ("family", "form"),
    [
        ("sd1", "kohya"), ("sd1", "diffusers"), ("sdxl", "kohya"), ("sdxl", "kohya-ldm"),
        ("sdxl", "diffusers"), ("flux", "kohya"), ("flux", "diffusers"),
    ],
)  # fmt: skip
def test_loras_of_both_kinds_are_known_with_the_family_they_are_for(
    tmp_path: Path, family_folder: FolderOf, family: str, form: str
) -> None:
    """Else a LoRA of another family would be offered, and do nothing or break the picture."""
    path = save_lora(family_folder(family), tmp_path / "style.safetensors", family, form)
    found = identify(path)
    assert (found.role, found.family) == ("lora", family)
    assert found.title == ("style" if form.startswith("kohya") else "")


def test_loras_without_notes_are_known_by_what_they_change(tmp_path: Path) -> None:
    def kohya(layer: str, down: int, up: int = 320) -> Shapes:
        return {f"{layer}.lora_down.weight": (8, down), f"{layer}.lora_up.weight": (up, 8)}

    cross = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k"
    single = "diffusion_model.single_blocks.0.linear1"
    expected = {
        "sd1": kohya(cross, 768),
        "sd2": kohya(cross, 1024),
        "sdxl": kohya(cross, 2048),
        "flux": {f"{single}.lora_A.weight": (8, 3072), f"{single}.lora_B.weight": (21504, 8)},
        "flux2-klein": {
            f"{single}.lora_A.weight": (8, 3072),
            f"{single}.lora_B.weight": (27648, 8),
        },
        "qwen-image": kohya("lora_unet_transformer_blocks_5_img_mlp_net_2", 12288),
        "z-image": kohya("diffusion_model.layers.3.attention.to_q", 3840),
        "sd3": kohya("lora_unet_joint_blocks_3_x_block_attn_qkv", 1536),
    }
    for family, shapes in expected.items():
        assert look(tmp_path, shapes) == FoundFile("lora", family, dtype="fp16")
    # What trainers note counts only where the weights may be that family's.
    noted = look(tmp_path, expected["sdxl"], ss_base_model_version="sd_v1")
    assert noted.family == "sdxl"
    kontext = look(tmp_path, expected["flux"], **{"modelspec.architecture": "flux-1-kontext/lora"})
    assert kontext.family == "flux-kontext"


def test_controlnets_and_ip_adapters(tmp_path: Path) -> None:
    tile = {
        "control_model.input_hint_block.0.weight": (16, 3, 3, 3),
        "control_model.zero_convs.0.0.weight": (320, 320, 1, 1),
        "control_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight": (320, 768),
    }
    found = look(tmp_path, tile, "control_v11f1e_sd15_tile")
    assert (found.role, found.family, found.variant) == ("controlnet", "sd1", "tile")
    lineart = {
        "controlnet_cond_embedding.conv_in.weight": (16, 3, 3, 3),
        "controlnet_down_blocks.0.weight": (320, 320, 1, 1),
        "add_embedding.linear_1.weight": (1280, 2816),
    }
    assert look(tmp_path, lineart).family == "sdxl"
    for width, family in ((768, "sd1"), (2048, "sdxl")):
        shapes = {"image_proj.proj.weight": (4 * width, 1024)}
        shapes["ip_adapter.1.to_k_ip.weight"] = (320, width)
        found = look(tmp_path, shapes)
        assert (found.role, found.family) == ("ip_adapter", family)


def test_only_headers_are_read(tmp_path: Path) -> None:
    """Else looking through a folder of models would take hours, and all memory."""
    path = write_sparse(tmp_path / "flux1-dev.safetensors", true.flux(), "BF16")
    assert path.stat().st_size > 23e9
    before, begin = os.times(), time.perf_counter()
    identify(path)
    used = os.times()
    assert used.user - before.user < 20
    assert time.perf_counter() - begin < 60
