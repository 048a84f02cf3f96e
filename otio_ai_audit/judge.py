"""Detectors over clips, remembering what was judged: the same use of the same pictures is judged once.

A detector is asked again where anything changed that it could see: the signals, what the edit shows of
them, its settings, its source or the calibration. Where a clip stands in the edit is none of that.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import Any

from . import detectors
from .model import ClipUse, Curve, Detection, Finding
from .settings import Settings
from .store import Store

KIND = "judgement"
"""Kind of these blobs in the store."""


def judge(
    uses: Sequence[ClipUse], wanted: Sequence[str], settings: Settings, store: Store, force: bool = False
) -> dict[str, Detection]:
    """Ask every wanted detector about every use, unless the store remembers the answer.

    Parameters
    ----------
    uses
        With their signals.
    wanted
        Detector ids.
    settings
        Each detector's own settings.
    store
        Remembers one answer for each use, detector and settings.
    force
        Judge again what the store remembers.

    Returns
    -------
    dict
        Detector id → its detection over all uses.
    """
    shown = {use.id: _shown(use) for use in uses}
    result = {}
    for name in wanted:
        basis = f"{name} {_version()} {settings.detectors[name]!r}"
        keys = {id_: hashlib.sha256(f"{basis} {seen}".encode()).hexdigest() for id_, seen in shown.items()}
        said: dict[str, Detection] = {}
        for use in uses:
            blob = None if force else store.load_blob(KIND, keys[use.id])
            if blob is not None:
                said[use.id] = _read(blob, use.id)
        fresh = [use for use in uses if use.id not in said]
        answer = detectors.DETECTORS[name].detect(fresh, settings.detectors[name])
        for use in fresh:
            said[use.id] = _only(answer, use.id)
            store.save_blob(KIND, keys[use.id], _written(said[use.id]))
        result[name] = Detection(
            {id_: score for one in said.values() for id_, score in one.scores.items()},
            tuple(finding for use in uses for finding in said[use.id].findings),
            {id_: curve for one in said.values() for id_, curve in one.curves.items()},
        )
    return result


@cache
def _version() -> str:
    """Hash the detectors' sources and calibration."""
    folder = Path(detectors.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.suffix in (".py", ".json"):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _shown(use: ClipUse) -> str:
    """Spell everything of a use that a detector of one clip may look at."""
    assert use.signals is not None
    plain = replace(use, id="", job=0, record_start=0, shown=(), key="", signals=None)
    return f"{plain!r} {use.signals.key} {use.signals.span!r}"


def _only(answer: Detection, use: str) -> Detection:
    curves = {use: answer.curves[use]} if use in answer.curves else {}
    found = tuple(finding for finding in answer.findings if finding.use == use)
    return Detection({use: answer.scores.get(use)}, found, curves)


def _written(said: Detection) -> bytes:
    ((use, score),) = said.scores.items()
    curve = asdict(said.curves[use]) if use in said.curves else None
    return json.dumps([score, [asdict(finding) for finding in said.findings], curve]).encode()


def _read(blob: bytes, use: str) -> Detection:
    score, found, curve = json.loads(blob)
    curves = {use: Curve(curve["start"], curve["step"], tuple(curve["score"]))} if curve else {}
    return Detection({use: score}, tuple(_finding(item, use) for item in found), curves)


def _finding(item: Mapping[str, Any], use: str) -> Finding:
    region = tuple(item["region"]) if item["region"] is not None else None
    return Finding(**{**item, "use": use, "region": region, "related": tuple(item["related"])})
