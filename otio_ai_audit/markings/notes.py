"""A marker's note: our sentence, the ids at its end, and what a person wrote into it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from ..model import SeenMarker
from .words import LABELS, labels_of

_TAG = re.compile(r"\[\s*audit\s+([0-9a-f]{6}(?:[\s,]+[0-9a-f]{6})*)\s*\]", re.IGNORECASE)
_OK = re.compile(r"\s*ok(?:ay)?\b", re.IGNORECASE)
_NOT_OK = re.compile(r"\s*not\s+ok(?:ay)?\b", re.IGNORECASE)
_LISTING = re.compile(r"(?:[\s,;:&+/–—-]|and\b)*", re.IGNORECASE)
_TIMECODE = r"-?\d+:\d\d:\d\d[:;]\d+"
_COMPARE = re.compile(rf"Compare with (?:(?:, )?[^()]+? \({_TIMECODE}\))+(?: and \d+ more)?\.")
_BESIDE = re.compile(rf"Compare {_TIMECODE} with {_TIMECODE}\.")
_CLIP_ID = re.compile(r"\bV\d+/\d{4,}(?:\.\d+)*\b")
_CALLED = rf"(?:[^()]*? \({_TIMECODE}\)|another shot)"
"""What stands in a note where our message has the id of a clip."""
_ALSO = re.compile(
    rf"Also here: (?:(?:, )?[^,:;\[\]]{{1,40}} at {_TIMECODE})+(?: and \d+ more in the report)?\."
)
_EDGES = " \t\r\n-–—·|"
SEPARATOR = " - "
"""Between a person's words and ours."""


def clean(text: str) -> str:
    """Make text fit for a marker: one line, no control characters, no pipe and no tag of ours."""
    text = "".join(" " if char == "|" or not char.isprintable() else char for char in text)
    text = _TAG.sub(" ", text)
    return " ".join(text.split())


def tag(ids: Iterable[str]) -> str:
    """Write ids as the end of a note: ``[audit a7f3c1 b20e4d]``."""
    return f"[audit {' '.join(ids)}]"


def split_note(note: str) -> tuple[str, tuple[str, ...], str]:
    """Part a note into what stands before the tag, the ids in it, and what stands after it."""
    found = list(_TAG.finditer(note))
    if not found:
        return note, (), ""
    last = found[-1]
    ids = tuple(dict.fromkeys(last.group(1).lower().replace(",", " ").split()))
    return note[: last.start()], ids, note[last.end() :]


def own_id(words: str) -> str:
    """Id of a note that speaks for no finding: a hash of our words, so that a person's show."""
    return hashlib.sha256(f"audit note\n{' '.join(words.split())}".encode()).hexdigest()[:6]


# --- a person's words -------------------------------------------------------------------------------


def person_text(marker: SeenMarker, sentences: Iterable[str] = ()) -> str:
    """Words of a note that are not ours.

    Parameters
    ----------
    marker
        A marker of ours.
    sentences
        Our messages that may stand in its note, of its findings then and now; those that its own
        metadata names are added.

    Returns
    -------
    str
        The person's words, in order, parts joined by `SEPARATOR`. Where nothing of ours can be
        told from theirs, the whole note: text is never lost.
    """
    before, ids, after = split_note(marker.note)
    body, tail = " ".join(before.split()), clean(after).strip(_EDGES)
    if not marker.findings and ids:
        mine = _hashed_part(body.split(), set(ids))
        if mine is not None:
            return _joined([*mine, tail])
    if marker.written and " ".join(split_note(marker.written)[0].split()) == body:
        return _joined([*dict.fromkeys(f.text for f in marker.findings), tail])
    messages = [clean(text) for text in (*(f.message for f in marker.findings), *sentences)]
    parts = _without_phrases(body)
    for message in sorted({m for m in messages if m}, key=lambda m: (-len(m), m)):
        parts = [piece for part in parts for piece in _without(part, message)]
    return _joined([*parts, tail])


def _joined(parts: Iterable[str]) -> str:
    """Join what is left; a part of punctuation only is no text."""
    kept = [clean(part).strip(_EDGES) for part in parts]
    return SEPARATOR.join(part for part in kept if any(char.isalnum() for char in part))


def _hashed_part(words: Sequence[str], ids: set[str]) -> list[str] | None:
    """Find the run of words that an id is the hash of; give what stands around it."""
    count = min(len(words), 150)
    for length in range(count, 0, -1):
        for start in range(count - length + 1):
            if own_id(" ".join(words[start : start + length])) in ids:
                return [" ".join(words[:start]), " ".join(words[start + length :])]
    return None


def _without_phrases(body: str) -> list[str]:
    parts = [body]
    for pattern in (_ALSO, _COMPARE, _BESIDE):
        parts = [piece for part in parts for piece in pattern.split(part)]
    return parts


def _without(text: str, message: str) -> list[str]:
    """Take our message out of a text, also where words were put into it."""
    if _CLIP_ID.search(message):
        found = re.split(_CALLED.join(re.escape(part) for part in _CLIP_ID.split(message)), text, maxsplit=1)
        if len(found) == 2:
            return found
    start = text.find(message)
    if start >= 0:
        return [text[:start], text[start + len(message) :]]
    theirs, ours = text.split(), message.split()
    blocks = SequenceMatcher(None, ours, theirs, autojunk=False).get_matching_blocks()
    if sum(block.size for block in blocks) < 0.6 * len(ours) or len(ours) < 3:
        return [text]
    pieces, at = [], 0
    for block in blocks:
        pieces.append(" ".join(theirs[at : block.b]))
        at = block.b + block.size
    return pieces


# --- a person's verdict ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a note says of its findings: `kind`, and the labels it names (empty: all of them)."""

    kind: Literal["", "ok", "not ok"]
    named: tuple[str, ...] = ()

    def covers(self, labels: Iterable[str], alone: bool) -> bool:
        """Whether it speaks of a finding with these labels; `alone`: the only one of its marker."""
        return bool(self.kind) and (alone or not self.named or bool({*labels} & {*self.named}))


def verdict_of(marker: SeenMarker, text: str = "", labels: Iterable[str] = ()) -> Verdict:
    """Read the verdict that a note begins with.

    Parameters
    ----------
    marker
        A marker of ours.
    text
        The person's words in it (`person_text`), so that a label in our own sentence names nothing.
    labels
        Words that may be named after ``ok``; those of every detector are added.
    """
    note = marker.note
    kind: Literal["ok", "not ok"]
    if _OK.match(note):
        kind, pattern = "ok", _OK
    elif _NOT_OK.match(note):
        kind, pattern = "not ok", _NOT_OK
    else:
        return Verdict("")
    opening = pattern.match(text)
    rest = text[opening.end() :].casefold() if opening else ""

    words = {w.casefold() for w in labels} | {w for d in LABELS for w in labels_of(d)}
    choices = "|".join(re.escape(word) for word in sorted(words, key=lambda w: (-len(w), w)))
    found: list[str] = []
    while True:
        gap = _LISTING.match(rest)
        rest = rest[gap.end() :] if gap else rest
        word = re.match(rf"(?:{choices})(?!\w)\??", rest)
        if not word:
            return Verdict(kind, tuple(dict.fromkeys(found)))
        found.append(word.group().rstrip("?"))
        rest = rest[word.end() :]


def without_verdict(text: str) -> str:
    """Give what a person's words say beyond ``ok`` and the faults that it names."""
    opening = _OK.match(text) or _NOT_OK.match(text)
    if not opening:
        return text
    rest = text[opening.end() :]
    words = sorted({w for d in LABELS for w in labels_of(d)}, key=lambda w: (-len(w), w))
    rest = re.sub(rf"\b(?:{'|'.join(map(re.escape, words))})\b", " ", rest, flags=re.IGNORECASE)
    return _joined([re.sub(r"^\W*(?:and\b\W*)*", "", rest, flags=re.IGNORECASE)])
