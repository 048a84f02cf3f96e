"""Walk an edit once and say where each clip plays: positions, dissolves, nested timelines.

Nested stacks are walked through a map from the outer timeline's frames to the inner one's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import count as count_from

import opentimelineio as otio

from otio_ai_audit.timecode import NOISE
from otio_ai_audit.timeline.effects import Look, look_at
from otio_ai_audit.timeline.items import (
    ZERO,
    Clock,
    Item,
    Range,
    first_frame,
    inner_map,
    items_of,
    length_of,
    restrict,
)
from otio_ai_audit.timeline.retime import Knots, compose

ONE = Fraction(1)
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(slots=True)
class Leaf:
    """One stretch of one clip on the timeline; times in timeline frames."""

    clip: otio.schema.Clip
    id: str
    layer: tuple[int, ...]
    """Sorts from the bottom layer to the top one; equal layers do not overlap."""
    start: Fraction
    frames: Fraction
    whole: tuple[int, int]
    """Whole frames ``[first, end)`` that show it, without dissolves."""
    length: Fraction
    """Frames of the whole clip in its own track, also where only a part is used."""
    inner: Knots | None = None
    """Frames since `start` to frames of the clip; None where they are the same."""
    before: Fraction = ZERO
    """Frames that a dissolve shows before `start`."""
    after: Fraction = ZERO
    blended: list[Range] = field(default_factory=list)
    """Under a dissolve or a fade."""
    open: list[Range] = field(default_factory=list)
    """Where the picture fades from or to nothing, so that lower tracks show."""
    off: str = ""
    """Why it does not play (``disabled``)."""
    look: Look = field(default_factory=Look)
    order: tuple[int, ...] = ()
    """Sorts into drawing order: what comes later lies over what comes before."""
    ramps: tuple[Knots, ...] = ()
    """Timeline frames to how much of it is seen (0 to 1) or heard (gain); all of them at once."""
    within: tuple[otio.core.Item, ...] = ()
    """The tracks and stacks that it lies in, outermost first."""
    transitions: tuple[otio.schema.Transition, ...] = ()
    """Into it, and out of it where nothing follows."""


@dataclass(frozen=True, slots=True)
class _Way:
    """A stretch of the timeline and what plays there of a track or stack."""

    own: Knots
    """Timeline frames to frames of what is inside."""
    wide: Knots
    """The same and what dissolves around it show beyond its ends."""
    whole: tuple[int, int]
    """Whole timeline frames of `own`."""
    blended: tuple[Range, ...] = ()
    """Timeline frames, as in `Leaf`."""
    open: tuple[Range, ...] = ()
    ramps: tuple[Knots, ...] = ()


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an item stands: what its leaves have in common."""

    layer: tuple[int, ...]
    order: tuple[int, ...]
    off: str = ""
    within: tuple[otio.core.Item, ...] = ()
    look: Look = field(default_factory=Look)
    """How all of it looks, from the stacks around it."""
    transitions: tuple[otio.schema.Transition, ...] = ()
    sound: bool = False
    beyond: bool = False


def walk(tl: otio.schema.Timeline, clock: Clock, *, sound: bool = False, beyond: bool = False) -> list[Leaf]:
    """List the stretches of every clip on a video track, from the bottom track up, in order.

    Parameters
    ----------
    tl, clock
        The edit and how its times are counted.
    sound
        List what lies on audio tracks in their place.
    beyond
        List also what only dissolves show of a stack: clips that lie wholly before or after it.

    Returns
    -------
    list[Leaf]
        With ids ``V1/0003`` (third clip of the lowest video track; disabled ones and titles count)
        and ``V1/0003.2`` (second clip inside a compound clip at that place); ``A1/0003`` for sounds.
    """
    leaves: list[Leaf] = []
    stack = tl.tracks
    whole = inner_map(stack, Look(), length_of(stack, clock), clock)
    ways = [_Way(whole, whole, _whole(whole))]
    off = "" if stack.enabled else "The whole edit is disabled."
    tracks = [track for track in stack if isinstance(track, otio.core.Item) and _is_audio(track) == sound]
    for number, track in enumerate(tracks, start=1):
        here = f"{'A' if sound else 'V'}{number}"
        place = _Place((number,), (number,), off, sound=sound, beyond=beyond)
        if not isinstance(track, otio.schema.Track):
            # Some writers put clips straight into the timeline's stack.
            item = Item(track, ZERO, length_of(track, clock))
            leaves += _walk_item(item, ways, place, _namer(f"{here}/0001", track), clock)
            continue
        item = Item(track, ZERO, length_of(track, clock))
        place = _inside(place, item)
        if not track.enabled:
            place = replace(place, off=off or f"On a disabled track ({track.name or here}).")
        inside = _into(ways, item, clock)
        count = 0
        for item in items_of(track, clock, sound):
            if isinstance(item.child, otio.schema.Gap):
                continue
            count += 1
            there = replace(place, order=(number, count))
            leaves += _walk_item(item, inside, there, _namer(f"{here}/{count:04d}", item.child), clock)
    return leaves


def _is_audio(item: otio.core.Item) -> bool:
    return isinstance(item, otio.schema.Track) and bool(item.kind == otio.schema.TrackKind.Audio)


def _namer(name: str, item: otio.core.Item) -> Callable[[], str]:
    """Name the clips found at one place of a track: the place, or its parts where it holds several."""
    if isinstance(item, otio.schema.Clip):
        return lambda: name
    counter = count_from(1)
    return lambda: f"{name}.{next(counter)}"


def _into(ways: list[_Way], item: Item, clock: Clock) -> list[_Way]:
    """Chain maps into an item that holds others."""
    look = look_at(item.child)
    own = inner_map(item.child, look, item.length, clock)
    found = []
    for way in ways:
        for part in restrict(way.own, item.start, item.start + item.length):
            inner = wide = compose(part, own, item.start)
            reach = _stretch(item, way, part)
            if reach is not part:
                wide = compose(reach, own, item.start)
            window = (reach[0][0], reach[-1][0])
            blended = _blended(item, look, way, window)
            # Its layers must not hide each other's neighbours under a dissolve: all of it is open there.
            whole = _whole(part, way)
            found.append(_Way(inner, wide, whole, tuple(blended), tuple(blended), _ramps(item, look, way)))
    return found


def _whole(part: Knots, way: _Way | None = None) -> tuple[int, int]:
    """Whole frames of a stretch: what plays when they begin; where it runs backwards, when they end.

    Within a way its ends are those of what is around.
    """
    (start, first), (end, last) = part[0], part[-1]
    low = math.floor(start + NOISE) if part[1][1] < first else first_frame(start)
    high = math.floor(end + NOISE) if part[-2][1] > last else first_frame(end)
    if way is not None:
        low = way.whole[0] if start == way.own[0][0] else min(max(low, way.whole[0]), way.whole[1])
        high = way.whole[1] if end == way.own[-1][0] else min(high, way.whole[1])
    return low, max(low, high)


def _inside(place: _Place, item: Item) -> _Place:
    """Return where the children of an item stand."""
    look = look_at(item.child)
    merged = Look(
        see_through=place.look.see_through or look.see_through,
        invisible=place.look.invisible or look.invisible,
    )
    off = place.off or ("" if item.child.enabled else "Disabled in the edit.")
    return replace(
        place,
        off=off,
        within=(*place.within, item.child),
        look=merged,
        transitions=(*place.transitions, *item.transitions),
    )


def _walk_item(
    item: Item, ways: list[_Way], place: _Place, namer: Callable[[], str], clock: Clock
) -> Iterator[Leaf]:
    child = item.child
    if isinstance(child, otio.schema.Clip):
        yield from _leaves_of(item, ways, place, namer())
    elif isinstance(child, otio.core.Composition):
        inside, there = _into(ways, item, clock), _inside(place, item)
        flat = isinstance(child, otio.schema.Track)
        for index, part in enumerate(items_of(child, clock, place.sound)):
            if isinstance(part.child, otio.schema.Gap) or _other_kind(part.child, place.sound):
                continue
            layer = place.layer if flat else (*place.layer, index)
            deeper = replace(there, layer=layer, order=(*place.order, index))
            yield from _walk_item(part, inside, deeper, namer, clock)


def _other_kind(item: otio.core.Item, sound: bool) -> bool:
    """Whether a track inside a stack is of pictures where sounds are listed, or the other way round."""
    return isinstance(item, otio.schema.Track) and _is_audio(item) != sound


def _leaves_of(item: Item, ways: list[_Way], place: _Place, name: str) -> Iterator[Leaf]:
    look = look_at(item.child)
    own = look
    if place.look.see_through or place.look.invisible:
        own = replace(look, see_through=look.see_through or place.look.see_through)
        own.invisible = look.invisible or place.look.invisible
    low, high = item.start, item.start + item.length
    portions = [(way, part) for way in ways for part in restrict(way.own, low, high)]
    known = len(portions)
    if place.beyond:
        seen, first, last = {id(way) for way, _ in portions}, low - item.before, high + item.after
        wider = [way for way in ways if id(way) not in seen]
        portions += [(way, part) for way in wider for part in restrict(way.wide, first, last)]
    if not portions and item.length == 0:
        portions = [(ways[0], ((low, low), (low, low)))] if ways else []
    for index, (way, part) in enumerate(portions):
        begin, end = part[0][0], part[-1][0]
        plain = len(part) == 2 and part[0][1] == low and part[1][1] == high and end - begin == high - low
        reach = _stretch(item, way, part)
        window = (reach[0][0], reach[-1][0])
        whole = _whole(part, way if index < known else None)
        if index >= known and (item.before or item.after):  # its ramps say how much of its ends is seen
            whole = math.floor(begin + NOISE), first_frame(end)
        yield Leaf(
            clip=item.child,
            id=name if index == 0 else f"{name}{_LETTERS[index % 26]}",
            layer=place.layer,
            start=begin,
            frames=end - begin,
            whole=whole,
            length=item.length,
            inner=None if plain else tuple((time - begin, inside - low) for time, inside in part),
            before=begin - window[0],
            after=window[1] - end,
            blended=_blended(item, look, way, window),
            open=_outside(way.wide, item.open, window)
            + _fades(item, look, way.wide, window)
            + _clipped(way.open, window),
            off=place.off or ("" if item.child.enabled else "Disabled in the edit."),
            look=own,
            order=place.order,
            ramps=_ramps(item, look, way),
            within=place.within,
            transitions=(*place.transitions, *item.transitions),
        )


def _stretch(item: Item, way: _Way, part: Knots) -> Knots:
    """Return a stretch and what dissolves still show around it; the same where there are none."""
    if not (item.before or item.after) and way.wide is way.own:
        return part
    wide = [
        stretch
        for stretch in restrict(way.wide, item.start - item.before, item.start + item.length + item.after)
        if stretch[0][0] <= part[0][0] and part[-1][0] <= stretch[-1][0]
    ]
    return wide[0] if wide else part


def _blended(item: Item, look: Look, way: _Way, window: Range) -> list[Range]:
    own = _outside(way.wide, item.blended, window) + _fades(item, look, way.wide, window)
    return own + _clipped(way.blended, window)


def _ramps(item: Item, look: Look, way: _Way) -> tuple[Knots, ...]:
    """Say how much of an item is seen, over the timeline: its own dissolves and fades and those around it."""
    start, end = item.start, item.start + item.length
    rises, falls = list(item.rises), list(item.falls)
    if look.fade_in:
        rises.append((start, start + look.fade_in))
    if look.fade_out:
        falls.append((end - look.fade_out, end))
    curves: list[Knots] = [((low, ZERO), (high, ONE)) for low, high in rises if low < high]
    curves += [((low, ONE), (high, ZERO)) for low, high in falls if low < high]
    if look.level:
        curves.append(tuple((start + time, value) for time, value in look.level))
    return (*way.ramps, *(_on_timeline(way.wide, curve) for curve in curves))


def _on_timeline(outer: Knots, curve: Knots) -> Knots:
    """Take a curve over the inner track's frames, constant beyond its ends, to the outer timeline."""
    if len(outer) == 2 and outer[1][1] - outer[0][1] == outer[1][0] - outer[0][0]:
        shift = outer[0][0] - outer[0][1]
        return tuple((time + shift, value) for time, value in curve) if shift else curve
    level = ((curve[0][0] - 1, curve[0][1]), *curve, (curve[-1][0] + 1, curve[-1][1]))
    return compose(outer, level, ZERO)


def _fades(item: Item, look: Look, outer: Knots, window: Range) -> list[Range]:
    ends = item.start + item.length
    fades = []
    if look.fade_in:
        fades.append((item.start, min(ends, item.start + look.fade_in)))
    if look.fade_out:
        fades.append((max(item.start, ends - look.fade_out), ends))
    return _outside(outer, fades, window)


def _outside(outer: Knots, ranges: list[Range], window: Range) -> list[Range]:
    """Take ranges of the inner track to the outer timeline, clipped to a window of it."""
    found: list[Range] = []
    for low, high in ranges:
        found += _clipped([(part[0][0], part[-1][0]) for part in restrict(outer, low, high)], window)
    return found


def _clipped(ranges: Iterable[Range], window: Range) -> list[Range]:
    inside = [(max(low, window[0]), min(high, window[1])) for low, high in ranges]
    return [one for one in inside if one[0] < one[1]]
