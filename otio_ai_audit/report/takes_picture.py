"""The picture that stands in for a take, its strip to scrub through, and where in it the findings lie."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ..model import NOTE, STANDING, Placed, RankedTake, Thumbnail
from .finding_view import Pictures, drawable

BAR = 100
"""Width of the bar that shows where the findings lie, in its own units."""
SCRUBBED = 16
"""Most pictures of a strip: a card is some 250 pixels wide."""
SHORTEST = 2.5
"""Least width of a finding in it."""
ASPECT = 16 / 9


@dataclass(frozen=True, slots=True)
class Picture:
    """What stands in for a take, and the rest of its strip to scrub through."""

    url: str
    moment: str
    aspect: float
    region: tuple[float, float, float, float] | None
    place: int
    """Which of the frames `url` is."""
    frames: str = ""
    """Data URLs of the other frames with blanks between them; ``.`` in the place of `url`."""
    times: str = ""


def shown_of(one: RankedTake) -> tuple[tuple[Thumbnail, ...], int, Placed | None]:
    """Strip of a take, which picture of it stands for the take, and the finding that it shows."""
    strip = one.record.strip
    loud = next((p for p in one.placed if p.state in STANDING and p.finding.score >= NOTE), None)
    if loud is None or not strip:
        return strip, len(strip) // 2, None
    moment = loud.finding.moment
    return strip, min(range(len(strip)), key=lambda i: abs(strip[i].time - moment)), loud


def picture_of(
    one: RankedTake,
    url: str,
    strip: Sequence[Thumbnail],
    place: int,
    worst: Placed | None,
    share: int,
    pictures: Pictures,
) -> Picture:
    """Put the picture of a take and what fits of its strip into a page.

    Parameters
    ----------
    one
    url
        Of the picture at `place` of the strip.
    strip, place, worst
        As from `shown_of`.
    share
        Bytes that the rest of the strip may have.
    pictures
        What the page has room for.
    """
    kept = _thinned(strip, place, share)
    urls = [pictures.url(strip[i].data) if i != place else "." for i in kept]
    told = [(i, u) for i, u in zip(kept, urls, strict=True) if u]
    scrubs = len(told) > 1
    return Picture(
        url=url,
        moment=f"{strip[place].time:.2f} s",
        aspect=_aspect(one),
        region=drawable(worst.finding.region) if worst else None,
        place=[i for i, _ in told].index(place),
        frames=" ".join(u for _, u in told) if scrubs else "",
        times=" ".join(f"{strip[i].time:.2f}" for i, _ in told) if scrubs else "",
    )


def _thinned(strip: Sequence[Thumbnail], place: int, room: int) -> list[int]:
    """Choose evenly spaced pictures that fit into so many bytes, always with the one at `place`."""
    others = sum(len(t.data) for t in strip) - len(strip[place].data)
    if others <= room and len(strip) <= SCRUBBED:
        return list(range(len(strip)))
    count = min(int(room / max(others / (len(strip) - 1), 1)), SCRUBBED)
    if count < 2:
        return [place]
    spaced = {round(i * (len(strip) - 1) / (count - 1)) for i in range(count)}
    # The one at hand takes the place of its neighbour, so that no more than `count` are added.
    spaced.discard(min(spaced, key=lambda i: abs(i - place)))
    return sorted({*spaced, place})


def _aspect(one: RankedTake) -> float:
    """Width over height as a player shows it; nothing is stretched beyond what a card can hold."""
    info = one.record.info
    if info is None or not info.width or not info.height:
        return ASPECT
    shape = info.width * float(info.sample_aspect) / info.height
    shape = 1 / shape if info.rotation % 180 and shape else shape
    return min(max(shape, 0.1), 10.0)


def bar_of(one: RankedTake) -> list[tuple[float, float, str]]:
    """Where the findings lie in a take: x, width and kind, in units of `BAR`."""
    seconds = one.record.seconds
    made: list[tuple[float, float, str]] = []
    for placed in one.placed:
        finding = placed.finding
        if not (seconds > 0 and math.isfinite(finding.start + finding.duration)) or finding.score < NOTE:
            continue
        left = min(max(finding.start / seconds, 0.0), 1.0) * BAR
        width = max(min(finding.duration / seconds * BAR, BAR - left), SHORTEST)
        kind = finding.severity if placed.state in STANDING else "dismissed"
        made.append((round(min(left, BAR - width), 2), round(width, 2), kind))
    return made[::-1]  # the worst is drawn last
