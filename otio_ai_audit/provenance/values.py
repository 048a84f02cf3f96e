"""Single values: seeds, names of models and generators, JSON that may be damaged."""

from __future__ import annotations

import json
import re
from typing import Any

WEIGHTS = re.compile(r"\.(?:safetensors|gguf|ckpt|pth?|bin|sft|onnx|engine)$", re.I)
"""How the name of a file of weights ends."""
_GENERATORS = {
    "comfyui": "ComfyUI",
    "automatic1111": "Stable Diffusion web UI",
    "stable diffusion web ui": "Stable Diffusion web UI",
    "invokeai": "InvokeAI",
    "invoke ai": "InvokeAI",
    "fooocus": "Fooocus",
    "swarmui": "SwarmUI",
    "stableswarmui": "SwarmUI",
    "wangp": "WanGP",
    "wan2gp": "WanGP",
    "framepack": "FramePack",
    "midjourney": "Midjourney",
    "runway": "Runway",
    "sora": "Sora",
    "veo": "Veo",
    "kling": "Kling",
    "hailuo": "Hailuo",
    "pika": "Pika",
    "luma": "Luma",
    "firefly": "Adobe Firefly",
    "dall-e": "DALL-E",
    "dall·e": "DALL-E",
    "draw things": "Draw Things",
    "novelai": "NovelAI",
}
_MOST_SEED = 2**64


def as_seed(value: Any) -> int | None:
    """Read a seed of up to 64 bits; -1 (random) and anything else is unknown."""
    if isinstance(value, str) and re.fullmatch(r"\s*\d{1,20}\s*", value):
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value < _MOST_SEED else None


def as_text(value: Any) -> str | None:
    """Read words; nothing where there are none."""
    return value.strip() or None if isinstance(value, str) else None


def as_model(value: Any) -> str | None:
    """Read the name of a model: no folders, and not the suffix of a file of weights."""
    text = as_text(value)
    if text is None or "\n" in text or len(text) > 300:
        return None
    if WEIGHTS.search(text) or re.match(r"^(?:[A-Za-z]:[\\/]|[\\/~])", text):
        text = re.split(r"[\\/]", text)[-1]
    return WEIGHTS.sub("", text) or None


def as_generator(value: Any) -> str | None:
    """Read the name of a program or service, where it is one that makes pictures."""
    text = as_text(value)
    if text is None or len(text) > 200:
        return None
    low = text.casefold()
    for word, name in _GENERATORS.items():
        if re.search(rf"(?<![a-z0-9]){re.escape(word)}(?![a-z])", low):
            return name
    return None


def as_json(text: Any) -> Any:
    """Read JSON; None where it is none."""
    if not isinstance(text, str) or text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
