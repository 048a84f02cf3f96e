"""Media that stand in for those of real edits: files where they should be, pictures that say their number."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import opentimelineio as otio
import pytest
from PIL import Image

from otio_ai_audit import video
from otio_ai_audit.model import Canvas, Media, Planes

from . import numbered
from . import reference_clip as reference
from .reference_film import exact, seconds

SIZE = (64, 36)
MOVIES = {"mov", "mp4", "mxf", "mkv", "m4v", "avi", "mpg", "mts", "webm", "braw", "r3d"}
_SCHEME = re.compile(r"^file:(?://(?:localhost)?)?", re.IGNORECASE)


@dataclass(frozen=True)
class StandIn:
    """One medium of an edit."""

    number: int
    path: str
    """As `Media.path` has it: a printf pattern for a sequence."""
    rate: Fraction
    frames: int | None
    """None where the edit does not say."""
    kind: str


class StandIns:
    """Empty files for every medium that an edit names, below a folder, at the paths that it names.

    Parameters
    ----------
    tl
        The edit, as whoever wrote it has it.
    root
        The folder.
    rate
        Of media that the edit gives no rate.
    """

    def __init__(self, tl: otio.schema.Timeline, root: Path, rate: Fraction) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        self._by_address: dict[str, StandIn] = {}
        self._by_path: dict[str, StandIn] = {}
        for clip in tl.find_clips():
            if reference.names_media(clip) and reference.address(clip) not in self._by_address:
                self._add(clip, len(self._by_address) + 1, rate)

    def __iter__(self) -> Iterator[StandIn]:
        return iter(self._by_path.values())

    def of(self, clip: otio.schema.Clip) -> StandIn:
        return self._by_address[reference.address(clip)]

    def at(self, media: Media) -> StandIn:
        """Return the stand-in that was found for a medium, also where it was unpacked from a bundle."""
        known = self._by_path.get(media.path)
        return known or next(one for one in self if Path(one.path).name == Path(media.path).name)

    def _add(self, clip: otio.schema.Clip, number: int, rate: Fraction) -> None:
        held, available = clip.media_reference, clip.media_reference.available_range
        frames = None
        if available is not None and available.duration.value > 0:
            rate = exact(available.duration.rate)
            frames = max(1, round(seconds(available.duration) * rate))
        if isinstance(held, otio.schema.ImageSequenceReference):
            pattern = f"{held.name_prefix}%0{held.frame_zero_padding}d{held.name_suffix}"
            pattern = pattern.replace("%00d", "%d").replace("%01d", "%d")
            path = self._place(f"{held.target_url_base}/{pattern}")
            for frame in range(frames or 10):
                _touch(Path(str(path) % (held.start_frame + frame * max(1, held.frame_step))))
            kind = "sequence"
        else:
            path = self._place(reference.address(clip))
            if reference.suffix(path.name) not in MOVIES | reference.IMAGES:
                path = path.with_name(f"{path.name}.mov")
            _touch(path)
            kind = "still" if reference.is_still(clip, Fraction(2)) else "movie"
        known = self._by_path.get(str(path))
        made = known or StandIn(number, str(path), rate, frames, kind)
        self._by_address[reference.address(clip)] = self._by_path[str(path)] = made

    def _place(self, address: str) -> Path:
        plain = _SCHEME.sub("", address)
        plain = unquote(plain) if plain != address else plain
        plain = re.sub(r"^[\\/]*[A-Za-z]:", "", plain.replace("\\", "/"))
        return self.root / os.path.normpath(f"/{plain}").lstrip("/")

    def encode(self, longest: Mapping[int, int]) -> None:
        """Put real media in the places of the empty files: for each number, up to some frame."""
        for one in self:
            path, end = Path(one.path), longest.get(one.number)
            if end is None:
                continue
            count = end + 1 if one.frames is None else min(end + 1, one.frames)
            pictures = numbered.pictures(one.number, count, SIZE)
            if one.kind == "movie":
                made = path.with_name("made.mov")
                codec = ("libx264", "yuv420p") if one.number % 2 else ("prores_ks", "yuv422p10le")
                video.encode(made, pictures, one.rate, codec=codec[0], pixel_format=codec[1])
                made.replace(path)
                continue
            first = min((int(_digits(one, name)) for name in path.parent.iterdir()), default=0)
            for number, picture in enumerate(pictures, start=first):
                Image.fromarray(picture).save(path if one.kind == "still" else one.path % number)

    # --- pictures that nobody needs to decode ------------------------------------------------------------

    def planes_at(
        self, media: Media, times: Sequence[Fraction], canvas: Canvas, **_: Any
    ) -> Iterator[Planes]:
        """In place of `video.planes_at`: which file and frame is worked out from time and rate."""
        stand_in = self.at(media)
        small = (canvas.height // 2, canvas.width // 2)
        for time in times:
            frame = 0 if stand_in.kind == "still" else floor(time * stand_in.rate)
            luma = self.picture(stand_in, frame, (canvas.width, canvas.height))
            yield Planes(luma, np.full(small, 128, np.uint8), np.full(small, 128, np.uint8))

    def picture(self, stand_in: StandIn, frame: int, size: tuple[int, int]) -> np.ndarray:
        """Draw the luma of a frame; beyond its end a medium holds its last one."""
        last = frame if stand_in.frames is None else stand_in.frames - 1
        grey = numbered.pattern(stand_in.number, max(0, min(frame, last)), size)
        return np.rint(16 + grey * (219 / 255)).astype(np.uint8)

    def instead_of_media(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("otio_ai_audit.render.compose.video.planes_at", self.planes_at)


def _digits(one: StandIn, path: Path) -> str:
    """Return the number in the name of a picture of a sequence; 0 of other files."""
    head, _, end = Path(one.path).name.partition("%")
    tail = end.partition("d")[2]
    found = re.fullmatch(re.escape(head) + r"(\d+)" + re.escape(tail), path.name)
    return found[1] if found else "0"


def _touch(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
