"""A process that writes into a store until it is killed or has written enough."""

from __future__ import annotations

import sys
from pathlib import Path

from otio_ai_audit.model import KnownFinding
from otio_ai_audit.store import Store

from .records import made_up_take
from .signals import made_up


def main(folder: str, name: str, count: str) -> None:
    with Store(Path(folder)) as store:
        for number in range(int(count)):
            key = f"{name}{number:04d}"
            store.save(made_up(key, rows=20, columns=30), "1")
            store.save_take(made_up_take(key), "basis")
            store.remember([KnownFinding("abc123", "pop", key, 0.5, 0.1, "2026-01-01T00:00:00")])
            print(key, flush=True)
        assert not store.notice, store.notice


if __name__ == "__main__":
    main(*sys.argv[1:])
