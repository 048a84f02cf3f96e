"""Whether a picture file carries transparency, read off its first bytes without decoding it."""

from __future__ import annotations

import struct
from pathlib import Path

MAY_HAVE_ALPHA = frozenset({".png", ".exr", ".tif", ".tiff", ".tga", ".psd", ".webp", ".heic", ".avif"})


def may_be_transparent(path: Path) -> bool:
    """Whether tracks below may show through this picture.

    PNG, OpenEXR and TIFF say so in their header. Where the file is not at hand or says nothing,
    formats that can carry alpha are taken to do so.
    """
    suffix = path.suffix.lower()
    if suffix not in MAY_HAVE_ALPHA:
        return False
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError:
        return True
    if head.startswith(b"\x89PNG") and len(head) > 25:
        return head[25] in (4, 6) or b"tRNS" in head
    if head.startswith(b"\x76\x2f\x31\x01"):
        at = head.find(b"channels\x00chlist\x00")
        return at < 0 or _exr_alpha(head[at + 20 :])
    if head[:4] in (b"II*\x00", b"MM\x00*"):
        return _tiff_alpha(path, head)
    return True


def _exr_alpha(channels: bytes) -> bool:
    while channels and channels[0]:
        name, _, rest = channels.partition(b"\x00")
        if name.rsplit(b".", 1)[-1] in (b"A", b"a"):
            return True
        channels = rest[16:]
    return False


def _tiff_alpha(path: Path, head: bytes) -> bool:
    order = "<" if head[:2] == b"II" else ">"
    (offset,) = struct.unpack(order + "I", head[4:8])
    try:
        with path.open("rb") as file:
            file.seek(offset)
            (count,) = struct.unpack(order + "H", file.read(2))
            table = file.read(12 * count)
    except (OSError, struct.error):
        return True
    tags = {struct.unpack(order + "H", table[at : at + 2])[0] for at in range(0, len(table) - 11, 12)}
    return 338 in tags  # ExtraSamples
