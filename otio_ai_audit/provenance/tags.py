"""Tags of files: graphs, parameters and JSON in whatever tag a program chose."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ..model import Provenance
from .canvas import from_canvas, is_canvas
from .graphs import from_graph, is_graph
from .plain import AI, MARKS, from_plain
from .values import as_generator, as_json, as_maker, as_model, as_seed, as_text

SOFTWARE = ("software", "generator", "creatortool", "creator_tool", "xmp:creatortool", "encoder", "source")
"""Tags that name a program; only names of generators count."""
SENTENCES = ("comment", "description", "title")
"""Tags that may say ``Made with …``."""
AI_SOURCE = re.compile(
    r"digitalsourcetype/(?:trainedAlgorithmicMedia|compositeWithTrainedAlgorithmicMedia)\b"
)
"""IPTC's word in XMP for what a model made."""
_HELD_BY = ("prompt", "workflow", "extra_pnginfo", "extra", "metadata", "comfyui", "comment")
"""Keys that hold a graph."""
_STEPS = re.compile(r"^Steps: \d+, ", re.MULTILINE)
_PAIR = re.compile(r'([\w ./-]{1,60}):\s*("(?:\\.|[^"\\])*"|[^,]*)(?:,|$)')
_LONGEST_LINE = 100_000
_JOB = re.compile(r"\s*Job ID: [0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\s*$", re.I)


def from_tags(tags: Mapping[str, str], source: str) -> Provenance:
    """Read the tags of a file.

    Parameters
    ----------
    tags
        By their names.
    source
        Where they stand, in words.
    """
    low = {name.casefold(): value for name, value in tags.items() if isinstance(value, str)}
    in_order = sorted(low, key=lambda name: (name == "workflow", name))
    found = [one for name in in_order for one in _read(low[name], source)]
    found = [_marked(one, low) for one in found]
    found.append(_words(low, source))
    named = [as_generator(low.get(key)) for key in SOFTWARE] + [as_maker(low.get(key)) for key in SENTENCES]
    generator = next((name for name in named if name is not None), None)
    if generator is not None:
        found.append(Provenance(generator=generator, sources=(source,)))
    if any(AI_SOURCE.search(low[name]) for name in in_order if "xmp" in name):
        found.append(Provenance(sources=(source,), claims=(AI,)))
    return join(*sorted(found, key=_rank))


def join(*found: Provenance) -> Provenance:
    """Put together what several places say: field by field, the first that knows."""
    result = Provenance()
    for one in found:
        fields = ("generator", "model", "workflow", "prompt", "seed")
        news = {
            name: getattr(one, name)
            for name in fields
            if getattr(result, name) is None and getattr(one, name) is not None
        }
        sources = (*result.sources, *(s for s in one.sources if s not in result.sources))
        claims = (*result.claims, *(c for c in one.claims if c not in result.claims))
        result = replace(result, **news, sources=sources, claims=claims)
    return result if _says_something(result) else Provenance()


def _says_something(found: Provenance) -> bool:
    return (
        any((found.generator, found.model, found.workflow, found.prompt, found.claims))
        or found.seed is not None
    )


def _rank(found: Provenance) -> int:
    """Order of places that contradict each other: what says most goes first."""
    return -sum(value is not None for value in (found.seed, found.prompt, found.model, found.workflow))


def _marked(found: Provenance, tags: Mapping[str, str]) -> Provenance:
    """Name the program by a tag that only this one writes."""
    plain = {re.sub(r"[^a-z0-9]", "", name) for name in tags}
    mark = next((name for key, name in MARKS.items() if key in plain), None)
    speaks = found.prompt is not None or found.seed is not None
    return replace(found, generator=mark) if mark and speaks and found.generator is None else found


def _read(value: str, source: str) -> Iterator[Provenance]:
    text = value.strip()
    for head in ("prompt:", "workflow:"):  # ComfyUI's WebP, in tags of cameras
        if text[: len(head)].casefold() == head:
            text = text[len(head) :].strip()
    data = as_json(text)
    if data is not None:
        yield from from_json(data, source)
    elif _STEPS.search(text):
        yield from_parameters(text, source)
    elif _JOB.search(text[-100:]):
        yield from_description(text, source)


def from_json(data: Any, source: str) -> Iterator[Provenance]:
    """Read JSON of any program: graphs wherever they stand in it, else plain keys."""
    graphs = list(_graphs(data, source))
    if graphs:
        yield join(*graphs)
    else:
        yield from_plain(data, source)


def _graphs(data: Any, source: str, depth: int = 0) -> Iterator[Provenance]:
    if is_graph(data):
        yield from_graph(data, source)
    elif is_canvas(data):
        yield from_canvas(data, source)
    elif isinstance(data, dict) and depth < 3:
        for key in _HELD_BY:
            value = data.get(key)
            inner = as_json(value) if isinstance(value, str) else value
            yield from _graphs(inner, source, depth + 1)


def from_parameters(text: str, source: str) -> Provenance:
    """Read what A1111 and its kin write: prompts, and a line of pairs that begins with ``Steps``."""
    match = _STEPS.search(text)
    if match is None:
        return Provenance()
    line = text[match.start() : match.start() + _LONGEST_LINE]
    pairs = {name.strip().casefold(): value.strip().strip('"') for name, value in _PAIR.findall(line)}
    prompt = text[: match.start()].split("\nNegative prompt:")[0]
    if prompt.startswith("Negative prompt:"):
        prompt = ""
    return Provenance(
        generator=_web_ui(pairs),
        model=as_model(pairs.get("model")),
        prompt=as_text(prompt),
        seed=as_seed(pairs.get("seed")),
        sources=(source,),
    )


def _web_ui(pairs: Mapping[str, str]) -> str | None:
    """Tell which program wrote parameters: many write them, and not all say their name."""
    version = pairs.get("version", "")
    named = as_generator(pairs.get("app")) or as_generator(version)
    if named is not None or "app" in pairs:
        return named
    if re.match(r"f\d|.*forge|neo\b", version, re.I):
        return "Stable Diffusion WebUI Forge"
    return "Stable Diffusion web UI" if re.match(r"v?\d+\.\d+", version) else None


def from_description(text: str, source: str) -> Provenance:
    """Read what Midjourney writes: the prompt with its options, and the id of a job."""
    said = _JOB.sub("", text)
    options = dict(re.findall(r"--(\w+)\s+([^\s-]\S*)", said))
    model = options.get("v") or options.get("version")
    niji = options.get("niji")
    return Provenance(
        generator="Midjourney",
        model=f"niji {niji}" if niji else f"v{model}" if model else None,
        prompt=as_text(said),
        seed=as_seed(options.get("seed")),
        sources=(source,),
    )


def _words(tags: Mapping[str, str], source: str) -> Provenance:
    """Read tags that are named for what they hold: ``prompt``, ``seed`` and, beside them, ``model``."""
    plain = {name: value for name, value in tags.items() if value.lstrip()[:1] not in ("{", "[")}
    return from_plain(plain, source)
