"""Take records as bytes and back.

A record becomes a head (what tables and ranks need), its sketch, and a body (curves and strip, which only a
page shows). The head is JSON and is not compressed: a folder of takes is ranked out of all heads at once,
where a kilobyte is read faster than it is stretched, and the pictures of the body outweigh it twenty times.
The body is a length (4 bytes, little-endian), that much JSON (name, start, step and length of every curve,
time and length of every picture), the scores byte by byte as in `codec`, and the pictures; all compressed.

Scores of curves are kept in steps of 1/10,000. `kept` rounds a record like that, so that the run that looks
at a take and a run that reads it later judge the same numbers. Everything else comes back as it was.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from itertools import chain
from operator import attrgetter
from typing import Any

import numpy as np

from ..model import Curve, Finding, MediaInfo, Provenance, TakeRecord, Thumbnail
from . import codec

STEPS = 10_000
NO_SCORE = 65_535
"""Stands for the score of a frame that has none (NaN)."""
_FINDING = attrgetter(*(field.name for field in fields(Finding)))
_PROVENANCE = attrgetter(*(field.name for field in fields(Provenance)))


def _plain(value: Any) -> Any:
    """Turn what JSON does not know into what it does: a mapping, or a number of numpy."""
    return dict(value) if isinstance(value, Mapping) else value.item()


_JSON = json.JSONEncoder(default=_plain, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Stored:
    """A record in its parts."""

    head: str
    sketch: bytes
    body: bytes


def kept(record: TakeRecord) -> TakeRecord:
    """Round a record to what the store keeps, and turn numpy's numbers into Python's."""
    return decode(record.key, encode(record))


def encode(record: TakeRecord) -> Stored:
    """Write a record; fields of findings and provenance in the order in which their types have them."""
    head = (
        None if record.info is None else _JSON.encode(codec.to_plain(record.info)),
        record.frames,
        record.seconds,
        record.scores,
        [_FINDING(finding) for finding in record.findings],
        record.notes,
        _PROVENANCE(record.provenance),
        record.start_timecode,
        record.failure,
    )
    return Stored(_JSON.encode(head), np.asarray(record.sketch, np.uint8).tobytes(), _body(record))


def decode(key: str, stored: Stored) -> TakeRecord:
    """Read a record; without a body it has no curves and no strip.

    Raises
    ------
    ValueError, KeyError, TypeError
        Bytes that are damaged or of another make.
    """
    info, frames, seconds, scores, findings, notes, origin, timecode, failure = json.loads(stored.head)
    curves, strip = _read_body(stored.body) if stored.body else ({}, ())
    return TakeRecord(
        key=key,
        info=None if info is None else _info(info),
        frames=frames,
        seconds=seconds,
        scores=scores,
        findings=tuple([_finding(*values) for values in findings]),
        curves=curves,
        notes=tuple(notes),
        strip=strip,
        sketch=np.frombuffer(stored.sketch, np.uint8),
        provenance=_provenance(*origin),
        start_timecode=timecode,
        failure=failure,
    )


@lru_cache(1024)
def _info(text: str) -> MediaInfo:
    """Read what a decoder said of a medium; many takes share it."""
    return codec.from_plain(MediaInfo, json.loads(text))


def _finding(
    detector: str,
    use: str,
    start: float,
    duration: float,
    score: float,
    message: str,
    label: str,
    evidence: Mapping[str, float | str],
    region: tuple[float, float, float, float] | None,
    related: list[str],
    worst: float | None,
    compare: list[tuple[str, float]],
    *more: Any,
) -> Finding:
    """Give lists back as tuples; fields that come later are plain until somebody says otherwise here."""
    return Finding(
        detector,
        use,
        start,
        duration,
        score,
        message,
        label,
        evidence,
        None if region is None else (region[0], region[1], region[2], region[3]),
        tuple(related),
        worst,
        tuple([(one, moment) for one, moment in compare]),
        *more,
    )


def _provenance(
    generator: str | None,
    model: str | None,
    workflow: str | None,
    prompt: str | None,
    seed: int | None,
    sources: list[str],
    claims: list[str],
    *more: Any,
) -> Provenance:
    return Provenance(generator, model, workflow, prompt, seed, tuple(sources), tuple(claims), *more)


def _body(record: TakeRecord) -> bytes:
    """Pack curves and strip; nothing where there is neither."""
    if not record.curves and not record.strip:
        return b""
    curves = record.curves.items()
    places = [(name, curve.start, curve.step, len(curve.score)) for name, curve in curves]
    head = _JSON.encode([places, [(one.time, len(one.data)) for one in record.strip]]).encode()
    scores = np.fromiter(chain.from_iterable(curve.score for _, curve in curves), np.float64)
    steps = np.rint(np.minimum(np.maximum(scores, 0), 1) * STEPS)
    steps[np.isnan(steps)] = NO_SCORE
    parts = (head, codec.by_bytes(steps.astype("<u2")), *(one.data for one in record.strip))
    return codec.squeeze(b"".join((len(head).to_bytes(4, "little"), *parts)))


def _read_body(body: bytes) -> tuple[dict[str, Curve], tuple[Thumbnail, ...]]:
    data = codec.stretch(body)
    place = 4 + int.from_bytes(data[:4], "little")
    curve_places, picture_places = json.loads(data[4:place])
    count = sum(length for *_, length in curve_places)
    steps = codec.from_bytes(np.frombuffer(data, np.uint8, 2 * count, place), "<u2")
    scores = np.where(steps == NO_SCORE, np.nan, steps / STEPS).tolist()
    place += 2 * count
    curves, done = {}, 0
    for name, start, step, length in curve_places:
        curves[name] = Curve(start, step, tuple(scores[done : done + length]))
        done += length
    strip = []
    for moment, length in picture_places:
        strip.append(Thumbnail(moment, data[place : place + length]))
        place += length
    return curves, tuple(strip)
