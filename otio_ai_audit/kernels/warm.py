"""Compile once what every frame needs."""

from __future__ import annotations

import time

from .frame import EACH_FRAME
from .rgb import box_rgb


def warmup() -> float:
    """Compile the steps with every kernel in them, or load them from the cache.

    Returns
    -------
    float
        Seconds that it took; well under one when the cache was warm.
    """
    start = time.perf_counter()
    for step in (*EACH_FRAME, box_rgb):
        step.compile()
    return time.perf_counter() - start
