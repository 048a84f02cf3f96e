"""What every file of takes says of a take, in the same words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from .. import provenance
from ..model import PersonVerdict, Placed, RankedTake
from .text import one_line, plain

SAYS = {"keep": "keep", "kill": "kill", "wrong-alarm": "wrong alarm", "withdraw": "withdrawn"}
"""Kinds of verdicts in words."""


def status_of(take: RankedTake) -> Literal["audited", "failed", "skipped"]:
    """Tell whether a take was looked at; of a copy the take that it repeats was."""
    if take.record.failure is not None:
        return "failed"
    return "skipped" if take.standing == "copy" else "audited"


def reason_of(take: RankedTake) -> str | None:
    """Say why a take was not looked at."""
    if take.record.failure is not None:
        return without_path(take.record.failure, take)
    return f"The same content as {take.copy_of}." if take.standing == "copy" else None


def without_path(text: str, take: RankedTake) -> str:
    """Name a take by its label: where its folder lies on somebody's machine is nobody's business."""
    path = take.take.media.path
    return text.replace(path, take.take.label) if path else text


def file_name(take: RankedTake) -> str:
    """Last part of a take's label."""
    return take.take.label.rpartition("/")[2]


def origin_of(take: RankedTake, include_prompts: bool) -> Mapping[str, Any]:
    """Say where a take comes from, as it may be written; ``prompt`` is None unless it is asked for."""
    found: Mapping[str, Any] = plain(provenance.public(take.take.provenance, include_prompts))
    text = take.take.provenance.prompt if include_prompts else None
    base = {"generator": None, "model": None, "workflow": None, "seed": None}
    return {**base, **found, "prompt": plain(text), "prompt_hash": take.take.provenance.prompt_hash}


def prompt_of(origin: Mapping[str, Any]) -> str | None:
    """Name a prompt by its text where that may be written, else by its hash."""
    prompt: str | None = origin["prompt"] or origin["prompt_hash"]
    return prompt


def seed_cell(seed: int | None) -> int | str | None:
    """Write a seed for a spreadsheet, which would round a number of more than 15 digits."""
    return seed if seed is None or abs(seed) < 10**15 else f"'{seed}"


def findings_of(take: RankedTake) -> tuple[Placed, ...]:
    """Give the findings to tell of a take; those of a copy are told of the take that it repeats."""
    return () if take.standing == "copy" else take.placed


def is_standing(placed: Placed, least: float) -> bool:
    """Whether a finding is at least `least` strong, and nobody dismissed it."""
    return (
        placed.state != "dismissed" and math.isfinite(placed.finding.score) and placed.finding.score >= least
    )


def said(verdicts: Iterable[PersonVerdict]) -> str:
    """Say what people say: ``ann: keep (the eyes); bob: kill``."""
    return "; ".join(
        f"{one_line(v.who)}: {SAYS[v.kind]}{f' ({one_line(v.why)})' if v.why else ''}" for v in verdicts
    )


def on_take(take: RankedTake) -> list[PersonVerdict]:
    """Verdicts on the take itself."""
    return [verdict for verdict in take.verdicts if verdict.kind in ("keep", "kill")]
