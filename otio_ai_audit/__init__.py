"""Finds the faults of AI-generated video in an edit and marks them on the timeline.

The public names are imported when they are first used, so that ``--help`` stays quick.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .errors import AuditError as AuditError
    from .model import AuditResult as AuditResult
    from .model import ClipResult as ClipResult
    from .model import Finding as Finding
    from .model import Placed as Placed
    from .walk import Audit as Audit
    from .walk import Options as Options
    from .walk import audit as audit

__version__ = "0.1.0"

_ROOM_OF = {
    "Audit": "walk",
    "AuditError": "errors",
    "AuditResult": "model",
    "ClipResult": "model",
    "Finding": "model",
    "Options": "walk",
    "Placed": "model",
    "audit": "walk",
}

__all__ = [*_ROOM_OF, "__version__"]


def __getattr__(name: str) -> Any:
    if name not in _ROOM_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_ROOM_OF[name]}", __name__), name)
