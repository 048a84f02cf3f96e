"""How a file comes to its place whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path


def write_whole(target: Path, fill: Callable[[Path], None]) -> None:
    """Write a file beside its place and move it there when it is whole; missing folders are made.

    Parameters
    ----------
    target
        What stands there is kept when anything goes wrong.
    fill
        Writes the file that it is given.

    Raises
    ------
    OSError
        `why` says it in words.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    # The suffix stays last, because libraries choose their format by it.
    beside = target.parent / f".{secrets.token_hex(6)}{target.suffix}"
    try:
        fill(beside)
        with beside.open("rb+") as written:
            os.fsync(written.fileno())
        if target.exists():
            shutil.copymode(target, beside)
        os.replace(beside, target)
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)


def why(error: OSError) -> str:
    """Say why a file cannot be written, and what to do."""
    reasons = {
        errno.ENOSPC: "the disk is full. Free some space or write elsewhere.",
        errno.EDQUOT if hasattr(errno, "EDQUOT") else -1: "the disk quota is used up. Write elsewhere.",
        errno.EFBIG: "the file would be too large for its disk. Write elsewhere.",
        errno.EACCES: "you have no right to write there. Write elsewhere.",
        errno.EPERM: "you have no right to write there. Write elsewhere.",
        errno.EROFS: "the disk is read-only. Write elsewhere.",
        errno.EISDIR: "a folder has that name. Choose another name.",
        errno.ENOTDIR: "a part of its path is a file. Choose another folder.",
        errno.EEXIST: "a part of its path is a file. Choose another folder.",
        errno.ENAMETOOLONG: "its name is too long. Choose a shorter one.",
    }
    known = reasons.get(error.errno or 0)
    return known or f"{(error.strerror or str(error)).rstrip('.')}. Write elsewhere."
