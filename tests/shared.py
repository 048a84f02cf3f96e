"""Development data that lies beside the repository and never in it."""

from __future__ import annotations

import os
from pathlib import Path


def shared_dir() -> Path | None:
    """Folder with sample timelines and labelled clips, or None where there is none."""
    named = os.environ.get("OTIO_AI_AUDIT_SHARED")
    folder = Path(named) if named else Path(__file__).resolve().parents[2] / "shared"
    return folder if folder.is_dir() else None
