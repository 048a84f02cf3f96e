"""Tags of files: graphs, parameters and JSON in whatever tag a program chose."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ..model import Provenance
from .graphs import from_canvas, from_graph, is_canvas, is_graph
from .plain import from_plain
from .values import as_generator, as_json, as_model, as_seed, as_text

SOFTWARE = (
    "software",
    "generator",
    "creatortool",
    "creator_tool",
    "encoder",
    "artist",
    "comment",
    "description",
)
"""Tags that may name the program; only names of generators count."""
_STEPS = re.compile(r"^Steps: \d+, ", re.MULTILINE)
_PAIR = re.compile(r'\s*([\w ./-]+):\s*("(?:\\.|[^"\\])*"|[^,]*)(?:,|$)')


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
    found = [one for name, value in low.items() for one in _read(name, value, source)]
    found.append(_words(low, source))
    named = next((n for key in SOFTWARE if (n := as_generator(low.get(key, ""))) is not None), None)
    if named is not None:
        found.append(Provenance(generator=named, sources=(source,)))
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


def _read(name: str, value: str, source: str) -> Iterator[Provenance]:
    text = value.strip()
    for head in ("prompt:", "workflow:"):  # ComfyUI's WebP, in tags of cameras
        if text.casefold().startswith(head):
            text = text[len(head) :].strip()
    data = as_json(text)
    if data is not None:
        yield from from_json(data, source)
    elif _STEPS.search(text):
        yield from_parameters(text, source)


def from_json(data: Any, source: str) -> Iterator[Provenance]:
    """Read JSON of any program: graphs wherever they stand in it, else plain keys."""
    graphs = list(_graphs(data, source))
    if graphs:
        yield from graphs
    else:
        yield from_plain(data, source)


def _graphs(data: Any, source: str, depth: int = 0) -> Iterator[Provenance]:
    if is_graph(data):
        yield from_graph(data, source)
    elif is_canvas(data):
        yield from_canvas(data, source)
    elif isinstance(data, dict) and depth < 3:
        for key in ("prompt", "workflow", "extra_pnginfo", "extra", "metadata", "comfyui", "comment"):
            value = data.get(key)
            inner = as_json(value) if isinstance(value, str) else value
            yield from _graphs(inner, source, depth + 1)


def from_parameters(text: str, source: str) -> Provenance:
    """Read what A1111 and its kin write: prompts, and a line of pairs that begins with ``Steps``."""
    match = _STEPS.search(text)
    if match is None:
        return Provenance()
    pairs = {
        name.strip().casefold(): value.strip().strip('"')
        for name, value in _PAIR.findall(text[match.start() :])
    }
    prompt = text[: match.start()].split("\nNegative prompt:")[0]
    if prompt.startswith("Negative prompt:"):
        prompt = ""
    version = pairs.get("version", "")
    forge = version.startswith("f") or "forge" in version.casefold()
    named = as_generator(pairs.get("app")) or as_generator(version)
    return Provenance(
        generator=named or ("Stable Diffusion WebUI Forge" if forge else "Stable Diffusion web UI"),
        model=as_model(pairs.get("model")),
        prompt=as_text(prompt),
        seed=as_seed(pairs.get("seed")),
        sources=(source,),
    )


def _words(tags: Mapping[str, str], source: str) -> Provenance:
    """Read tags that are named for what they hold: ``prompt``, ``seed`` and, beside them, ``model``."""
    plain = {name: value for name, value in tags.items() if as_json(value) is None}
    return from_plain(plain, source)
