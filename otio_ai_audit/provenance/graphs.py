"""ComfyUI's graphs: which seed, prompt and model made a medium, and the shape of the workflow.

The API form (``{"3": {"class_type": "KSampler", "inputs": {"seed": 7, "positive": ["6", 0]}}}``) holds what
was run; the form of the user interface (``nodes`` and ``links``) gives the workflow's shape where it is all
there is. Nodes are told by their inputs rather than by their names, because everybody writes new ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from ..model import Provenance, short_hash
from .values import WEIGHTS, as_model, as_seed, as_text

Graph: TypeAlias = Mapping[str, Mapping[str, Any]]

SEEDS = ("seed", "noise_seed", "rand_seed")
TEXTS = (
    "text",
    "positive_prompt",
    "prompt",
    "positive",
    "text_g",
    "text_l",
    "t5xxl",
    "string",
    "value",
    "wildcard_text",
)
"""Inputs that hold a prompt, the likeliest first."""
TOWARDS_PROMPT = ("positive", "guider", "text_embeds", "conditioning", "cond", "embeds", *TEXTS)
"""Inputs that lead from a sampler to its prompt."""
_NOT_MODELS = re.compile(
    r"lora|vae|clip|text_?enc|upscal|control|adapter|style|t5|umt5|vision|interpol|rife", re.I
)
_MOST_STEPS = 200


def is_graph(data: Any) -> bool:
    """Whether this is a graph in the form of the API."""
    return (
        isinstance(data, dict)
        and bool(data)
        and all(isinstance(node, dict) and isinstance(node.get("class_type"), str) for node in data.values())
    )


def is_canvas(data: Any) -> bool:
    """Whether this is a workflow in the form of the user interface."""
    return (
        isinstance(data, dict) and isinstance(data.get("nodes"), list) and isinstance(data.get("links"), list)
    )


def from_graph(data: Mapping[str, Any], source: str) -> Provenance:
    """Read what a graph in the form of the API says."""
    graph: Graph = {str(id_): node for id_, node in data.items()}
    sampler = next(_samplers(graph), None)
    return Provenance(
        generator="ComfyUI",
        model=_model(graph),
        workflow=short_hash("\n".join(sorted(_shape(graph)))),
        prompt=None if sampler is None else _prompt(graph, sampler),
        seed=_seed(graph),
        sources=(source,),
    )


def from_canvas(data: Mapping[str, Any], source: str) -> Provenance:
    """Read what a workflow of the user interface says for sure: that it is one, and its shape."""
    kinds = {node.get("id"): str(node.get("type")) for node in data["nodes"] if isinstance(node, dict)}
    lines = [f"node {kind}" for kind in kinds.values()]
    for link in data["links"]:
        if isinstance(link, list) and len(link) >= 5:
            lines.append(f"{kinds.get(link[1])} {link[2]} -> {kinds.get(link[3])} {link[4]}")
    return Provenance(generator="ComfyUI", workflow=short_hash("\n".join(sorted(lines))), sources=(source,))


def _inputs(node: Mapping[str, Any]) -> Mapping[str, Any]:
    found = node.get("inputs")
    return found if isinstance(found, dict) else {}


def _linked(graph: Graph, value: Any) -> Mapping[str, Any] | None:
    """Node that an input is linked to."""
    if isinstance(value, list) and len(value) == 2 and isinstance(value[0], str | int):
        return graph.get(str(value[0]))
    return None


def _in_order(graph: Graph) -> list[Mapping[str, Any]]:
    """Nodes by their numbers, so that nothing hangs on how a program sorts them."""
    return [graph[id_] for id_ in sorted(graph, key=lambda id_: (not id_.isdecimal(), id_.zfill(12)))]


def _samplers(graph: Graph) -> Iterator[Mapping[str, Any]]:
    """Nodes that a prompt leads to, those that add the noise first."""
    found = [
        node
        for node in _in_order(graph)
        if any(_linked(graph, _inputs(node).get(name)) for name in ("positive", "guider", "text_embeds"))
        and any(name in _inputs(node) for name in (*SEEDS, "steps", "sigmas", "noise", "sampler"))
    ]
    yield from sorted(found, key=lambda node: _inputs(node).get("add_noise", "enable") != "enable")


def _seed(graph: Graph) -> int | None:
    """Seed of the first sampler, or of its noise; without a sampler, the only seed that there is."""
    for node in _samplers(graph):
        for name in (*SEEDS, "noise"):
            seed = _number(graph, _inputs(node).get(name))
            if seed is not None:
                return seed
    seeds = {_number(graph, _inputs(n).get(name)) for n in _in_order(graph) for name in SEEDS} - {None}
    return seeds.pop() if len(seeds) == 1 else None


def _number(graph: Graph, value: Any, depth: int = 0) -> int | None:
    """Read a seed that stands in an input, or in the node that it is linked to."""
    node = _linked(graph, value)
    if node is None:
        return as_seed(value)
    inputs = _inputs(node)
    if depth > 8:
        return None
    for name in (*SEEDS, "value", "int", "number"):
        if name in inputs:
            return _number(graph, inputs[name], depth + 1)
    return None


def _prompt(graph: Graph, sampler: Mapping[str, Any]) -> str | None:
    """Follow the positive inputs of a sampler to the first text."""
    waiting, seen = [sampler], 0
    while waiting and seen < _MOST_STEPS:
        node, seen = waiting.pop(0), seen + 1
        inputs = _inputs(node)
        if seen > 1:
            for name in TEXTS:
                text = as_text(inputs.get(name))
                if text is not None:
                    return text
        waiting += [n for name in TOWARDS_PROMPT if (n := _linked(graph, inputs.get(name))) is not None]
    return None


def _model(graph: Graph) -> str | None:
    """Name of the first file of weights that is the model itself."""
    for node in _in_order(graph):
        if _NOT_MODELS.search(str(node.get("class_type"))):
            continue
        for name, value in sorted(_inputs(node).items()):
            if isinstance(value, str) and WEIGHTS.search(value) and not _NOT_MODELS.search(name):
                return as_model(value)
    return None


def _shape(graph: Graph) -> Iterator[str]:
    """Kinds of nodes and how they are linked, without what changes from run to run."""
    for node in graph.values():
        kind = node["class_type"]
        yield f"node {kind}"
        for name, value in _inputs(node).items():
            other = _linked(graph, value)
            if other is not None:
                yield f"{other['class_type']} {value[1]} -> {kind} {name}"
