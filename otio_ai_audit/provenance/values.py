"""Single values: seeds, names of models and generators, JSON that may be damaged."""

from __future__ import annotations

import json
import re
from typing import Any

from .homes import without_homes

WEIGHTS = re.compile(r"\.(?:safetensors|gguf|ckpt|pth?|bin|sft|onnx|engine)$", re.I)
"""How the name of a file of weights ends."""
_OWN_NAMES = {
    "comfyui": "ComfyUI",
    "automatic1111": "Stable Diffusion web UI",
    "stable diffusion web ui": "Stable Diffusion web UI",
    "stable-diffusion-webui": "Stable Diffusion web UI",
    "sd.next": "SD.Next",
    "invokeai": "InvokeAI",
    "invoke ai": "InvokeAI",
    "fooocus": "Fooocus",
    "swarmui": "SwarmUI",
    "stableswarmui": "SwarmUI",
    "wangp": "WanGP",
    "wan2gp": "WanGP",
    "deepbeepmeep": "WanGP",
    "framepack": "FramePack",
    "midjourney": "Midjourney",
    "runwayml": "Runway",
    "kling ai": "Kling",
    "klingai": "Kling",
    "hailuo": "Hailuo",
    "pixverse": "PixVerse",
    "dreamina": "Dreamina",
    "higgsfield": "Higgsfield",
    "lumalabs": "Luma",
    "dream machine": "Luma",
    "adobe firefly": "Adobe Firefly",
    "dall-e": "DALL-E",
    "dall·e": "DALL-E",
    "draw things": "Draw Things",
    "novelai": "NovelAI",
    "ltx studio": "LTX Studio",
}
"""Names that mean nothing else: they count wherever they stand in the name of a program."""
_WORDS = {
    "runway": "Runway",
    "sora": "Sora",
    "veo": "Veo",
    "kling": "Kling",
    "pika": "Pika",
    "luma": "Luma",
    "vidu": "Vidu",
    "seedance": "Seedance",
    "firefly": "Adobe Firefly",
}
"""Names that are words, first names or cameras too: they count alone, or with a version."""
_MAKERS = r"(?:(?:google|openai|adobe|kuaishou|bytedance|minimax)(?:'s)?\s+)?"
_EXTRA = r"(?:[\s\-_/.,]*(?:ai|ml|labs?|video|app|model|alpha|turbo|pro|lite|fast|preview|gen|v?\d[\w.]*))*"
_MADE = re.compile(r"\s*(?:made|generated|created|produced|rendered)\s+(?:with|by|using|in)\s+", re.I)
_PLACED = re.compile(r"[a-z][\w+.-]*:[\\/]|[a-z]:|[\\/~]", re.I)
"""How a path begins that says where a file is."""
_MOST_SEED = 2**64
_MOST_NAME = 300


def as_seed(value: Any) -> int | None:
    """Read a seed of up to 64 bits; -1 (random) and anything else is unknown."""
    if isinstance(value, str) and re.fullmatch(r"\s*[0-9]{1,20}\s*", value):
        value = int(value)
    if isinstance(value, float) and value.is_integer() and value < 2**53:
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
    if text is None or "\n" in text or len(text) > _MOST_NAME:
        return None
    if "://" in text:
        text = re.split("[?#]", text)[0]
    if (
        "\\" in text
        or WEIGHTS.search(text)
        or re.match(r"^(?:[A-Za-z][\w+.-]*:[\\/]|[A-Za-z]:|[\\/~])", text)
    ):
        text = re.split(r"[\\/]", without_homes(text).rstrip("\\/"))[-1]
    return WEIGHTS.sub("", without_homes(text)).strip("…") or None


def as_generator(value: Any) -> str | None:
    """Read the name of a program or service, where it is one that makes pictures."""
    text = as_text(value)
    if text is None or len(text) > _MOST_NAME:
        return None
    low = _MADE.sub("", text.casefold(), count=1)
    for word, name in _OWN_NAMES.items():
        if re.search(rf"(?<![a-z0-9]){re.escape(word)}(?![a-z])", low):
            return name
    for word, name in _WORDS.items():
        if re.fullmatch(rf"{_MAKERS}{word}{_EXTRA}", low):
            return name
    return None


def as_maker(value: Any) -> str | None:
    """Read a sentence that says what made something: ``Made with Kling``."""
    return as_generator(value) if isinstance(value, str) and _MADE.match(value) else None


def as_json(text: Any) -> Any:
    """Read JSON; None where it is none."""
    if not isinstance(text, str) or text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
