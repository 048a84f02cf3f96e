"""Take records as bytes and back.

A record becomes a head (what tables and ranks need), its sketch, and a body (curves and strip, which only a
page shows). The head is JSON and is not compressed: a folder of takes is ranked out of all heads at once,
where a kilobyte is read faster than it is stretched, and the pictures of the body outweigh it twenty times.
The body is a blob of `codec.pack`.

Scores of curves are kept in steps of 1/10,000. `kept` rounds a record like that, so that the run that looks
at a take and a run that reads it later judge the same numbers. Everything else comes back as it was.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
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
    names = "\n".join(record.curves).encode()
    curves = list(record.curves.values())
    scores = np.concatenate([np.zeros(0), *(np.asarray(curve.score, np.float64) for curve in curves)])
    steps = np.where(np.isnan(scores), NO_SCORE, np.rint(np.clip(scores, 0, 1) * STEPS))
    pictures = [one.data for one in record.strip]
    arrays: dict[str, codec.Array] = {
        "names": np.frombuffer(names, np.uint8),
        "places": np.array([(c.start, c.step, len(c.score)) for c in curves], np.float64).reshape(-1, 3),
        "scores": steps.astype("<u2"),
        "times": np.array([one.time for one in record.strip], np.float64),
        "lengths": np.array([len(picture) for picture in pictures], np.int64),
        "pictures": np.frombuffer(b"".join(pictures), np.uint8),
    }
    return codec.pack({name: ("raw", array) for name, array in arrays.items()}, "take")


def _read_body(body: bytes) -> tuple[dict[str, Curve], tuple[Thumbnail, ...]]:
    arrays = codec.unpack(body)
    names = arrays["names"].tobytes().decode().split("\n") if len(arrays["places"]) else []
    steps = arrays["scores"]
    scores = np.where(steps == NO_SCORE, np.nan, steps / STEPS).tolist()
    curves, done = {}, 0
    for name, (start, step, count) in zip(names, arrays["places"].tolist(), strict=True):
        curves[name] = Curve(start, step, tuple(scores[done : done + int(count)]))
        done += int(count)
    ends = np.cumsum(arrays["lengths"]).tolist()
    data = arrays["pictures"].tobytes()
    strip = tuple(
        Thumbnail(time, data[end - length : end])
        for time, length, end in zip(arrays["times"].tolist(), arrays["lengths"].tolist(), ends, strict=True)
    )
    return curves, strip
