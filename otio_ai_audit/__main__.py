"""``python -m otio_ai_audit``."""

from __future__ import annotations

from .cli import main

if __name__ == "__main__":
    main()
