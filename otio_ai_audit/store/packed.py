"""Signals as the store keeps them, so that workers can pack what home only writes, and home can hand on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from ..model import MediaSignals, Span
from . import codec


@dataclass(frozen=True, slots=True)
class PackedSignals:
    """Signals of a medium over a span, as bytes."""

    span: Span
    to_end: bool
    """Nothing more of the medium could be measured."""
    parts: Mapping[str, bytes]
    """See `codec.encode`."""


def pack_signals(signals: MediaSignals) -> PackedSignals:
    """Turn signals into bytes.

    Raises
    ------
    StoreError
        Signals that do not survive their storage bit for bit.
    """
    return PackedSignals(signals.span, _reaches_end(signals), codec.encode(signals))


def unpack_signals(key: str, packed: PackedSignals) -> MediaSignals:
    """Turn the bytes back into signals.

    Raises
    ------
    ValueError, KeyError, TypeError
        Bytes that are damaged or of another make.
    """
    return codec.decode(key, packed.span, packed.parts)


def _reaches_end(signals: MediaSignals) -> bool:
    """Tell whether signals go to the end of the medium, so that nothing more could be measured."""
    if any(problem.kind in ("truncated", "no-duration") for problem in signals.problems):
        return True
    frames, rate = signals.info.promised_frames, signals.info.rate
    return frames is not None and signals.span.end >= (frames - Fraction(1, 2)) / rate
