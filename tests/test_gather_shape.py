"""How many media there are decides whether each is decoded ahead; what is measured stays the same."""

from __future__ import annotations

from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from otio_ai_audit import engine, gather
from otio_ai_audit.gather import Quiet, cores_idle
from otio_ai_audit.measure import measure
from otio_ai_audit.opening import open_edit
from otio_ai_audit.store import Store
from otio_ai_audit.walk import Options

from .takes import Takes


@pytest.mark.parametrize(
    ("spec", "media", "idle"),
    [
        ("processes", 1, True),
        ("processes", 3, True),
        ("processes", 4, False),
        ("processes:2", 1, True),
        ("processes:2", 2, False),
        ("processes:1", 1, False),
        ("processes:16", 4, False),
        ("threads:4", 1, False),
        ("dask:2", 1, False),
    ],
)
def test_media_are_decoded_ahead_where_cores_would_be_idle(
    monkeypatch: pytest.MonkeyPatch, spec: str, media: int, idle: bool
) -> None:
    monkeypatch.setattr(engine, "cores", lambda: 4)
    assert cores_idle(spec, media) is idle


def test_somebody_elses_workers_are_left_alone() -> None:
    with ThreadPoolExecutor(1) as pool:
        own: Executor = pool
        assert not cores_idle(own, 1)


def test_decoding_ahead_changes_no_number(
    takes: Takes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = open_edit([takes.bad], Options(), Quiet()).plan
    asked: list[bool] = []

    def noted(job: object, *, overlap: bool = False) -> object:
        asked.append(overlap)
        return measure(job, overlap=overlap)  # type: ignore[arg-type]

    monkeypatch.setattr(gather, "measure", noted)
    found = []
    for idle in (False, True):
        monkeypatch.setattr(gather, "cores_idle", lambda spec, media, idle=idle: idle)
        with Store(tmp_path / f"store {idle}") as store:
            gathered = gather.signals(plan, store, "threads:1", Quiet())
        found.append(gathered.uses[0].signals)
    assert asked == [False, True]
    one, other = found
    assert one is not None and other is not None
    assert np.array_equal(one.grid.luma, other.grid.luma)
    assert np.array_equal(one.motion.flow, other.motion.flow)
    assert one.strip == other.strip
