"""What of an origin may be written."""

from __future__ import annotations

import re
from typing import Any

from ..model import Provenance

_HOME = re.compile(
    r"""(?:file:/+)?(?:[a-z]:)?[\\/]+(?:home|users|root|documents\ and\ settings)(?=[\\/]|$)[^"'<>|\n]*
    | (?<![\w.])~[\w.-]*[\\/][^"'<>|\n]*""",
    re.IGNORECASE | re.VERBOSE,
)
"""A path below somebody's home, to the end of the line: names of users may hold blanks."""


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


def without_homes(text: str) -> str:
    """Cut paths below somebody's home down to the name of the file."""

    def file_name(match: re.Match[str]) -> str:
        parts = [part for part in re.split(r"[\\/]+", match[0]) if part]
        at = next(n for n, part in enumerate(parts) if part.casefold() in HOMES or part.startswith("~"))
        own = parts[at].casefold() == "root" or parts[at].startswith("~")
        return parts[-1] if len(parts) > at + (1 if own else 2) else "…"

    return _HOME.sub(file_name, text)


HOMES = ("home", "users", "root", "documents and settings")
