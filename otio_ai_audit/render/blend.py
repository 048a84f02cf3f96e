"""Pictures on a canvas: filled, copied, laid over each other."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..model import Canvas, Planes

BLACK = 16
"""Code value of luma."""
FULL = 256
"""An opacity of 1, in whole numbers."""


def filled(canvas: Canvas, luma: int) -> Planes:
    """Give a picture of one grey, by the code value of its luma at 8 bits."""
    shift, kind = canvas.bits - 8, np.uint8 if canvas.bits == 8 else np.uint16
    across, down = canvas.subsampling
    small = (canvas.height // down, canvas.width // across)
    return Planes(
        np.full((canvas.height, canvas.width), luma << shift, kind),
        np.full(small, 128 << shift, kind),
        np.full(small, 128 << shift, kind),
    )


def copy_into(sheet: Planes, planes: Planes) -> None:
    """Put a picture into the upper part of a sheet of the same width."""
    for target, source in zip(sheet.channels, planes.channels, strict=True):
        target[: source.shape[0]] = source


def lay_over(below: Planes, above: Planes, weight: int) -> None:
    """Mix a picture into the one below, by its opacity (of `FULL`) and its alpha."""
    box = above.box
    for under, over in zip(below.channels, above.channels, strict=True):
        rows, columns = (a // b for a, b in zip(above.luma.shape, over.shape, strict=True))
        if box is not None:
            left, top, width, height = box
            part = np.s_[top // rows : (top + height) // rows, left // columns : (left + width) // columns]
            _mix(under[part], over[part], weight)
        elif above.alpha is not None:
            alpha = above.alpha[::rows, ::columns].astype(np.int32)
            _mix(under, over, (alpha + (alpha >> 7)) * weight >> 8)
        else:
            _mix(under, over, weight)


def _mix(under: npt.NDArray[Any], over: npt.NDArray[Any], share: Any) -> None:
    """Move values towards others by a share of `FULL`, in place."""
    if np.ndim(share) == 0 and share >= FULL:
        under[...] = over
        return
    change = (over.astype(np.int32) - under) * share
    under += ((change + FULL // 2) >> 8).astype(under.dtype)
