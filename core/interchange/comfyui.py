"""ComfyUI: the recipe is read off the graph, backwards from its last sampler."""

from __future__ import annotations

from core.errors import SettingsError
from core.interchange.graph import Graph, Node, read_prompt, read_workflow
from core.interchange.restored import Draft
from core.recipe import MAX_SEED

_CUSTOM = {"SamplerCustom", "SamplerCustomAdvanced"}
_MAX_HOPS = 200
_LEAST_DENOISE = 0.001
_MODEL_FIELDS = ("ckpt_name", "unet_name", "model_name")
# Parts of every graph: they open, turn into pictures, show and save, and change no setting.
_EXPECTED = {
    "VAEDecode", "VAEDecodeTiled", "VAEEncode", "VAEEncodeTiled", "VAELoader", "CLIPLoader",
    "DualCLIPLoader", "TripleCLIPLoader", "SaveImage", "PreviewImage", "Note", "MarkdownNote",
    "Reroute", "PrimitiveNode", "EmptyLatentImage", "EmptySD3LatentImage", "LoadImage",
    "ConditioningZeroOut", "ImageScale", "ImageScaleToTotalPixels", "ImageScaleBy",
    "SaveImageWebsocket", "CLIPTextEncode", "RandomNoise", "KSamplerSelect", "BasicScheduler",
    "BasicGuider", "CFGGuider", "FluxGuidance", "CLIPSetLastLayer", "CLIPTextEncodeFlux",
    "LoraLoader", "LoraLoaderModelOnly", "CheckpointLoaderSimple", "UNETLoader",
    "KSampler", "KSamplerAdvanced", "SamplerCustom", "SamplerCustomAdvanced", "PrimitiveInt",
    "PrimitiveFloat", "PrimitiveString", "PrimitiveStringMultiline",
}  # fmt: skip


def read_comfyui(text: str) -> Draft:
    """Return the draft of a recipe from a graph, executed or drawn.

    Raises:
        SettingsError: it is no graph, or none that samples a picture.
    """
    try:
        graph = read_prompt(text)
    except SettingsError:
        graph = read_workflow(text)
    samplers = [node for node in graph.nodes.values() if _is_sampler(node)]
    if not samplers:
        raise SettingsError("ComfyUI's graph in it holds no sampler that Regrain knows.")
    return _Reader(graph, samplers).draft


def _is_sampler(node: Node) -> bool:
    """Say whether a node samples; many extensions bring one with the fields of the first one."""
    fields = node.values.keys() | node.links.keys()
    return node.kind in _CUSTOM or {"sampler_name", "steps", "positive"} <= fields


class _Reader:
    """Follows the links of one graph and puts the draft together."""

    def __init__(self, graph: Graph, samplers: list[Node]) -> None:
        self.draft = Draft("ComfyUI")
        self._graph = graph
        sampler = self._last(samplers)
        self._read_sampler(sampler)
        guider = graph.feeding(sampler, "guider") or sampler
        self._read_model(graph.feeding(guider, "model"))
        self._read_words(guider)
        self._read_picture(graph.feeding(sampler, "latent_image", "samples"))
        self._note_rest(sampler)

    def _last(self, samplers: list[Node]) -> Node:
        """Return the sampler that feeds no other one: earlier ones only prepare for it."""
        feeding = set().union(*(self._graph.upstream(node) for node in samplers))
        last = [node for node in samplers if node.id not in feeding] or samplers
        for node in samplers:
            if node is not last[0]:
                self.draft.note(f"Another pass of {node.kind}, node {node.id}")
        return last[0]

    def _read_sampler(self, node: Node) -> None:
        graph = self._graph
        levels = graph.feeding(node, "sigmas") or node
        name = graph.value(graph.feeding(node, "sampler") or node, "sampler_name")
        spacing = graph.value(levels, "scheduler")
        if isinstance(name, str):
            self.draft.take_sampler(name, spacing if isinstance(spacing, str) else "")
        seed = graph.value(graph.feeding(node, "noise") or node, "seed", "noise_seed")
        if isinstance(seed, int) and seed > MAX_SEED:
            self.draft.note("Seed, larger than Regrain's", seed)
        elif seed is not None:
            self.draft.take_seed(seed, "Seed")
        guidance = graph.value(graph.feeding(node, "guider") or node, "cfg")
        if guidance is not None:
            self.draft.take("guidance_scale", guidance, "cfg")
        self._read_steps(node, levels)

    def _read_steps(self, node: Node, levels: Node) -> None:
        """Set steps and strength; `denoise` 0.5 with 20 steps runs 20 of 40, as Regrain counts."""
        graph = self._graph
        steps, denoise = graph.value(levels, "steps"), graph.value(levels, "denoise")
        start = graph.value(node, "start_at_step")
        if not _is_number(steps) or steps < 1:
            self.draft.note("Steps", steps)
            return
        if _is_number(start) and 0 < start < steps:
            self.draft.take("strength", round(1 - start / steps, 4), "start_at_step")
        elif _is_number(denoise) and _LEAST_DENOISE <= denoise < 1:
            self.draft.take("strength", denoise, "denoise")
            steps = round(steps / denoise)
        self.draft.take("num_inference_steps", steps, "Steps")
        end = graph.value(node, "end_at_step")
        if _is_number(end) and end < steps:
            self.draft.note("end_at_step", end)

    def _read_model(self, node: Node | None) -> None:
        """Follow the model's way: LoRAs, changes to it that are noted, the file at its end."""
        for _ in range(_MAX_HOPS):
            if node is None:
                return
            name = self._graph.value(node, "lora_name")
            if isinstance(name, str):
                weight = self._graph.value(node, "strength_model", "strength")
                self.draft.add_lora(name, 1.0 if weight is None else weight)
            found = self._graph.value(node, *_MODEL_FIELDS)
            if isinstance(found, str):
                self.draft.model = found
                return
            node = self._graph.feeding(node, "model")

    def _read_words(self, node: Node) -> None:
        prompt = self._words(self._graph.feeding(node, "positive", "conditioning"), "positive")
        negative = self._words(self._graph.feeding(node, "negative"), "negative")
        if prompt is not None:
            self.draft.take("prompt", prompt, "Prompt")
        if negative is not None:
            self.draft.take("negative_prompt", negative, "Negative prompt")

    def _words(self, node: Node | None, side: str) -> str | None:
        """Return the text at the end of a way of conditions; guidance on the way is taken."""
        for _ in range(_MAX_HOPS):
            if node is None or node.kind == "ConditioningZeroOut":
                return None
            guidance = self._graph.value(node, "guidance")
            if guidance is not None:
                self.draft.take("guidance_scale", guidance, "guidance")
            text = self._graph.value(node, "text", "text_g", "t5xxl", "prompt")
            if isinstance(text, str):
                self._read_clip(node)
                return text
            node = self._graph.feeding(node, side, "conditioning", "conditioning_1", "positive")
        return None

    def _read_clip(self, node: Node) -> None:
        clip = self._graph.feeding(node, "clip")
        for _ in range(_MAX_HOPS):
            layer = self._graph.value(clip, "stop_at_clip_layer")
            if isinstance(layer, int):
                self.draft.take("clip_skip", -1 - layer, "stop_at_clip_layer")
            if clip is None or layer is not None:
                return
            clip = self._graph.feeding(clip, "clip")

    def _read_picture(self, node: Node | None) -> None:
        """Look where the latents come from: a photograph, or nothing but noise."""
        for _ in range(_MAX_HOPS):
            if node is None or _is_sampler(node):
                return
            name = self._graph.value(node, "image")
            if isinstance(name, str):
                self.draft.source_name = name
                return
            if "Empty" in node.kind and "Latent" in node.kind:
                self.draft.note("No photograph in it: the picture was made from the prompt alone")
                return
            node = self._graph.feeding(node, "pixels", "samples", "latent_image", "image", "images")

    def _note_rest(self, sampler: Node) -> None:
        """Name the kinds of nodes that do something which is not in the recipe."""
        used = self._graph.upstream(sampler) | {sampler.id}
        for node in self._graph.nodes.values():
            if node.kind not in _EXPECTED and not _is_sampler(node):
                where = "" if node.id in used else ", after the sampler"
                self.draft.note(f"Node {node.kind}{where}")
        names = (self._graph.value(node, "vae_name") for node in self._graph.nodes.values())
        for name in names:
            if isinstance(name, str):
                self.draft.note("VAE", name)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9
