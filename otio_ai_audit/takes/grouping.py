"""Which takes belong to one shot: by their names, their folders, their prompts, or a pattern.

By names (the default) ``truck_v012.mp4`` and ``day2/truck_v013.mp4`` are takes of the shot ``truck``,
wherever they lie. A name that says nothing of a shot (``ComfyUI_00012_.mp4``, ``output (3).mp4``, a UUID)
is grouped by the prompt that stands in the file, else by the folder that it lies in.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import TypeAlias

from ..errors import UsageError
from ..model import Provenance

Shots: TypeAlias = Callable[[str, Provenance], tuple[str, str]]
"""Label and provenance of a take → name of its shot and of the take in it."""

GROUPINGS = ("names", "folders", "prompts")
_WORDS = """
a animate animatediff clip clips cogvideo cogvideox comfyui download export final flux footage frame
frames gen generated generation hailuo hunyuan hunyuanvideo i image img interpolated kling ltx ltxv
ltxvideo luma minimax mochi movie mp mov new out output outputs pika preview render renders result
results rife runway sample scene seed seedance shot sora svd t take takes temp test tmp untitled
upscale upscaled v vace veo vid video videos wan wanvideo webm
"""
SAYS_NOTHING = frozenset(_WORDS.split())
"""Words of file names that programs write by themselves."""
_UUID = re.compile(
    r"^(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|(?=[0-9a-f]*\d)[0-9a-f]{16,})$", re.I
)
_WORD = re.compile(r"[^\W\d_]+")
_NUMBERED = re.compile(r"(?:scene|shot)[ ._-]?\d", re.I)


def shots_by(grouping: str, pattern: str | None, split: Callable[[str], tuple[str, str]]) -> Shots:
    """Say how takes become shots.

    Parameters
    ----------
    grouping
        One of `GROUPINGS`.
    pattern
        A regular expression with a group ``shot`` and perhaps one ``take``, searched in the label; what it
        does not fit is grouped as by names. None is none.
    split
        `timeline.shot_and_take`.

    Raises
    ------
    UsageError
        Another grouping, or a pattern that is no regular expression with a group ``shot``.
    """
    if grouping not in GROUPINGS:
        raise UsageError(f"Takes cannot be grouped by {grouping!r}; use {', '.join(GROUPINGS)}.")

    def names(label: str, provenance: Provenance) -> tuple[str, str]:
        path = PurePosixPath(label)
        shot, take = split(path.name)
        if not says_nothing(shot, take):
            return shot, take
        return _prompt(provenance) or _folder(path) or shot, take or shot

    def folders(label: str, provenance: Provenance) -> tuple[str, str]:
        path = PurePosixPath(label)
        return _folder(path) or split(path.name)[0], path.stem

    def prompts(label: str, provenance: Provenance) -> tuple[str, str]:
        return _prompt(provenance) or "prompt unknown", PurePosixPath(label).stem

    rule: Shots = {"names": names, "folders": folders, "prompts": prompts}[grouping]
    return rule if pattern is None else _by_pattern(pattern, rule)


def says_nothing(shot: str, take: str = "") -> bool:
    """Whether a shot's name is one that programs write by themselves: a counter, a UUID, ``output``."""
    if _UUID.match(shot):
        return True
    words = _WORD.findall(shot)
    if not words:
        return not take  # 010_v3 is a take of 010
    return all(word.casefold() in SAYS_NOTHING for word in words) and not _NUMBERED.search(shot)


def _prompt(provenance: Provenance) -> str:
    found = provenance.prompt_hash
    return f"prompt {found}" if found else ""


def _folder(path: PurePosixPath) -> str:
    parent = path.parent.as_posix()
    return "" if parent == "." else parent


def _by_pattern(pattern: str, otherwise: Shots) -> Shots:
    try:
        expression = re.compile(pattern)
    except re.error as error:
        raise UsageError(f"--pattern {pattern!r} is no regular expression: {error}.") from error
    if "shot" not in expression.groupindex:
        raise UsageError(f"--pattern {pattern!r} has no group (?P<shot>…) that says what a shot is called.")
    takes = "take" in expression.groupindex

    def rule(label: str, provenance: Provenance) -> tuple[str, str]:
        match = expression.search(label)
        if match is None or not match["shot"]:
            return otherwise(label, provenance)
        return match["shot"], (match["take"] or "" if takes else PurePosixPath(label).stem)

    return rule
