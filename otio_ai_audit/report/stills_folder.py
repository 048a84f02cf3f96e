"""A folder of PNGs for a mail or a ticket: contact sheets of all clips, and a comparison for each finding."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ..errors import OutputError
from ..evidence import worst_first
from ..model import AuditResult, ClipResult, Heat, Placed, Thumbnail, UInt8, compare_key
from ..pictures import Caption, Cell, Panel, comparison, contact_sheet
from ..timeline import file_name, to_timecode
from .finding_view import drawable
from .text import (
    clean,
    clips_in_order,
    counted,
    findings_by_clip,
    is_standing,
    not_checked,
    one_line,
    severity_of_clip,
    summary,
)
from .whole import why, write_whole

INDEX = "index.txt"
CLIPS = 60
"""Clips on one contact sheet."""
MOST = 200
"""Findings that get a picture, the worst first; nobody mails more, and the index tells of the others."""
LONGEST_NAME = 40
"""Characters of a clip's name in a file name."""
STEADY = 0.5
"""Seconds around the worst frame whose heat is shown together, for what comes and goes."""
MEDIA_SUFFIX = re.compile(r"\.(mp4|mov|mkv|webm|avi|mxf|m4v|png|jpe?g|exr|tiff?|webp)$", re.IGNORECASE)
JOIN = " \N{MIDDLE DOT} "
FIRST_AND_LAST = ("freeze", "dead")
"""Detectors of stretches in which nothing happens."""


def write(result: AuditResult, folder: Path) -> list[Path]:
    """Write contact sheets, comparisons and an index into a folder.

    Nothing in the folder is removed; files of the same names are replaced, each as a whole.

    Parameters
    ----------
    result
        With `stills`, `pairs` and `heat`, as far as there are any.
    folder
        Made where it is missing.

    Returns
    -------
    list of Path
        What was written, the index last.

    Raises
    ------
    OutputError
        It cannot be written, or a file has its name.
    """
    written: list[Path] = []

    def put(name: str, data: bytes) -> None:
        path = folder / name
        write_whole(path, lambda beside: _write(beside, data))
        written.append(path)

    try:
        if folder.exists() and not folder.is_dir():
            raise OutputError(f"{folder} is a file, no folder. Choose another name.")
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in _sheets(result):
            put(name, data)
        names: dict[int, str] = {}
        ordered = worst_first(result.findings)
        clips = {clip.id: clip for clip in result.clips}
        for rank, placed in enumerate(ordered[:MOST], start=1):
            panels = _panels(result, placed, clips)
            if panels:
                names[rank] = _file_name(rank, placed, clips.get(placed.finding.use))
                put(names[rank], comparison(panels, _caption(result, rank, placed, clips)))
        put(INDEX, _index(result, ordered, names, clips).encode("utf-8"))
    except OSError as error:
        raise OutputError(f"{folder} cannot be written: {why(error)}") from error
    return written


def _write(path: Path, data: bytes) -> None:
    path.write_bytes(data)


# --- contact sheets ------------------------------------------------------------------------------------


def _sheets(result: AuditResult) -> list[tuple[str, bytes]]:
    """Lay out all clips, numbered in the order of the edit; what was skipped on purpose is left out."""
    clips = [clip for clip in clips_in_order(result) if clip.status != "skipped"]
    findings = findings_by_clip(result)
    sheets = []
    for start in range(0, len(clips), CLIPS):
        shown = clips[start : start + CLIPS]
        cells = [
            _cell(result, number, clip, findings.get(clip.id, []))
            for number, clip in enumerate(shown, start=start + 1)
        ]
        which = f"clips {start + 1}–{start + len(shown)} of {len(clips)}"
        title = f"{one_line(result.info.name) or 'Audit'}: {which}. {summary(result)}"
        number = start // CLIPS + 1
        name = "contact_sheet.png" if number == 1 else f"contact_sheet_{number:02d}.png"
        sheets.append((name, contact_sheet(title, cells)))
    return sheets


def _cell(result: AuditResult, number: int, clip: ClipResult, findings: Sequence[Placed]) -> Cell:
    worst = next((p for p in findings if is_standing(p)), None)
    picture = None if worst is None else result.stills.get(worst.id)
    if picture is None and clip.strip:
        picture = clip.strip[len(clip.strip) // 2].data
    info = result.info
    place = to_timecode(info.start_frame + clip.record_start, info) if info.has_edit else ""
    if clip.status == "failed":
        said = "NOT CHECKED"
    else:
        said = f"{severity_of_clip(clip, findings):.2f}"
        said += f" {one_line(worst.finding.label or worst.finding.detector)}" if worst is not None else ""
    lines = (f"{number}  {one_line(clip.name) or clip.id}", f"{place}  {said}".strip())
    return Cell(picture, lines, worst is not None)


# --- comparisons ---------------------------------------------------------------------------------------


def _panels(result: AuditResult, placed: Placed, clips: Mapping[str, ClipResult]) -> list[Panel]:
    """Choose the pictures of a finding: what it is compared with, the worst frame, and where it is in it."""
    finding, worst = placed.finding, result.stills.get(placed.id)
    if finding.detector == "mismatch":
        return _odd(result, placed, clips)
    moment = finding.moment
    pair = result.pairs.get(placed.id, ())
    shown, titles = [], []
    if len(pair) == 2:
        shown, titles = [*pair], _titles(finding.detector, pair)
    elif worst is not None:
        shown, titles = [Thumbnail(moment, worst)], ["Worst frame"]
    panels = [Panel(one.data, f"{title}, {one.time:.2f} s") for one, title in zip(shown, titles, strict=True)]
    last = panels[-1].picture if panels else None
    if len(pair) == 2 and pair[0].time > pair[1].time:
        panels.reverse()
    if last is None or finding.detector in FIRST_AND_LAST:
        return panels
    box, heat = drawable(finding.region), result.heat.get(placed.id)
    if heat is not None:
        words = "Where: the brighter, the stronger"
        panels.append(Panel(last, words, box, _hottest(heat, moment, finding.detector), heat.share))
    elif box is not None:
        panels.append(Panel(last, "Where", box))
    return panels


def _titles(detector: str, pair: Sequence[Thumbnail]) -> list[str]:
    if detector in FIRST_AND_LAST:
        return ["First frame", "Last frame"]
    if detector == "drift":
        return ["Before", "After"] if pair[0].time < pair[1].time else ["Later", "Worst frame"]
    if detector == "cut":
        return ["Before", "After"]
    return ["Before" if pair[0].time < pair[1].time else "After", "Worst frame"]


def _odd(result: AuditResult, placed: Placed, clips: Mapping[str, ClipResult]) -> list[Panel]:
    """Put the odd one out on the left and what it should match beside it."""
    picture = result.stills.get(placed.id)
    if picture is None:
        return []
    others = []
    for number, (use, _) in enumerate(placed.finding.compare):
        data = result.stills.get(compare_key(placed.id, number))
        if data is not None and use != placed.finding.use:
            others.append((data, _named(result, clips.get(use), use)))
    own = _named(result, clips.get(placed.finding.use), placed.finding.use)
    first = Panel(picture, f"Odd one out: {own}", drawable(placed.finding.region))
    if len(others) == 1:
        return [first, Panel(others[0][0], f"Should match: {others[0][1]}")]
    return [first, *(Panel(data, name, small=True) for data, name in others)]


def _named(result: AuditResult, clip: ClipResult | None, use: str) -> str:
    """Name a shot as people do, with the timecode at which it begins; a reference by its file."""
    if clip is None:
        return one_line(file_name(use))
    info = result.info
    place = to_timecode(info.start_frame + clip.record_start, info) if info.has_edit else ""
    return f"{one_line(clip.name) or clip.id} {place}".strip()


def _hottest(heat: Heat, moment: float, detector: str) -> UInt8 | None:
    """Take the map of the frame that is shown; of what comes and goes the mean over some time around it."""
    away = np.abs(np.asarray(heat.times) - moment)
    if not len(away):
        return None
    if detector in ("flicker", "flash"):
        cells = heat.cells[(away <= STEADY) | (away == away.min())].mean(axis=0)
    else:
        cells = heat.cells[heat.nearest(moment)].astype(np.float64)
    most = float(cells.max())
    return np.asarray(cells * (255.0 / most) if most > 0 else cells, dtype=np.uint8)


def _caption(result: AuditResult, rank: int, placed: Placed, clips: Mapping[str, ClipResult]) -> Caption:
    finding, clip = placed.finding, clips.get(placed.finding.use)
    label = one_line(finding.label or finding.detector).upper()
    end = finding.start + finding.duration
    where = (
        f"Clip {one_line(clip.name) if clip else finding.use} ({finding.use})",
        f"file {_media(clip)}, {finding.start:.2f} to {end:.2f} s",
    )
    which = (f"No. {rank}", one_line(result.info.name), f"finding {placed.id}")
    foot = [JOIN.join(where), JOIN.join(filter(None, (*which, f"otio-ai-audit {result.version}")))]
    return Caption(
        severity=finding.severity,
        kind=f"{label}{JOIN}{finding.severity} {finding.score:.2f}",
        where=f"{one_line(placed.timecode)}{JOIN}{counted(placed.timeline_frames, 'frame')}",
        message=one_line(finding.message),
        foot=foot,
    )


def _media(clip: ClipResult | None) -> str:
    return one_line(file_name(clip.media)) if clip is not None and clip.media else "unknown"


def _file_name(rank: int, placed: Placed, clip: ClipResult | None) -> str:
    """Make a file name that every system takes: rank, timecode, detector and clip."""
    name = MEDIA_SUFFIX.sub("", clip.name if clip is not None else placed.finding.use)
    parts = (f"{rank:03d}", placed.timecode, placed.finding.detector, name)
    return "_".join(filter(None, map(_safe, parts))) + ".png"


def _safe(text: str) -> str:
    plain = unicodedata.normalize("NFC", clean(text)).replace(":", "-").replace(";", "-")
    return re.sub(r"[^\w-]+", "_", plain).strip("_")[:LONGEST_NAME]


# --- index ---------------------------------------------------------------------------------------------


def _index(
    result: AuditResult, ordered: Sequence[Placed], names: Mapping[int, str], clips: Mapping[str, ClipResult]
) -> str:
    """List what is to be looked at, in plain text."""
    lines = [
        f"{one_line(result.info.name) or 'Audit'}, {result.finished.replace('T', ' ')}",
        summary(result),
        f"Not checked: {not_checked(result)}.",
        "",
    ]
    for rank, placed in enumerate(ordered, start=1):
        finding, clip = placed.finding, clips.get(placed.finding.use)
        severity = finding.severity.upper() if finding.severity == "error" else finding.severity
        label = one_line(finding.label or finding.detector)
        lines += [
            f"{rank:03d}  {one_line(placed.timecode)}  {counted(placed.timeline_frames, 'frame')}  "
            f"{severity} {finding.score:.2f}  {label}  {one_line(clip.name) if clip else finding.use}",
            f"     {one_line(finding.message)}",
            f"     {names.get(rank, 'no picture')}",
            "",
        ]
    if len(ordered) > MOST:
        lines.append(f"Only the worst {MOST} have pictures.")
    failed = [clip for clip in clips_in_order(result) if clip.status == "failed"]
    lines += [
        f"NOT CHECKED  {one_line(clip.name) or clip.id}: {one_line(clip.reason or '')}" for clip in failed
    ]
    return "\n".join(lines).rstrip("\n") + "\n"
