"""Tags of a file: what its container and its streams carry beside the pictures."""

from __future__ import annotations

import av

from otio_ai_audit.model import Media
from otio_ai_audit.video.source import ODD_TEXT

LONGEST = 8 << 20
"""Characters of one tag; a workflow takes some hundred thousand."""
OPTIONS = {"protocol_whitelist": "file", "export_xmp": "1"}
"""XMP of movies becomes a tag of its own; what is no movie passes over that."""


def tags(media: Media) -> dict[str, str]:
    """Give the tags of a medium, by their names in lower case; those of the container go before its streams'.

    Of a sequence, those of its first picture. Nothing where a file cannot be opened.
    """
    files = media.files()
    if not files:
        return {}
    try:
        with (
            av.logging.Capture(),
            av.open(files[0], options=OPTIONS, **ODD_TEXT) as file,
        ):
            found = [file.metadata, *(stream.metadata for stream in file.streams)]
            joined: dict[str, str] = {}
            for one in found:
                for name, value in one.items():
                    joined.setdefault(name.lower(), str(value)[:LONGEST])
            return joined
    except (av.FFmpegError, OSError, ValueError):
        return {}
