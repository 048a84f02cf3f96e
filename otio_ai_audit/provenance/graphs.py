"""ComfyUI's graphs in the form of the API: which seed, prompt and model made a medium.

``{"3": {"class_type": "KSampler", "inputs": {"seed": 7, "positive": ["6", 0]}}}`` holds what was run. Nodes
are told by their inputs rather than by their names, because everybody writes new ones. Where a graph makes
several things that do not agree, it is unknown which of them the medium is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeAlias, TypeVar

from ..model import Provenance, short_hash
from .values import WEIGHTS, as_model, as_seed, as_text

Graph: TypeAlias = Mapping[str, Mapping[str, Any]]
T = TypeVar("T")

SEEDS = ("seed", "noise_seed", "rand_seed")
TEXTS = (
    *("populated_text", "text_0", "text", "positive_prompt", "prompt", "text_prompt", "prompt_text"),
    *("positive", "text_g", "t5xxl", "text_l", "clip_l", "string", "value"),
)
"""Inputs that hold a prompt, the likeliest first."""
_TO_PROMPT = re.compile(
    r"(?!.*(?:image|clip_|vision|audio|neg))(?:.*embeds|positive|guider|cond(?:itioning)?)$"
)
"""Inputs that lead from a sampler to its prompt, beside those of texts."""
_OWN_TEXTS = ("prompt", "positive_prompt", "text_prompt", "prompt_text")
"""Prompts of nodes that have a service do it all."""
_MAKES_TEXT = re.compile(
    r"llm|ollama|gpt|gemini|claude|florence|caption|interrogat|tagger|enhanc|concat|join|combine|replace"
    r"|format|template|random|wildcard",
    re.I,
)
"""Nodes whose text is made only when they run."""
_TO_MODEL = re.compile(r"(?!.*(?:lora|vae|clip|upscal|control))(?:.*model.*|unet|guider|.*pipe|transformer)$")
_MODEL_NAME = re.compile(
    r"(?:base_)?(?:ckpt|unet|gguf|checkpoint|transformer|diffusion_model|model)(?:_?(?:name|path|id|file))?$"
)
_NOT_MODELS = re.compile(
    r"lora|vae|clip|text_?enc|upscal|control|adapter|style|t5|vision|interpol|rife|detector|sam|vocoder|depth",
    re.I,
)
_MOST = 200
"""Nodes followed from one sampler."""
_MOST_SAMPLERS = 32


def is_graph(data: Any) -> bool:
    """Whether this is a graph in the form of the API."""
    return (
        isinstance(data, dict)
        and bool(data)
        and all(isinstance(node, dict) and isinstance(node.get("class_type"), str) for node in data.values())
    )


def from_graph(data: Mapping[str, Any], source: str) -> Provenance:
    """Read what a graph in the form of the API says."""
    graph: Graph = {str(id_): node for id_, node in data.items()}
    return replace(_read(graph, source), workflow=short_hash("\n".join(sorted(_shape(graph)))))


def _read(graph: Graph, source: str) -> Provenance:
    first = _first_samplers(graph)
    seed = _same(_seed(graph, id_) for id_ in first) if first else _same(_lone_seeds(graph))
    return Provenance(
        generator="ComfyUI",
        model=_same(_model(graph, id_) for id_ in first) or _same(_lone_models(graph)),
        prompt=_same(_prompt(graph, id_) for id_ in first),
        seed=seed,
        sources=(source,),
    )


def _same(values: Iterable[T | None]) -> T | None:
    """Give what all of them say, if they agree."""
    found = set(values)
    return found.pop() if len(found) == 1 else None


def _inputs(node: Mapping[str, Any]) -> Mapping[str, Any]:
    found = node.get("inputs")
    return found if isinstance(found, dict) else {}


def _link(graph: Graph, value: Any) -> str | None:
    """Id of the node that an input is linked to."""
    if isinstance(value, list) and len(value) == 2 and isinstance(value[0], str | int):
        return str(value[0]) if str(value[0]) in graph else None
    return None


def _walk(graph: Graph, start: str, along: Callable[[str], bool], most: int = _MOST) -> Iterator[str]:
    """Yield a node and those upstream of it along some inputs, the nearest first."""
    waiting, seen = [start], {start}
    for id_ in waiting:
        yield id_
        for name, value in _inputs(graph[id_]).items():
            other = _link(graph, value) if along(name) else None
            if other is not None and other not in seen and len(seen) < most:
                seen.add(other)
                waiting.append(other)


# --- samplers


def _first_samplers(graph: Graph) -> list[str]:
    """Give the samplers that a medium begins with; several where a graph makes several things.

    What only works over a picture that is there already (a second pass, a face) does not count, nor what
    makes a still that another sampler then sets in motion.
    """
    found = [id_ for id_ in graph if _is_sampler(graph, _inputs(graph[id_]))][:_MOST_SAMPLERS]
    found = [id_ for id_ in found if _begins(graph, _inputs(graph[id_]))] or found
    above = {id_: set(_walk(graph, id_, lambda _: True, len(graph))) - {id_} for id_ in found}
    last = [id_ for id_ in found if not any(id_ in above[other] for other in found)]
    firsts = []
    for id_ in last:
        stages = [one for one in _walk(graph, id_, _is_latent) if one in found]
        firsts.append(stages[-1])
    return list(dict.fromkeys(firsts))


def _is_latent(name: str) -> bool:
    return "latent" in name or name == "samples"


def _is_sampler(graph: Graph, inputs: Mapping[str, Any]) -> bool:
    led = any(_link(graph, inputs[name]) for name in inputs if _TO_PROMPT.match(name))
    own = any(as_text(inputs.get(name)) or _link(graph, inputs.get(name)) for name in _OWN_TEXTS)
    noisy = any(name in inputs for name in (*SEEDS, "noise", "sigmas", "steps"))
    named = any(as_text(inputs.get(name)) for name in ("model", "model_name"))
    return (led and noisy) or (own and (named or any(name in inputs for name in SEEDS)))


def _begins(graph: Graph, inputs: Mapping[str, Any]) -> bool:
    """Whether a sampler begins with noise alone."""
    noise = _link(graph, inputs.get("noise"))
    if noise is not None and "disable" in str(graph[noise].get("class_type")).casefold():
        return False
    if inputs.get("add_noise") in ("disable", False):
        return False
    part = [inputs.get(name) for name in ("denoise", "denoise_strength")]
    late = [inputs.get(name) for name in ("start_at_step", "start_step")]
    return not any(isinstance(value, int | float) and value < 1 for value in part) and not any(
        isinstance(value, int | float) and value > 0 for value in late
    )


# --- seed, prompt, model


def _seed(graph: Graph, sampler: str) -> int | None:
    inputs = _inputs(graph[sampler])
    found = (_number(graph, inputs.get(name)) for name in (*SEEDS, "noise"))
    return next((seed for seed in found if seed is not None), None)


def _lone_seeds(graph: Graph) -> set[int | None]:
    return {_number(graph, _inputs(n).get(name)) for n in graph.values() for name in SEEDS} - {None}


def _number(graph: Graph, value: Any, depth: int = 0) -> int | None:
    """Read a seed that stands in an input, or in the node that it is linked to."""
    node = _link(graph, value)
    if node is None:
        return as_seed(value)
    inputs = _inputs(graph[node])
    if depth > 8 or any(name.startswith(("min", "max")) for name in inputs):
        return None  # drawn between two numbers when it runs
    for name in (*SEEDS, "value", "int", "number"):
        if name in inputs:
            return _number(graph, inputs[name], depth + 1)
    return None


def _prompt(graph: Graph, sampler: str) -> str | None:
    """Follow the positive inputs of a sampler to the first text."""
    own = (as_text(_inputs(graph[sampler]).get(name)) for name in _OWN_TEXTS)
    found = next((text for text in own if text is not None), None)
    if found is not None:
        return found
    # Nodes whose text is made when they run are walls: what lies behind is not what was said.
    open_ = {
        id_: node
        for id_, node in graph.items()
        if id_ == sampler
        or not _MAKES_TEXT.search(str(node.get("class_type")))
        or any(as_text(_inputs(node).get(name)) for name in TEXTS[:2])
    }
    for id_ in _walk(open_, sampler, lambda name: name in TEXTS or bool(_TO_PROMPT.match(name))):
        inputs = _inputs(open_[id_])
        texts = (as_text(inputs.get(name)) for name in TEXTS)
        text = next((text for text in texts if text is not None), None)
        if text is not None and id_ != sampler:
            return text
    return None


def _model(graph: Graph, sampler: str) -> str | None:
    """Follow the model of a sampler to the name of its weights."""
    for id_ in _walk(graph, sampler, lambda name: bool(_TO_MODEL.match(name))):
        if _NOT_MODELS.search(str(graph[id_].get("class_type"))):
            continue
        inputs = _inputs(graph[id_])
        names = (as_model(inputs[name]) for name in sorted(inputs) if _MODEL_NAME.match(name))
        found = next((name for name in names if name is not None), None)
        if found is not None:
            return found
    return None


def _lone_models(graph: Graph) -> set[str | None]:
    """Names of all files of weights that may be the model itself."""
    return {
        as_model(value)
        for node in graph.values()
        if not _NOT_MODELS.search(str(node.get("class_type")))
        for name, value in _inputs(node).items()
        if isinstance(value, str) and WEIGHTS.search(value) and not _NOT_MODELS.search(name)
    }


def _shape(graph: Graph) -> Iterator[str]:
    """Kinds of nodes and how they are linked, without what changes from run to run."""
    for node in graph.values():
        kind = node["class_type"]
        yield f"node {kind}"
        for name, value in _inputs(node).items():
            other = _link(graph, value)
            if other is not None:
                yield f"{graph[other]['class_type']} {value[1]} -> {kind} {name}"
