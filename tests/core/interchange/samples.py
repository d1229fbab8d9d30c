"""Recipes as other programs write them, put together by hand from their formats."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

A1111 = (
    "portrait of a fisherman, (weathered:1.3), <lora:add_detail:0.6>, soft light\n"
    "second line\n"
    "Negative prompt: blurry, lowres,\nwatermark\n"
    "Steps: 28, Sampler: DPM++ 2M Karras, CFG scale: 6.5, Seed: 3141592653, Size: 768x512, "
    'Model hash: 6ce0161689, Model: v1-5-pruned-emaonly, VAE: "vae-ft-mse, 840000", '
    "Denoising strength: 0.35, Clip skip: 2, "
    'Lora hashes: "add_detail: 7c6bad76eb54", Hires upscale: 2, Version: v1.9.4'
)
FORGE = (
    "a red barn\nSteps: 20, Sampler: Euler, Schedule type: Simple, CFG scale: 1, "
    "Distilled CFG Scale: 3.5, Seed: 12, Size: 896x1152, Model hash: fef37763b8, "
    "Model: flux1-dev-bnb-nf4, Denoising strength: 0.7, Version: f2.0.1v1.10.1-previous-313"
)
CIVITAI = (
    "barn\nNegative prompt: x\nSteps: 30, Sampler: Euler a, CFG scale: 7, Seed: 5, Size: 512x512, "
    'Clip skip: 1, Created Date: 2024-05-01T10:20:30.1Z, Civitai resources: [{"type":"checkpoint",'
    '"modelVersionId":128713,"modelName":"Dream, Shaper"}], Denoising strength: 0.4'
)
INVOKEAI = json.dumps(
    {
        "app_version": "5.6.0",
        "generation_mode": "sdxl_img2img",
        "positive_prompt": "harbour at dawn",
        "negative_prompt": "people",
        "width": 1024,
        "height": 1024,
        "seed": 2147483648,
        "rand_device": "cpu",
        "cfg_scale": 5.5,
        "steps": 30,
        "scheduler": "dpmpp_2m_k",
        "strength": 0.4,
        "init_image": "harbour.png",
        "model": {"key": "1", "hash": "blake3:aa", "name": "Juggernaut XL v9", "base": "sdxl"},
        "loras": [{"model": {"name": "film-grain"}, "weight": 0.75}],
        "hrf_enabled": True,
        "vae": None,
    }
)


def node(kind: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": kind, "inputs": inputs, "_meta": {"title": kind}}


def comfyui_graph() -> dict[str, Any]:
    """Image-to-image with a LoRA, a prompt from a text node, and an upscaler behind it."""
    return {
        "1": node("CheckpointLoaderSimple", ckpt_name="SD1.5\\dreamshaper_8.safetensors"),
        "2": node(
            "LoraLoader", lora_name="detail.safetensors", strength_model=0.8, strength_clip=0.8,
            model=["1", 0], clip=["1", 1],
        ),
        "3": node("CLIPSetLastLayer", stop_at_clip_layer=-2, clip=["2", 1]),
        "4": node("PrimitiveString", value="a lighthouse in fog"),
        "5": node("CLIPTextEncode", text=["4", 0], clip=["3", 0]),
        "6": node("CLIPTextEncode", text="blurry", clip=["3", 0]),
        "7": node("LoadImage", image="IMG_0412.JPG", upload="image"),
        "8": node("VAEEncode", pixels=["7", 0], vae=["1", 2]),
        "9": node("FreeU_V2", model=["2", 0], b1=1.3),
        "10": node(
            "KSampler", seed=987654321012345, steps=12, cfg=6.0, sampler_name="dpmpp_2m",
            scheduler="karras", denoise=0.4, model=["9", 0], positive=["5", 0],
            negative=["6", 0], latent_image=["8", 0],
        ),
        "11": node("VAEDecode", samples=["10", 0], vae=["1", 2]),
        "12": node("ImageUpscaleWithModel", image=["11", 0]),
        "13": node("SaveImage", images=["12", 0], filename_prefix="x"),
    }  # fmt: skip


def flux_graph() -> dict[str, Any]:
    """The form of newer models: sampler, levels, noise and guidance are nodes of their own."""
    return {
        "1": node("UNETLoader", unet_name="flux1-dev.safetensors", weight_dtype="default"),
        "2": node("CLIPTextEncode", text="snow on pines", clip=["9", 0]),
        "3": node("FluxGuidance", guidance=3.5, conditioning=["2", 0]),
        "4": node("BasicGuider", model=["1", 0], conditioning=["3", 0]),
        "5": node("RandomNoise", noise_seed=77),
        "6": node("KSamplerSelect", sampler_name="euler"),
        "7": node("BasicScheduler", scheduler="simple", steps=20, denoise=1.0, model=["1", 0]),
        "8": node("EmptyLatentImage", width=1024, height=1024, batch_size=1),
        "9": node("DualCLIPLoader", clip_name1="t5", clip_name2="l"),
        "10": node(
            "SamplerCustomAdvanced", noise=["5", 0], guider=["4", 0], sampler=["6", 0],
            sigmas=["7", 0], latent_image=["8", 0],
        ),
        "11": node("VAEDecode", samples=["10", 0]),
        "12": node("SaveImage", images=["11", 0]),
    }  # fmt: skip


def comfyui_workflow() -> dict[str, Any]:
    """The same kind of graph as its window saves it: fields by order, links by number."""

    def drawn(number: int, kind: str, widgets: list[Any], **links: int) -> dict[str, Any]:
        inputs = [{"name": name, "type": "*", "link": link} for name, link in links.items()]
        return {"id": number, "type": kind, "mode": 0, "inputs": inputs, "widgets_values": widgets}

    sampler = [42, "fixed", 20, 8, "euler_ancestral", "normal", 0.5]
    bypassed = drawn(3, "LoraLoaderModelOnly", ["not-used.safetensors", 1.0], model=1)
    muted = drawn(9, "KSampler", sampler, model=1, positive=3, negative=4, latent_image=5)
    return {
        "last_node_id": 9,
        "nodes": [
            drawn(1, "CheckpointLoaderSimple", ["sd_xl_base_1.0.safetensors"]),
            bypassed | {"mode": 4},
            drawn(4, "CLIPTextEncode", ["mountain lake"]),
            drawn(5, "CLIPTextEncode", ["ugly"]),
            drawn(6, "LoadImage", ["lake.jpg", "image"]),
            drawn(7, "VAEEncode", [], pixels=6),
            drawn(8, "KSampler", sampler, model=2, positive=3, negative=4, latent_image=5),
            muted | {"mode": 2},
        ],
        "links": [
            [1, 1, 0, 3, 0, "MODEL"], [2, 3, 0, 8, 0, "MODEL"], [3, 4, 0, 8, 1, "CONDITIONING"],
            [4, 5, 0, 8, 2, "CONDITIONING"], [5, 7, 0, 8, 3, "LATENT"],
            {"id": 6, "origin_id": 6, "target_id": 7},
        ],
    }  # fmt: skip


def png(path: Path, **texts: str) -> Path:
    info = PngInfo()
    for key, text in texts.items():
        info.add_text(key, text)
    Image.new("RGB", (24, 16), "teal").save(path, pnginfo=info)
    return path


def with_comment(path: Path, text: str) -> Path:
    """A JPEG or WebP with `text` as its EXIF user comment, as AUTOMATIC1111 writes it."""
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + text.encode("utf-16-be")
    Image.new("RGB", (24, 16), "teal").save(path, exif=exif)
    return path


def with_tags(path: Path, tags: dict[int, str]) -> Path:
    exif = Image.Exif()
    for tag, text in tags.items():
        exif[tag] = text
    data = io.BytesIO()
    Image.new("RGB", (24, 16), "teal").save(data, "WEBP", exif=exif)
    path.write_bytes(data.getvalue())
    return path
