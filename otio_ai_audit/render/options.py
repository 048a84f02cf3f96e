"""What a review movie should be like."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

from ..errors import OutputError, UsageError
from ..model import WARNING

Overlay = Literal["heat", "boxes", "none"]
Codec = Literal["h264", "prores"]
MOVIE_SUFFIXES: dict[str, tuple[Codec, ...]] = {
    ".mp4": ("h264",),
    ".m4v": ("h264",),
    ".mov": ("prores", "h264"),
}
"""Suffix → codecs that it can hold, the usual one first."""
LARGEST = 1920
"""Long side that a movie has at most unless a size is asked for."""
SMALLEST_SIDE, LARGEST_SIDE = 16, 8192
_SIZE = re.compile(r"(?:(?P<width>\d{2,5})\s*[x×]\s*)?(?P<height>\d{2,5})p?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class RenderOptions:
    """How to render; every field has the default of the command line."""

    size: tuple[int | None, int] | None = None
    """Width and height of the picture in pixels; the width may be None and follows the edit's shape."""
    codec: Codec | None = None
    """None: what the suffix usually holds."""
    quality: int | None = None
    """H.264's constant rate factor, lower is better; None is near to transparent."""
    profile: str | None = None
    """Of ProRes: ``proxy``, ``lt``, ``standard`` or ``hq``, which is the usual one."""
    burn_in: bool = True
    """Timecode, clip name and frame number under the picture."""
    bars: bool = True
    """A score bar for each detector under the picture."""
    overlay: Overlay = "boxes"
    only_findings: bool = False
    """Only the faults, with `handles` around each."""
    handles: Fraction = Fraction(1)
    """Seconds."""
    sound: bool = True
    least: float = WARNING
    """Lowest score of a finding that is shown."""

    @property
    def bare(self) -> bool:
        """Whether the picture is left as it is, so that nothing needs to be measured."""
        return not (self.burn_in or self.bars or self.only_findings) and self.overlay == "none"


def parse_size(text: str) -> tuple[int | None, int]:
    """Read ``1280x720``, ``720`` or ``720p``.

    Raises
    ------
    UsageError
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"{text!r} is no size; give WIDTHxHEIGHT like 1280x720, or a height like 720.")
    width, height = None if match["width"] is None else int(match["width"]), int(match["height"])
    if not all(SMALLEST_SIDE <= side <= LARGEST_SIDE for side in (width or height, height)):
        raise UsageError(
            f"{text!r} is no size for a movie; a side has {SMALLEST_SIDE} to {LARGEST_SIDE} pixels."
        )
    return width, height


def codec_of(path: Path, options: RenderOptions) -> Codec:
    """Choose the codec of a movie by its suffix, and check what is asked of it.

    Raises
    ------
    OutputError
    """
    held = MOVIE_SUFFIXES.get(path.suffix.lower())
    if held is None:
        raise OutputError(
            f"Nobody renders {path.suffix or path.name!r} files; use {', '.join(sorted(MOVIE_SUFFIXES))}."
        )
    codec = options.codec or held[0]
    if codec not in held:
        raise OutputError(f"{path.name}: ProRes does not go into {path.suffix}; use .mov, or --codec h264.")
    if codec == "prores" and options.quality is not None:
        raise OutputError(f"{path.name}: ProRes has profiles instead of a quality; leave the quality out.")
    if codec == "h264" and options.profile is not None:
        raise OutputError(f"{path.name}: profiles are for ProRes; H.264 takes a quality instead.")
    return codec
