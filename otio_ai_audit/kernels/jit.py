"""How a kernel is declared: the only module that imports numba.

Every kernel has the same flags and explicit array types. ``nogil``: a decoder may run beside it.
``cache``: compiled once per machine. ``error_model="numpy"``: no test for a zero divisor in the
loop. Never ``parallel`` (work is spread over clips) and never ``fastmath`` (results must not depend
on the machine). Nothing is compiled at import; the first call compiles, or loads from the cache.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numba.core.config
from numba import types

from .cache import cache_dir

FLAGS: dict[str, Any] = {"nogil": True, "error_model": "numpy"}

KERNELS: dict[str, Kernel] = {}
"""Every kernel by name."""

_COMPILING = threading.Lock()
"""Two threads that measure at once must not both begin to compile."""

int64 = types.int64
float64 = types.float64


def given(dtype: Any, dimensions: int) -> Any:
    """Type of a C-contiguous array that a kernel only reads."""
    return types.Array(getattr(types, dtype), dimensions, "C", readonly=True)


def filled(dtype: Any, dimensions: int) -> Any:
    """Type of a C-contiguous array that a kernel writes."""
    return types.Array(getattr(types, dtype), dimensions, "C")


class Kernel:
    """A jitted function with a fixed list of argument types, compiled when first called."""

    def __init__(self, dispatcher: Any, signatures: tuple[tuple[Any, ...], ...]) -> None:
        self.dispatcher = dispatcher
        self.signatures = signatures
        self.ready = not hasattr(dispatcher, "compile")  # NUMBA_DISABLE_JIT=1: the plain function

    def compile(self) -> None:
        """Compile every signature, or load it from the cache; later types are refused."""
        with _COMPILING:
            if not self.ready:
                for signature in self.signatures:
                    self.dispatcher.compile(signature)
                self.dispatcher.disable_compile()
                self.ready = True

    def __call__(self, *arguments: Any) -> Any:
        if not self.ready:
            self.compile()
        return self.dispatcher(*arguments)


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


_FOLDER = cache_dir()
_CACHED = _writable(_FOLDER)


def kernel(*signatures: tuple[Any, ...]) -> Callable[[Callable[..., Any]], Kernel]:
    """Declare a kernel for these argument types. Without a writable cache it is compiled every run."""

    def declare(function: Callable[..., Any]) -> Kernel:
        config: Any = numba.core.config
        before = config.CACHE_DIR
        config.CACHE_DIR = str(_FOLDER)  # read once, while the function is declared
        try:
            dispatcher = numba.njit(cache=_CACHED, **FLAGS)(function)
        finally:
            config.CACHE_DIR = before
        made = Kernel(dispatcher, signatures)
        KERNELS[function.__name__] = made
        return made

    return declare


def helper(function: Callable[..., Any]) -> Any:
    """Declare a function that kernels call; it is inlined into them."""
    return numba.njit(**FLAGS)(function)
