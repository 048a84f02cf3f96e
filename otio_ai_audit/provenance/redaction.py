"""What of an origin may be written."""

from __future__ import annotations

from typing import Any

from ..model import Provenance
from .homes import without_homes


def public(found: Provenance, include_prompts: bool) -> dict[str, Any]:
    """Give an origin for writers: no prompt and no path of a home, unless prompts are asked for."""

    def shown(text: str | None) -> str | None:
        return text if text is None or include_prompts else without_homes(text)

    return {
        "generator": shown(found.generator),
        "model": shown(found.model),
        "workflow": found.workflow,
        "prompt": found.prompt if include_prompts else None,
        "prompt_hash": found.prompt_hash,
        "seed": found.seed,
        "sources": [shown(text) for text in found.sources],
        "claims": [shown(text) for text in found.claims],
    }
