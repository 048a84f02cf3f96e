"""The result as JSON, ``schema: 1``: what menu scripts, gates and other programs read.

Names and types of the documented fields never change within a schema; fields may be added. Every
documented field is always there, null where it is unknown; only ``curves`` are left out of a clip
that has none. One clip and one finding a line, so that two results can be compared with `diff`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from ..markings import custom_data
from ..model import AuditResult, ClipResult, Curve, Group, LiveTimeline, Marker, Placed
from .text import clean, clips_in_order, findings_in_order, number, plain, score

SCHEMA = 1
"""Version of the JSON; raised only when a documented field changes its meaning or goes."""


def to_json(result: AuditResult, *, curves: bool = True, include_prompts: bool = False) -> dict[str, Any]:
    """Return a result as plain JSON data.

    Parameters
    ----------
    result
        What an audit found.
    curves
        Whether clips carry a score per frame, where the result has one.
    include_prompts
        Whether ``provenance.prompt`` carries the prompt; otherwise it is null.

    Returns
    -------
    dict
        Only dict, list, str, int, finite float, bool and None; rates as ``"24000/1001"``, times in
        seconds from the media's first frame, `timeline_frame` from the timeline's first frame.
    """
    info, live = result.info, result.live
    ids = {clip.id for clip in result.clips}
    return {
        "schema": SCHEMA,
        "tool": {"name": "otio-ai-audit", "version": clean(result.version)},
        "timeline": {
            "name": clean(info.name),
            "rate": _rate(info.rate),
            "start_timecode": clean(info.start_timecode),
            "source": clean(info.source),
            "frames": info.frames,
            "drop_frame": info.drop_frame,
            "resolution": [live.width, live.height] if live and live.width and live.height else None,
        },
        "settings": {"hash": clean(result.settings_hash), "calibration": known(result.calibration)},
        "detectors": [clean(name) for name in result.detectors],
        "incomplete": result.incomplete,
        "finished": known(result.finished),
        "seconds": number(result.seconds, 2),
        "against": known(result.against),
        "notices": [clean(text) for text in result.notices],
        "clips": [_clip(clip, curves, include_prompts) for clip in clips_in_order(result)],
        "subjects": [_group(group) for group in result.groups],
        "findings": [finding_data(placed, ids) for placed in findings_in_order(result)],
        "markers": [_set_marker(marker) for marker in result.markers],
        "live": None if live is None else _live(live),
    }


def dumps(data: Mapping[str, Any]) -> str:
    """Return JSON text with one clip and one finding a line, ending in a line end."""
    parts = []
    for name, value in data.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            rows = ",\n  ".join(compact(row) for row in value)
            text = f"[\n  {rows}\n ]"
        else:
            text = compact(value)
        parts.append(f" {json.dumps(name)}: {text}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def write(result: AuditResult, path: Path, *, curves: bool = True, include_prompts: bool = False) -> None:
    """Write a result as UTF-8 JSON."""
    text = dumps(to_json(result, curves=curves, include_prompts=include_prompts))
    path.write_bytes(text.encode("utf-8"))


def compact(value: Any) -> str:
    """Return plain data as JSON on one line."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(", ", ": "))


def _rate(rate: Fraction) -> str:
    return f"{rate.numerator}/{rate.denominator}"


def known(text: str | None) -> str | None:
    """Return clean text, None for an unknown one."""
    return clean(text) if text else None


def _clip(clip: ClipResult, curves: bool, include_prompts: bool) -> dict[str, Any]:
    data: dict[str, Any] = {
        "id": clean(clip.id),
        "key": known(clip.key),
        "name": clean(clip.name),
        "shot": known(clip.shot),
        "take": known(clip.take),
        "media": known(clip.media),
        "status": clip.status,
        "reason": known(clip.reason),
        "timeline_start_frame": clip.record_start,
        "frames": clip.record_frames,
        "subject": known(clip.subject),
        "scores": {clean(name): score(value) for name, value in clip.scores.items()},
    }
    if curves and clip.curves:
        data["curves"] = {clean(name): curve_data(curve) for name, curve in clip.curves.items()}
    provenance = {"generator": None, "seed": None, "prompt": None, **plain(clip.provenance)}
    if not include_prompts:
        provenance["prompt"] = None
    data["provenance"] = provenance
    data["notes"] = [clean(text) for text in clip.notes]
    data["visible"] = [[number(start, 6), number(end, 6)] for start, end in clip.visible]
    data["content"] = known(clip.content)
    return data


def curve_data(curve: Curve) -> dict[str, Any]:
    """Return a score per frame as plain data."""
    return {
        "start": number(curve.start, 6),
        "step": number(curve.step, 9),
        "score": [number(value, 4) for value in curve.score],
    }


def finding_data(placed: Placed, ids: Collection[str]) -> dict[str, Any]:
    """Return a finding as plain data; `ids` are those of the clips of the result."""
    finding = placed.finding
    return {
        "id": clean(placed.id),
        "state": placed.state,
        "first_seen": known(placed.first_seen),
        "clip": clean(finding.use) if finding.use in ids else None,
        "detector": clean(finding.detector),
        "severity": finding.severity,
        "score": score(finding.score),
        "media_start": number(finding.start, 6),
        "media_duration": number(finding.duration, 6),
        "timeline_frame": placed.timeline_frame,
        "timeline_frames": placed.timeline_frames,
        "timecode": clean(placed.timecode),
        "message": clean(finding.message),
        "evidence": plain(finding.evidence),
        "region": [number(value, 4) for value in finding.region] if finding.region is not None else None,
        "related": [clean(use) for use in finding.related],
        "marker": _marker(placed.marker),
        "label": known(finding.label),
        "worst": number(finding.worst, 6),
        "content": known(placed.key),
        "by": known(placed.by),
        "text": known(placed.text),
        "compare": [
            {"clip": clean(use), "media_start": number(moment, 6)} for use, moment in finding.compare
        ],
    }


def _group(group: Group) -> dict[str, Any]:
    return {
        "name": clean(group.name),
        "clips": [clean(use) for use in group.clips],
        "distance": [[number(value, 4) for value in row] for row in group.distance],
        "source": clean(group.source),
    }


def _set_marker(marker: Marker) -> dict[str, Any]:
    return {
        "frame": marker.frame,
        "frames": marker.frames,
        **(_marker(marker) or {}),
        "ids": [clean(id_) for id_ in marker.ids],
        "custom": custom_data(marker.color, marker.ids),
        "clip": known(marker.clip),
    }


def _live(live: LiveTimeline) -> dict[str, Any]:
    return {
        "timeline": live.id,
        "items": dict(live.clips),
        "standing": [{"frame": frame, "item": item} for frame, item in live.standing],
    }


def _marker(marker: Marker | None) -> dict[str, Any] | None:
    if marker is None:
        return None
    return {"color": clean(marker.color), "name": clean(marker.name), "note": clean(marker.note)}
