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

_LOCK = threading.Lock()
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


def several(kind: Any, count: int) -> Any:
    """Type of a tuple of arrays that are alike."""
    made: Any = types.UniTuple(kind, count)  # type: ignore[no-untyped-call]
    return made


class Kernel:
    """A jitted function with a fixed list of argument types, each compiled when first called.

    Where there are several, they differ in the type of the first argument, a plane of 8 or 16 bits.
    """

    def __init__(self, dispatcher: Any, signatures: tuple[tuple[Any, ...], ...]) -> None:
        self.dispatcher = dispatcher
        jitted = hasattr(dispatcher, "compile")  # not with NUMBA_DISABLE_JIT=1: the plain function
        self.missing = list(signatures) if jitted else []
        self.by_plane = len(signatures) > 1

    def compile(self) -> None:
        """Compile every signature, or load it from the cache; other types are refused from then on."""
        for signature in tuple(self.missing):
            self._add(signature)

    def _add(self, signature: tuple[Any, ...]) -> None:
        with _LOCK:
            if signature in self.missing:
                self.dispatcher.compile(signature)
                self.missing.remove(signature)
                if not self.missing:
                    self.dispatcher.disable_compile()

    def __call__(self, *arguments: Any) -> Any:
        if self.missing:
            for signature in tuple(self.missing):
                if not self.by_plane or str(signature[0].dtype) == str(arguments[0].dtype):
                    self._add(signature)
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
    return _declared(signatures, KERNELS)


def step(*signatures: tuple[Any, ...]) -> Callable[[Callable[..., Any]], Kernel]:
    """Declare a row of kernels (by their `inner` functions) that Python enters once."""
    return _declared(signatures, {})


def inner(declared: Kernel) -> Any:
    """Give a kernel as compiled code can call it."""
    return declared.dispatcher


def _declared(
    signatures: tuple[tuple[Any, ...], ...], register: dict[str, Kernel]
) -> Callable[[Callable[..., Any]], Kernel]:
    def declare(function: Callable[..., Any]) -> Kernel:
        config: Any = numba.core.config
        before = config.CACHE_DIR
        config.CACHE_DIR = str(_FOLDER)  # read once, while the function is declared
        try:
            dispatcher = numba.njit(cache=_CACHED, **FLAGS)(function)
        finally:
            config.CACHE_DIR = before
        made = Kernel(dispatcher, signatures)
        register[function.__name__] = made
        return made

    return declare


def helper(function: Callable[..., Any]) -> Any:
    """Declare a function that kernels call; it is inlined into them."""
    return numba.njit(**FLAGS)(function)
