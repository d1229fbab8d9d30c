"""A ComfyUI graph: nodes by number, their inputs, and the links between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.errors import SettingsError
from core.interchange.json_text import read_json

_MAX_NODES = 20_000
_MAX_HOPS = 200
_REROUTE = "Reroute"
_NEVER, _BYPASSED = 2, 4
_VALUE_NAMES = ("value", "text", "string", "int", "float", "seed", "Value", "number")

# The order in which the window of ComfyUI stores what its nodes' fields hold; "" is skipped.
_WIDGETS: dict[str, tuple[str, ...]] = {
    "KSampler": ("seed", "", "steps", "cfg", "sampler_name", "scheduler", "denoise"),
    "KSamplerAdvanced": (
        "add_noise", "noise_seed", "", "steps", "cfg", "sampler_name", "scheduler",
        "start_at_step", "end_at_step", "return_with_leftover_noise",
    ),
    "CLIPTextEncode": ("text",),
    "CLIPTextEncodeFlux": ("clip_l", "t5xxl", "guidance"),
    "CLIPSetLastLayer": ("stop_at_clip_layer",),
    "CheckpointLoaderSimple": ("ckpt_name",),
    "UNETLoader": ("unet_name", "weight_dtype"),
    "LoraLoader": ("lora_name", "strength_model", "strength_clip"),
    "LoraLoaderModelOnly": ("lora_name", "strength_model"),
    "LoadImage": ("image",),
    "RandomNoise": ("noise_seed",),
    "BasicScheduler": ("scheduler", "steps", "denoise"),
    "KSamplerSelect": ("sampler_name",),
    "CFGGuider": ("cfg",),
    "FluxGuidance": ("guidance",),
    "VAELoader": ("vae_name",),
    "SamplerCustom": ("add_noise", "noise_seed", "", "cfg"),
    "PrimitiveNode": ("value",),
    "PrimitiveInt": ("value",), "PrimitiveFloat": ("value",), "PrimitiveString": ("value",),
    "PrimitiveStringMultiline": ("value",),
}  # fmt: skip


@dataclass(frozen=True)
class Node:
    """One node: its kind, what its fields hold, and which nodes feed it, by input name."""

    id: str
    kind: str
    values: Mapping[str, Any] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)


class Graph:
    """Nodes, and the ways along their links. Cycles and links to nowhere are survived."""

    def __init__(self, nodes: Iterable[Node]) -> None:
        self.nodes = {node.id: node for node in nodes}

    def feeding(self, node: Node | None, *names: str) -> Node | None:
        """Return the node behind the first of these inputs that is linked, past reroutes."""
        found = self._linked(node, names)
        for _ in range(_MAX_HOPS):
            if found is None or found.kind != _REROUTE:
                return found
            found = self._linked(found, (*names, *found.links))
        return None

    def _linked(self, node: Node | None, names: Sequence[str]) -> Node | None:
        links = node.links if node is not None else {}
        target = next((links[name] for name in names if name in links), None)
        return self.nodes.get(target) if target is not None else None

    def value(self, node: Node | None, *names: str) -> Any:
        """Return what a field holds, itself or in a node of a plain value that feeds it."""
        for name in names:
            if node is not None and name in node.values:
                return node.values[name]
            source = self.feeding(node, name)
            for inner in _VALUE_NAMES if source is not None else ():
                if source is not None and inner in source.values:
                    return source.values[inner]
        return None

    def upstream(self, node: Node) -> set[str]:
        """Return the ids of all nodes that feed `node`, directly or not."""
        seen: set[str] = set()
        waiting = [node.id]
        while waiting:
            current = self.nodes.get(waiting.pop())
            fresh = set(current.links.values()) - seen if current is not None else set()
            seen |= fresh
            waiting += fresh
        return seen & self.nodes.keys()


def read_prompt(text: str) -> Graph:
    """Return the graph of ComfyUI's `prompt`, as it was executed.

    Raises:
        SettingsError: it is no such graph.
    """
    found = read_json(text)
    if isinstance(found, dict) and isinstance(found.get("prompt"), dict):
        found = found["prompt"]
    if not isinstance(found, dict):
        raise _no_graph()
    nodes = [_executed(key, value) for key, value in list(found.items())[:_MAX_NODES]]
    return _graph(node for node in nodes if node is not None)


def read_workflow(text: str) -> Graph:
    """Return the graph of ComfyUI's `workflow`, as its window stores it; errors as read_prompt."""
    found = read_json(text)
    nodes = found.get("nodes") if isinstance(found, dict) else None
    if not isinstance(nodes, list):
        raise _no_graph()
    sources = dict(_sources(found.get("links")))
    drawn = [node for node in nodes[:_MAX_NODES] if isinstance(node, dict)]
    return _graph(_drawn(node, sources) for node in drawn if node.get("mode") != _NEVER)


def _graph(nodes: Iterable[Node]) -> Graph:
    graph = Graph(nodes)
    if not graph.nodes:
        raise _no_graph()
    return graph


def _no_graph() -> SettingsError:
    return SettingsError("This text is none of ComfyUI's graphs.")


def _executed(key: str, value: object) -> Node | None:
    if not isinstance(value, dict) or not isinstance(value.get("class_type"), str):
        return None
    inputs = value.get("inputs")
    given = inputs if isinstance(inputs, dict) else {}
    links = {name: str(part[0]) for name, part in given.items() if _is_link(part)}
    values = {name: part for name, part in given.items() if not isinstance(part, list | dict)}
    return Node(key, value["class_type"], values, links)


def _is_link(part: object) -> bool:
    return (
        isinstance(part, list)
        and len(part) == 2
        and isinstance(part[0], str | int)
        and isinstance(part[1], int)
    )


def _sources(links: object) -> Iterator[tuple[str, str]]:
    """Yield (link, node that it comes from); older and newer files write links differently."""
    for link in links if isinstance(links, list) else ():
        if isinstance(link, list) and len(link) >= 5:
            yield str(link[0]), str(link[1])
        elif isinstance(link, dict) and "id" in link and "origin_id" in link:
            yield str(link["id"]), str(link["origin_id"])


def _drawn(node: dict[str, Any], sources: Mapping[str, str]) -> Node:
    kind = str(node.get("type", ""))
    if node.get("mode") == _BYPASSED:
        kind = _REROUTE
    inputs = node.get("inputs")
    named = [part for part in (inputs if isinstance(inputs, list) else []) if _is_named(part)]
    links = {
        str(part["name"]): sources[str(part.get("link"))]
        for part in named
        if str(part.get("link")) in sources
    }
    widgets = node.get("widgets_values")
    values = {name: v for name, v in _fields(kind, widgets).items() if name not in links}
    return Node(str(node.get("id")), kind, values, links)


def _is_named(part: object) -> bool:
    return isinstance(part, dict) and "name" in part


def _fields(kind: str, widgets: object) -> dict[str, Any]:
    if isinstance(widgets, dict):
        return {str(name): value for name, value in widgets.items()}
    values = widgets if isinstance(widgets, list) else []
    return {
        name: value for name, value in zip(_WIDGETS.get(kind, ()), values, strict=False) if name
    }
