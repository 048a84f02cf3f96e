"""JSON with telling keys, as programs and services write it, however nested."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from ..model import Provenance
from .values import as_generator, as_model, as_seed, as_text

T = TypeVar("T")

PROMPTS = (
    *("prompt", "positiveprompt", "positive", "promptstring", "textprompt", "inputprompt", "fullprompt"),
    *("prompttext", "userprompt"),
)
SEEDS = ("seed", "noiseseed", "randomseed", "seedused", "initialseed")
MODELS = (
    *("modelname", "model", "modelid", "modeltype", "modelfilename", "basemodel", "checkpoint", "ckptname"),
    *("sdmodelname", "engine", "engineid", "modelversion"),
)
GENERATORS = (
    *("generator", "software", "app", "application", "tool", "service", "provider", "source", "type"),
    "platform",
)
DEEPEST = 6
MOST = 20_000
"""Values looked at, at most."""


def from_plain(data: Any, source: str) -> Provenance:
    """Read prompt, seed, model and generator by their keys, the least nested first.

    A model counts only beside a prompt or a seed: cameras have models too.
    """
    pairs = list(_pairs(data))
    prompt = _first(pairs, PROMPTS, as_text)
    seed = _first(pairs, SEEDS, as_seed)
    generator = _first(pairs, GENERATORS, as_generator)
    if prompt is None and seed is None:
        return Provenance()
    return Provenance(
        generator=generator,
        model=_first(pairs, MODELS, _model),
        prompt=prompt,
        seed=seed,
        sources=(source,),
    )


def _first(pairs: list[tuple[str, Any]], names: tuple[str, ...], read: Callable[[Any], T | None]) -> T | None:
    for name in names:
        for key, value in pairs:
            if key == name and (found := read(value)) is not None:
                return found
    return None


def _model(value: Any) -> str | None:
    if isinstance(value, dict):
        return next(
            (n for key in ("name", "model_name", "key", "id") if (n := as_model(value.get(key)))), None
        )
    return as_model(value)


def _pairs(data: Any) -> Iterator[tuple[str, Any]]:
    """Keys (letters only, lower case) and values, level by level."""
    level, seen = [data] if isinstance(data, dict | list) else [], 0
    for _ in range(DEEPEST):
        deeper: list[Any] = []
        for one in level:
            items = one.items() if isinstance(one, dict) else enumerate(one)
            for key, value in items:
                seen += 1
                if seen > MOST:
                    return
                yield re.sub(r"[^a-z0-9]", "", str(key).casefold()), value
                if isinstance(value, dict | list):
                    deeper.append(value)
        level = deeper
