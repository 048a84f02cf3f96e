"""A contact sheet for each group of clips that should look alike, so that a person sees who is odd."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..errors import OutputError
from ..markings import clean
from ..model import STANDING, WARNING, AuditResult, ClipResult
from ..pictures import STRIP_SIDE, Cell, contact_sheet
from ..timeline import to_timecode

MANY = 60
"""Clips from which on the pictures are smaller."""
SMALL_SIDE = 128
LONGEST = 60
"""Characters of a subject in a file name."""


def write_sheets(result: AuditResult, members: Mapping[str, Sequence[str]], folder: Path) -> list[Path]:
    """Write one PNG for each group, with every clip's middle picture, name and timecode.

    Parameters
    ----------
    result
        Whose clips they are; shots that it found odd are outlined.
    members
        Name of the group → clip ids, in order.
    folder
        Where to; made where it is missing, and files of the same names are replaced.

    Returns
    -------
    list of Path
        One a group, named after it.

    Raises
    ------
    OutputError
        The folder cannot be written.
    """
    clips = {clip.id: clip for clip in result.clips}
    odd = {
        placed.finding.use
        for placed in result.findings
        if placed.finding.detector == "mismatch"
        and placed.finding.score >= WARNING
        and placed.state in STANDING
    }
    written: list[Path] = []
    taken: set[str] = set()
    try:
        for name, ids in members.items():
            shown = [clips[id_] for id_ in ids if id_ in clips]
            if not shown:
                continue
            cells = [_cell(clip, clip.id in odd, result) for clip in shown]
            title = f"{clean(name)}: {'1 clip' if len(cells) == 1 else f'{len(cells)} clips'}"
            side = STRIP_SIDE if len(cells) < MANY else SMALL_SIDE
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / f"{_file_stem(name, taken)}.png"
            path.write_bytes(contact_sheet(title, cells, side=side))
            written.append(path)
    except OSError as error:
        raise OutputError(
            f"{folder} cannot be written: {error.strerror or error}. Write elsewhere."
        ) from error
    return written


def _cell(clip: ClipResult, odd: bool, result: AuditResult) -> Cell:
    picture = clip.strip[len(clip.strip) // 2].data if clip.strip else None
    info = result.info
    place = to_timecode(info.start_frame + clip.record_start, info) if info.has_edit else ""
    note = "odd?" if odd else "" if clip.status == "audited" else "not checked"
    return Cell(picture, (clean(clip.name) or clip.id, f"{place}  {note}".strip()), odd)


def _file_stem(name: str, taken: set[str]) -> str:
    """Make a file name of a subject that every system takes, unlike the ones before."""
    plain = unicodedata.normalize("NFC", name)
    stem = re.sub(r"[^\w-]+", "_", plain).strip("_")[:LONGEST] or "subject"
    # Windows keeps some names to itself, whatever their suffix.
    stem = f"{stem}_" if re.fullmatch(r"con|prn|aux|nul|(com|lpt)\d", stem, re.IGNORECASE) else stem
    number, unique = 1, stem
    while unique.casefold() in taken:
        number += 1
        unique = f"{stem}_{number}"
    taken.add(unique.casefold())
    return unique
