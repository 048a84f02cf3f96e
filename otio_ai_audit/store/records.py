"""Take records as bytes and back.

A record becomes a head (what tables and ranks need), its sketch, and a body (curves and strip, which only a
page shows). The head is JSON, compressed by zstd; the body is a blob of `codec.pack`.

Scores of curves are kept in steps of 1/10,000. `kept` rounds a record like that, so that a run that looks at
a take and a run that reads it later tell the same numbers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import numpy as np

from ..model import Curve, Finding, MediaInfo, Provenance, TakeRecord, Thumbnail
from . import codec

STEPS = 10_000


@dataclass(frozen=True, slots=True)
class Stored:
    """A record in its parts."""

    head: bytes
    sketch: bytes
    body: bytes


def kept(record: TakeRecord) -> TakeRecord:
    """Round a record to what the store keeps, and turn numpy's numbers into Python's."""
    return decode(record.key, encode(record))


def encode(record: TakeRecord) -> Stored:
    """Write a record."""
    head = {
        "info": None if record.info is None else codec.to_plain(record.info),
        "frames": record.frames,
        "seconds": record.seconds,
        "scores": dict(record.scores),
        "findings": [asdict(finding) for finding in record.findings],
        "notes": list(record.notes),
        "provenance": asdict(record.provenance),
        "start_timecode": record.start_timecode,
        "failure": record.failure,
    }
    text = json.dumps(head, default=lambda number: number.item(), separators=(",", ":"))
    return Stored(codec.squeeze(text.encode()), np.asarray(record.sketch, np.uint8).tobytes(), _body(record))


def decode(key: str, stored: Stored) -> TakeRecord:
    """Read a record; without a body it has no curves and no strip.

    Raises
    ------
    ValueError, KeyError, TypeError
        Bytes that are damaged or of another make.
    """
    head = json.loads(codec.stretch(stored.head))
    info = head["info"]
    curves, strip = _read_body(stored.body) if stored.body else ({}, ())
    return TakeRecord(
        key=key,
        info=None if info is None else codec.from_plain(MediaInfo, info),
        frames=head["frames"],
        seconds=head["seconds"],
        scores=head["scores"],
        findings=tuple(_finding(one) for one in head["findings"]),
        curves=curves,
        notes=tuple(head["notes"]),
        strip=strip,
        sketch=np.frombuffer(stored.sketch, np.uint8),
        provenance=_provenance(head["provenance"]),
        start_timecode=head["start_timecode"],
        failure=head["failure"],
    )


def _finding(plain: Mapping[str, Any]) -> Finding:
    region = plain["region"]
    return Finding(
        **{
            **plain,
            "region": None if region is None else tuple(region),
            "related": tuple(plain["related"]),
            "compare": tuple((use, moment) for use, moment in plain["compare"]),
        }
    )


def _provenance(plain: Mapping[str, Any]) -> Provenance:
    known = {field.name for field in fields(Provenance)}
    found = Provenance(**{name: value for name, value in plain.items() if name in known})
    return replace(found, sources=tuple(found.sources), claims=tuple(found.claims))


def _body(record: TakeRecord) -> bytes:
    """Pack curves and strip; nothing where there is neither."""
    if not record.curves and not record.strip:
        return b""
    names = "\n".join(record.curves).encode()
    curves = list(record.curves.values())
    pictures = [np.frombuffer(one.data, np.uint8) for one in record.strip]
    scores = [np.asarray(curve.score, np.float64) for curve in curves]
    arrays = {
        "names": np.frombuffer(names, np.uint8),
        "places": np.array([(c.start, c.step, len(c.score)) for c in curves], np.float64).reshape(-1, 3),
        "scores": np.rint(np.clip(np.concatenate([np.zeros(0), *scores]), 0, 1) * STEPS).astype("<u2"),
        "times": np.array([one.time for one in record.strip], np.float64),
        "lengths": np.array([len(picture) for picture in pictures], np.int64),
        "pictures": np.concatenate([np.zeros(0, np.uint8), *pictures]),
    }
    return codec.pack({name: ("raw", array) for name, array in arrays.items()}, "take")


def _read_body(body: bytes) -> tuple[dict[str, Curve], tuple[Thumbnail, ...]]:
    arrays = codec.unpack(body)
    names = arrays["names"].tobytes().decode().split("\n") if len(arrays["places"]) else []
    curves, done = {}, 0
    for name, (start, step, count) in zip(names, arrays["places"].tolist(), strict=True):
        scores = arrays["scores"][done : done + int(count)]
        curves[name] = Curve(start, step, tuple(score / STEPS for score in scores.tolist()))
        done += int(count)
    ends = np.cumsum(arrays["lengths"]).tolist()
    data = arrays["pictures"].tobytes()
    strip = tuple(
        Thumbnail(time, data[end - length : end])
        for time, length, end in zip(arrays["times"].tolist(), arrays["lengths"].tolist(), ends, strict=True)
    )
    return curves, strip
