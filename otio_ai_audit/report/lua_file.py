"""``-o markers.lua``: the markers as a menu script for DaVinci Resolve, for editions that list no Python.

The script carries the markers and where the audited shots were; what it does with them is in
``otio_ai_audit/resolve/markers.lua``. Experimental: never run in a live Resolve.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path

from ..markings import OUR_COLOR, SUMMARY, UNCHECKED, clean, own_id, split_note
from ..model import AuditResult, ClipResult, Marker, SeenMarker
from ..resolve.lua import DATA, quoted, whole

ROWS = 200
"""Rows in one Lua function: a function of LuaJIT holds 65,536 constants."""

_CLIP = re.compile(r"^V(\d+)/\d+(\..+)?$")


def write(result: AuditResult, path: Path) -> None:
    """Write a result's markers as a Lua menu script, ASCII with LF."""
    path.write_bytes(text(result).encode("ascii"))


def text(result: AuditResult) -> str:
    """Put the script together.

    Parameters
    ----------
    result
        Its markers, its clips (where they were) and the markers that the edit came with (which of ours
        may go).
    """
    return whole("markers.lua").replace(DATA, "".join(_data(result)))


def _data(result: AuditResult) -> Iterator[str]:
    info = result.info
    summary = next((marker for marker in result.markers if _is_summary(marker)), None)
    numbers, shots = _shots(result.clips, info.rate)
    start = info.start_frame if info.has_edit else "nil"
    yield "local DATA = {\n"
    yield f"  name = {quoted(clean(info.name) or 'that was audited')},\n"
    yield f"  rate = {float(info.rate):.10g},\n"
    yield f"  shown_rate = {quoted(f'{float(info.rate):.6g}')},\n"
    yield f"  start = {start},\n"
    yield f"  summary = {_summary(summary)},\n"
    yield "  shots = {},\n  markers = {},\n  known = {},\n}\n"
    yield from _filled("shots", shots)
    wanted = [marker for marker in result.markers if marker is not summary]
    by_id = {clip.id: clip for clip in result.clips}
    spoken = [(marker, by_id.get(marker.clip or "") or _under(marker, result.clips)) for marker in wanted]
    yield from _filled("markers", (_marker(marker, clip, numbers) for marker, clip in spoken))
    yield from _known(result.seen, wanted)


def _filled(name: str, rows: Iterable[str]) -> Iterator[str]:
    made = list(rows)
    for first in range(0, len(made), ROWS):
        yield "do\n  (function(rows)\n"
        yield from (f"    rows[#rows + 1] = {row}\n" for row in made[first : first + ROWS])
        yield f"  end)(DATA.{name})\nend\n"


def _shots(clips: Sequence[ClipResult], rate: Fraction) -> tuple[dict[str, int], list[str]]:
    """Write where the shots were, in order; give their numbers by the ids of their clips."""
    found = [(clip, place) for clip in clips if (place := _CLIP.match(clip.id)) and clip.record_frames > 0]
    found.sort(key=lambda pair: (int(pair[1].group(1)), pair[0].record_start, pair[0].id))
    rows = []
    for clip, place in found:
        file = re.split(r"[/\\]", clip.media or "")[-1]
        offset = _left(clip, rate)
        left = f", left = {offset}" if offset is not None else ""
        nested = ", nested = true" if place.group(2) else ""
        rows.append(
            f"{{ track = {int(place.group(1))}, start = {clip.record_start}, frames = {clip.record_frames}, "
            f"name = {quoted(clip.name)}, file = {quoted(file)}{left}{nested} }}"
        )
    return {clip.id: number for number, (clip, _) in enumerate(found, start=1)}, rows


def _left(clip: ClipResult, rate: Fraction) -> int | None:
    """Frames from the medium's first frame to the shot's; None where speed or other clips hide it."""
    if len(clip.visible) != 1:
        return None
    start, end = clip.visible[0]
    return round(start * rate) if abs((end - start) * rate - clip.record_frames) <= 1 else None


def _is_summary(marker: Marker) -> bool:
    return marker.color == OUR_COLOR and not marker.findings and marker.name.startswith(SUMMARY)


def _summary(marker: Marker | None) -> str:
    """Part the summary's note into a person's words before, ours, and a person's after."""
    name, before, body, after = SUMMARY, "", "", ""
    if marker is not None:
        name, (before, body, after) = marker.name, _parted(marker)
    parts = {"name": name, "before": before, "body": body, "after": after}
    return "{ " + ", ".join(f"{key} = {quoted(value)}" for key, value in parts.items()) + " }"


def _parted(marker: Marker) -> tuple[str, str, str]:
    words = split_note(marker.note)[0].split()
    for length in range(len(words), 0, -1):
        for start in range(len(words) - length + 1):
            body = " ".join(words[start : start + length])
            if own_id(body) in marker.ids:
                before, after = " ".join(words[:start]), " ".join(words[start + length :])
                return (f"{before} " if before else ""), body, (f" {after}" if after else "")
    return "", " ".join(words), ""


def _marker(marker: Marker, clip: ClipResult | None, numbers: dict[str, int]) -> str:
    shot = numbers.get(clip.id, 0) if clip is not None else 0
    # Where a note carries a person's words, its hash would make them ours.
    plain = not any(finding.text for finding in marker.findings)
    label = f"{marker.name} on {clean(clip.name)}" if clip is not None else marker.name
    values = {"color": marker.color, "name": marker.name, "note": marker.note, "ids": " ".join(marker.ids)}
    texts = ", ".join(f"{key} = {quoted(value)}" for key, value in {**values, "label": label}.items())
    return (
        f"{{ shot = {shot}, frame = {marker.frame}, frames = {marker.frames}, "
        f"plain = {'true' if plain else 'false'}, {texts} }}"
    )


def _under(marker: Marker, clips: Sequence[ClipResult]) -> ClipResult | None:
    """Find the clip that a marker stands on, where it does not say which it speaks of."""
    on = [clip for clip in clips if 0 <= marker.frame - clip.record_start < clip.record_frames]
    failed = [clip for clip in on if clip.status == "failed"] if marker.name == UNCHECKED else []
    return next(iter(failed or on), None)


def _known(seen: Sequence[SeenMarker], wanted: Sequence[Marker]) -> Iterator[str]:
    """Say of the notes that this audit has read or writes which may go (``""``) and which stay."""
    known = {marker.note: "" for marker in wanted}
    known |= {marker.note: "keep" if marker.stands else "" for marker in seen if marker.ids}
    rows = [f"[{quoted(note)}] = {quoted(what)}" for note, what in known.items()]
    for first in range(0, len(rows), ROWS):
        yield "do\n  (function(known)\n"
        yield from (f"    known{row}\n" for row in rows[first : first + ROWS])
        yield "  end)(DATA.known)\nend\n"
