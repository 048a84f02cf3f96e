"""Compile every kernel once."""

from __future__ import annotations

import time

from . import match, motion, residual, shrink  # noqa: F401  (declares the kernels)
from .jit import KERNELS


def warmup() -> float:
    """Compile every kernel, or load it from the cache.

    Returns
    -------
    float
        Seconds that it took; well under one when the cache was warm.
    """
    start = time.perf_counter()
    for kernel in KERNELS.values():
        kernel.compile()
    return time.perf_counter() - start
