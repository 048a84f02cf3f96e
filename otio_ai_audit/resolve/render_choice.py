"""Which of the formats and codecs that this Resolve offers is meant.

Their names differ: ``H.264`` has the id ``H264`` or, by the graphics card, ``H264_NVIDIA``; what was ``DNxHR
HQ`` is ``Avid DNxHR HQ 12-bit`` since version 21; ids changed least. What is offered depends on the system
too: older versions write ProRes on a Mac only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..errors import ResolveError

FORMATS = {".mov": "quicktime", ".mp4": "mp4"}
"""Suffix → name of the format, as `plain` writes it."""
USUAL = {".mov": "prores", ".mp4": "h264"}
"""Suffix → codec where nobody chooses one."""
MEANT = {
    "prores": ("prores422hq",),
    "dnxhr": ("dnxhrhq", "dnxhrhqx", "dnxhrsq"),
    "hevc": ("h265",),
    "avc": ("h264",),
}
"""Words of a person → names of codecs, the best first."""
SHOWN = {"prores422hq": "ProRes 422 HQ", "h264": "H.264", "h265": "H.265", "dnxhrhq": "DNxHR HQ"}

_MAKER = re.compile(r"^(apple|avid)")
_SAME = re.compile(r"(\d+(bits?)?|nvidia|amd|intel|apple|native|gpu|hardware)*")
"""What may follow the name of a codec without making it another one: who encodes it, and how many bits."""
_MOST = 12
"""Names that a sentence lists."""


@dataclass(frozen=True, slots=True)
class Format:
    """A file format as Resolve names it."""

    name: str
    """As its list shows it: ``QuickTime``."""
    suffix: str
    """Its files' suffix without the dot: ``mov``; some calls know only this one of the two."""

    @property
    def names(self) -> tuple[str, ...]:
        return (self.suffix, self.name)


def plain(name: object) -> str:
    """Write a name so that it can be compared: ``Apple ProRes 422 HQ`` is ``prores422hq``."""
    return _MAKER.sub("", re.sub(r"[^a-z0-9]", "", str(name).casefold()))


def named(value: object) -> dict[str, str]:
    """Make ``{shown name: id}`` of what Resolve gives: a dict, or a list; empty for anything else."""
    if isinstance(value, Mapping):
        return {str(name): str(known) for name, known in value.items()}
    return {str(name): str(name) for name in value} if isinstance(value, (list, tuple)) else {}


def choose_format(suffix: str, offered: Mapping[str, str]) -> Format:
    """Find the format that makes files of a suffix.

    Parameters
    ----------
    suffix
        ``.mov`` or ``.mp4``.
    offered
        As `GetRenderFormats` gives it: shown name → suffix.

    Raises
    ------
    ResolveError
        If there is none; the sentence names what there is.
    """
    same = [Format(name, known.lstrip(".")) for name, known in offered.items() if plain(known) == suffix[1:]]
    own = [one for one in same if plain(one.name) == FORMATS[suffix]]
    if same:
        return (own or same)[0]
    for name in offered:
        if plain(name) == FORMATS[suffix]:
            return Format(name, suffix[1:])
    raise ResolveError(f"This Resolve renders no {suffix} files; it offers {listed(offered)}.")


def choose_codec(suffix: str, codec: str | None, offered: Mapping[str, str]) -> str:
    """Find the id of the codec that is meant.

    Parameters
    ----------
    suffix
        Of the movie.
    codec
        What a person asked for; None: the usual one of the suffix.
    offered
        As `GetRenderCodecs` gives it: shown name → id.

    Raises
    ------
    ResolveError
        If it is not offered; the sentence says what is, and what to do.
    """
    asked = plain(codec or USUAL[suffix])
    wanted = MEANT.get(asked, (asked,))
    for fits in (_is, _is_kind_of):
        for want in wanted:
            for name, known in sorted(offered.items(), key=lambda one: len(one[1])):
                if fits(want, plain(known)) or fits(want, plain(name)):
                    return known
    if not offered:
        raise ResolveError(
            f"Resolve names no codecs for {suffix} files; open its Deliver page once, then run this again."
        )
    shown = SHOWN.get(wanted[0], codec or wanted[0])
    advice = "Choose one of them with --codec."
    if wanted[0].startswith("prores"):
        advice = (
            "Older versions write ProRes on a Mac only; use --codec dnxhr, or a name that ends in .mp4."
            if suffix == ".mov"
            else "ProRes goes into .mov files: give a name that ends in .mov."
        )
    raise ResolveError(
        f"This Resolve renders no {shown} in {suffix} files; it offers {listed(offered)}. {advice}"
    )


def listed(names: Iterable[str]) -> str:
    """List names in a sentence, not more than a person reads."""
    every = list(names)
    more = f" and {len(every) - _MOST} more" if len(every) > _MOST else ""
    return ", ".join(every[:_MOST]) + more if every else "none"


def _is(want: str, name: str) -> bool:
    return want == name


def _is_kind_of(want: str, name: str) -> bool:
    return name.startswith(want) and _SAME.fullmatch(name, len(want)) is not None
