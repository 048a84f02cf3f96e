"""The sound of an edit: clips decoded, placed to the sample, at their speed and gain, and added up."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from otio_ai_audit.model import Float32, Sound
from otio_ai_audit.video.joining import SAMPLE_RATE, sample_at
from otio_ai_audit.video.voice import Voice

FASTEST = 16
"""Times normal speed; what runs faster is silent, as in players."""
_LOBES = 16
"""Zero crossings on each side of the resampling kernel."""
_WEIGHTS = 1 << 20
"""Weights of the kernel that are worked out at a time."""


def mix(
    sounds: Sequence[Sound],
    ranges: Sequence[tuple[int, int]],
    rate: Fraction,
    *,
    sample_rate: int = SAMPLE_RATE,
    problems: list[str] | None = None,
) -> Iterator[Float32]:
    """Give what is heard during record frames, range after range.

    Each range begins at the sample of its first frame, counted from the beginning, so that nothing
    drifts. At normal speed samples are passed on as they are; otherwise pitch follows speed, as on tape,
    and negative speed runs backwards. A file is open only while it is heard.

    Parameters
    ----------
    sounds : sequence of Sound
    ranges : sequence of (start, end)
        Record frames ``[start, end)``.
    rate : Fraction
        Frames per second.
    sample_rate : int
        Samples per second to give.
    problems : list of str, optional
        Gets one sentence for every file that cannot be read; it is silent then. So are, without a word,
        files that have no sound.

    Yields
    ------
    numpy.ndarray
        Shape (samples, 2), float32 from -1 to 1, a second or less. Together they are
        round(frames / rate × sample_rate) samples.
    """
    notes = _Notes([] if problems is None else problems)
    whole = [(math.floor(sound.start), math.ceil(sound.end)) for sound in sounds]
    before = 0
    for start, end in ranges:
        if end <= start:
            continue
        heard = [sound for sound, (a, b) in zip(sounds, whole, strict=True) if a < end and b > start]
        pieces = _placed(heard, start, end, before, rate, sample_rate)
        stop = sample_at(before + end - start, rate, sample_rate)
        yield from _blocks(pieces, sample_at(before, rate, sample_rate), stop, sample_rate, notes)
        before += end - start


@dataclass(frozen=True, slots=True)
class _Notes:
    """Sentences for the caller, each once."""

    problems: list[str]

    def add(self, sentence: str) -> None:
        if sentence not in self.problems:
            self.problems.append(sentence)


@dataclass(frozen=True, slots=True)
class _Piece:
    """A sound, or the part of it within a range, in samples of the result."""

    path: str
    start: int
    end: int
    source: Fraction
    """Sample of the file, as the result counts them, at `start`."""
    speed: Fraction
    gain: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]] | None
    """Knots: samples of the result, and values; None where it is 1."""


def _placed(
    sounds: Sequence[Sound], start: int, end: int, before: int, rate: Fraction, sample_rate: int
) -> list[_Piece]:
    """Cut sounds to a range that begins `before` frames into the result."""
    pieces = []
    for sound in sounds:
        begin, stop = max(sound.start, Fraction(start)), min(sound.end, Fraction(end))
        if begin >= stop or not 0 < abs(sound.speed) <= FASTEST:
            continue
        seconds = sound.source + (begin - sound.start) / rate * sound.speed
        gain = None
        if sound.gain:
            knots = [(frame - start + before) / rate * sample_rate for frame, _ in sound.gain]
            values = [value for _, value in sound.gain]
            gain = (np.array(knots, np.float64), np.array(values, np.float64))
        pieces.append(
            _Piece(
                sound.path,
                sample_at(begin - start + before, rate, sample_rate),
                sample_at(stop - start + before, rate, sample_rate),
                seconds * sample_rate,
                sound.speed,
                gain,
            )
        )
    return sorted(pieces, key=lambda piece: piece.start)


def _blocks(
    pieces: list[_Piece], start: int, stop: int, sample_rate: int, notes: _Notes
) -> Iterator[Float32]:
    """Add up pieces second by second."""
    voices: dict[int, Voice] = {}
    waiting = 0
    heard: list[int] = []
    try:
        for at in range(start, stop, sample_rate):
            end = min(at + sample_rate, stop)
            while waiting < len(pieces) and pieces[waiting].start < end:
                heard.append(waiting)
                waiting += 1
            block = np.zeros((end - at, 2), np.float32)
            for number in heard:
                piece = pieces[number]
                if number not in voices:
                    voices[number] = Voice(piece.path, sample_rate)
                first, last = max(piece.start, at), min(piece.end, end)
                block[first - at : last - at] += _samples(piece, voices[number], first, last)
            for number in [number for number in heard if pieces[number].end <= end]:
                heard.remove(number)
                _let_go(voices.pop(number), notes)
            yield np.clip(block, -1, 1)
    finally:
        for voice in voices.values():
            _let_go(voice, notes)


def _let_go(voice: Voice, notes: _Notes) -> None:
    if voice.problem:
        notes.add(voice.problem)
    voice.close()


def _samples(piece: _Piece, voice: Voice, first: int, last: int) -> Float32:
    """Give what a piece adds to samples ``[first, last)`` of the result."""
    if abs(piece.speed) == 1:
        samples = _straight(piece, voice, first, last)
    else:
        samples = _resampled(piece, voice, first, last)
    if piece.gain is not None:
        middles = np.arange(first, last) + 0.5
        samples = samples * np.interp(middles, *piece.gain).astype(np.float32)[:, None]
    return samples


def _straight(piece: _Piece, voice: Voice, first: int, last: int) -> Float32:
    source = math.floor(piece.source + Fraction(1, 2))
    if piece.speed > 0:
        return voice.read(source + first - piece.start, source + last - piece.start)
    # Backwards, the sample before the boundary is the first one heard.
    return voice.read(source - (last - piece.start), source - (first - piece.start))[::-1]


def _resampled(piece: _Piece, voice: Voice, first: int, last: int) -> Float32:
    """Look samples up between samples, by a windowed sinc that lets nothing pass which would fold back.

    A sample stands for an interval; its middle is looked up, so that speed 1 and -1 would give the
    samples themselves. J. O. Smith, "Digital Audio Resampling", CCRMA, Stanford, 2002.
    """
    stretch = max(1.0, float(abs(piece.speed)))
    reach = math.ceil(_LOBES * stretch)
    origin = math.floor(piece.source)
    rest = float(piece.source - origin)
    places = rest + (np.arange(first, last) - piece.start + 0.5) * float(piece.speed) - 0.5
    low = math.floor(places.min()) - reach
    high = math.floor(places.max()) + reach + 2
    given = voice.read(origin + low, origin + high)
    result = np.empty((last - first, 2), np.float32)
    step = max(1, _WEIGHTS // (2 * reach + 1))
    for at in range(0, last - first, step):
        some = places[at : at + step]
        taps = np.floor(some).astype(np.int64)[:, None] + np.arange(-reach, reach + 2)
        distance = (taps - some[:, None]) / stretch
        weights = np.sinc(distance) * (np.cos(np.clip(distance / _LOBES, -1, 1) * np.pi) + 1)
        weights /= weights.sum(1, keepdims=True)
        result[at : at + step] = np.einsum("nt,ntc->nc", weights, given[taps - low])
    return result
