"""What a marker's colour, name and note mean: shared by the rooms that write markers and read them.

A marker of ours is known by its id, which stands in OTIO metadata and as the end of its note
(``[audit a7f3c1]``), never by its colour. What a person does to it means something:

* **green**, or a note that begins with ``ok`` (``okay``): the finding is dismissed; ``ok flicker``
  dismisses only that one of several; ``not ok`` takes a verdict back;
* **any other colour** than ours: somebody has claimed the marker;
* **words** before or after our sentence: theirs, and never lost.

Colours mean something only where a lane keeps them. A marker EDL does. Resolve's OTIO export
collapses its 16 colours into OTIO's 11 and drops our metadata, so there GREEN counts only where
another marker of the same family is not green, and other colours mean nothing.
"""

from __future__ import annotations

from .colors import Mood, moods, own_color
from .custom import custom_data, split_custom
from .notes import (
    SEPARATOR,
    Verdict,
    clean,
    own_id,
    person_text,
    split_note,
    tag,
    verdict_of,
    without_verdict,
)
from .standing import review
from .words import (
    COLORS,
    LABELS,
    OTHER_COLOR,
    OTIO_COLORS,
    OUR_COLOR,
    RESOLVE_COLORS,
    SUMMARY,
    UNCHECKED,
    is_summary,
    is_unchecked,
    labels_of,
    named,
)

__all__ = [
    "COLORS",
    "LABELS",
    "OTHER_COLOR",
    "OTIO_COLORS",
    "OUR_COLOR",
    "RESOLVE_COLORS",
    "SEPARATOR",
    "SUMMARY",
    "UNCHECKED",
    "Mood",
    "Verdict",
    "clean",
    "custom_data",
    "is_summary",
    "is_unchecked",
    "labels_of",
    "moods",
    "named",
    "own_color",
    "own_id",
    "person_text",
    "review",
    "split_custom",
    "split_note",
    "tag",
    "verdict_of",
    "without_verdict",
]
