"""JSON with telling keys, as programs and services write it, however nested."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias, TypeVar

from ..model import Provenance
from .values import as_generator, as_model, as_seed, as_text

T = TypeVar("T")
Pairs: TypeAlias = list[tuple[int, str, Any]]

PROMPTS = (
    *("prompt", "positiveprompt", "positive", "promptstring", "textprompt", "inputprompt", "fullprompt"),
    *("prompttext", "userprompt"),
)
SEEDS = ("seed", "noiseseed", "randomseed", "seedused", "initialseed")
MODELS = (
    *("modelname", "model", "modelid", "modeltype", "modelfilename", "basemodel", "checkpoint", "ckptname"),
    *("sdmodelname", "usestablediffusionmodel", "engine", "engineid", "modelversion"),
)
GENERATORS = (
    *("generator", "software", "app", "application", "tool", "service", "provider", "source", "type"),
    *("platform", "createdwith", "version"),
)
MARKS = {
    "suiimageparams": "SwarmUI",
    "swarmversion": "SwarmUI",
    "invokeaimetadata": "InvokeAI",
    "fooocusscheme": "Fooocus",
}
"""Keys that only one program writes."""
LABELS = ("contentproducer", "produceid")
"""Keys beside the label of GB 45438-2025, which services in China have to write."""
AI = "declared as AI-generated"
DEEPEST = 6
MOST = 20_000
"""Values looked at, at most."""


def from_plain(data: Any, source: str) -> Provenance:
    """Read prompt, seed, model and generator by their keys, the least nested first.

    A model counts only beside a prompt or a seed: cameras have models too. Where keys of one name and depth
    contradict each other, the value is unknown: they speak of several media.
    """
    pairs = list(_pairs(data))
    keys = {key for _, key, _ in pairs}
    claims = (AI,) if _is_labelled(pairs) else ()
    prompts = PROMPTS if keys & {"negative", "negativeprompt"} else [n for n in PROMPTS if n != "positive"]
    prompt = _first(pairs, prompts, as_text)
    seed = _first(pairs, SEEDS, as_seed)
    if prompt is None and seed is None:
        return Provenance(sources=(source,), claims=claims) if claims else Provenance()
    mark = next((name for key, name in MARKS.items() if key in keys), None)
    return Provenance(
        generator=mark or _first(pairs, GENERATORS, as_generator),
        model=_first(pairs, MODELS, _model),
        prompt=prompt,
        seed=seed,
        sources=(source,),
        claims=claims,
    )


def _first(pairs: Pairs, names: tuple[str, ...] | list[str], read: Callable[[Any], T | None]) -> T | None:
    for name in names:
        depth, found = None, set[T]()
        for level, key, value in pairs:
            if depth is not None and level > depth:
                break
            if key == name and (one := read(value)) is not None:
                depth = level
                found.add(one)
        if found:
            return found.pop() if len(found) == 1 else None
    return None


def _model(value: Any) -> str | None:
    if isinstance(value, dict):
        return next(
            (n for key in ("name", "model_name", "key", "id") if (n := as_model(value.get(key)))), None
        )
    return as_model(value)


def _is_labelled(pairs: Pairs) -> bool:
    held = {key: value for _, key, value in pairs if key in ("label", *LABELS)}
    return held.get("label") in ("1", 1) and any(key in held for key in LABELS)


def _pairs(data: Any) -> Iterator[tuple[int, str, Any]]:
    """Depths, keys (letters and digits only, lower case) and values, level by level."""
    level, seen = [data] if isinstance(data, dict | list) else [], 0
    for depth in range(DEEPEST):
        deeper: list[Any] = []
        for one in level:
            items = one.items() if isinstance(one, dict) else (("", value) for value in one)
            for key, value in items:
                seen += 1
                if seen > MOST:
                    return
                yield depth, re.sub(r"[^a-z0-9]", "", str(key)[:100].casefold()), value
                if isinstance(value, str) and value[:1] == "{" and len(value) < MOST:
                    value = _inner(value)
                if isinstance(value, dict | list):
                    deeper.append(value)
        level = deeper


def _inner(text: str) -> Any:
    """Read JSON that stands in JSON as a text."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
