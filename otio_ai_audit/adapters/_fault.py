"""What an adapter raises: a sentence for a person, caught as OTIO's error or as ours."""

from __future__ import annotations

import opentimelineio as otio

from otio_ai_audit.errors import TimelineError


class FormatError(TimelineError, otio.exceptions.OTIOError):  # type: ignore[misc]
    """A file cannot be read or written in this format."""
