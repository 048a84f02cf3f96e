"""Detectors over clips, remembering what was judged: the same use of the same pictures is judged once.

A detector is asked again where anything changed that it could see: the signals, what the edit shows of
them, its settings, its source or the calibration. Where a clip stands in the edit is none of that.

A detector module may say ``ACROSS = True``: it judges all uses of an edit together, and the references of
their subjects with them; its answer is remembered as a whole. ``NEEDS_IDENTITY = True`` asks for
`MediaSignals.identity`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

from . import detectors
from .errors import UsageError
from .measure import SIGNALS_VERSION
from .model import ClipUse, Curve, Detection, Finding, Group
from .settings import Settings
from .store import Store

Ask: TypeAlias = Callable[[Sequence[ClipUse]], Detection]

KIND = "judgement"
"""Kind of these blobs in the store."""
FILM_CUTS = 5
"""Bare media with this many hidden cuts, and more than one a `FILM_SHOT` seconds, are a finished film."""
FILM_SHOT = 8.0


def needs_identity(wanted: Sequence[str]) -> bool:
    """Whether any of these detectors looks at `MediaSignals.identity`."""
    return any(getattr(detectors.DETECTORS[name], "NEEDS_IDENTITY", False) for name in wanted)


def wanted_detectors(settings: Settings, asked: Sequence[str] | None) -> list[str]:
    """Say which detectors run: those asked for, else those of the settings, else all.

    Raises
    ------
    UsageError
        A name that no detector has.
    """
    known = detectors.DETECTORS
    wanted = asked or settings.audit.detectors or tuple(known)
    for name in wanted:
        if name not in known:
            raise UsageError(f"There is no detector {name!r}; there are {', '.join(known)}.")
    return [name for name in known if name in wanted]


def calibration_date() -> str:
    """Date of the packaged calibration."""
    return str(detectors.calibration().get("date", ""))


def judge(
    uses: Sequence[ClipUse],
    wanted: Sequence[str],
    settings: Settings,
    store: Store,
    force: bool = False,
    references: Sequence[ClipUse] = (),
    identity: str = "",
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
    references
        Pictures of how subjects should look, for detectors across clips; nothing is said of them.
    identity
        Version of the identity signals, where there are any.

    Returns
    -------
    dict
        Detector id → its detection over all uses.
    """
    shown = {use.id: _shown(use) for use in uses}
    result = {}
    for name in wanted:
        module = detectors.DETECTORS[name]
        basis = f"{name} {version()} {SIGNALS_VERSION} {settings.detectors[name]!r}"
        if getattr(module, "NEEDS_IDENTITY", False):
            basis += f" {identity}"

        def ask(some: Sequence[ClipUse], module: Any = module, own: Any = settings.detectors[name]) -> Any:
            return module.detect(some, own)

        if compares(name):
            result[name] = _across(uses, references, basis, shown, ask, store, force)
        else:
            result[name] = _one_by_one(uses, basis, shown, ask, store, force)
    return result


def compares(name: str) -> bool:
    """Whether a detector judges clips by each other."""
    return bool(getattr(detectors.DETECTORS[name], "ACROSS", False))


def judge_alone(use: ClipUse, wanted: Sequence[str], settings: Settings) -> dict[str, Detection]:
    """Ask the detectors of one clip about a clip, remembering nothing; those across clips are left out."""
    alone = [name for name in wanted if not compares(name)]
    return {name: detectors.DETECTORS[name].detect([use], settings.detectors[name]) for name in alone}


def film_reason(name: str, file: str, cuts: int, seconds: float) -> str | None:
    """Say why a medium with so many hidden cuts is a finished film and no shot; None where it is a shot."""
    if cuts < FILM_CUTS or seconds / cuts > FILM_SHOT:
        return None
    return (
        f"{name} has {cuts} cuts: it looks like a finished film, not a shot. Give its edit: "
        f"otio-ai-audit audit {file} --edit EDIT.otio"
    )


def _one_by_one(
    uses: Sequence[ClipUse], basis: str, shown: Mapping[str, str], ask: Ask, store: Store, force: bool
) -> Detection:
    """Judge every use for itself, where it is not remembered."""
    keys = {id_: hashlib.sha256(f"{basis} {seen}".encode()).hexdigest() for id_, seen in shown.items()}
    said: dict[str, Detection] = {}
    for use in uses:
        blob = None if force else store.load_blob(KIND, keys[use.id])
        if blob is not None:
            said[use.id] = _read(blob, use.id)
    fresh = [use for use in uses if use.id not in said]
    answer = ask(fresh)
    for use in fresh:
        said[use.id] = _only(answer, use.id)
        store.save_blob(KIND, keys[use.id], _written(said[use.id]))
    return Detection(
        {id_: score for one in said.values() for id_, score in one.scores.items()},
        tuple(finding for use in uses for finding in said[use.id].findings),
        {id_: curve for one in said.values() for id_, curve in one.curves.items()},
    )


def _across(
    uses: Sequence[ClipUse],
    references: Sequence[ClipUse],
    basis: str,
    shown: Mapping[str, str],
    ask: Ask,
    store: Store,
    force: bool,
) -> Detection:
    """Judge all uses together; ids and order count, because findings and groups name other clips."""
    if not uses:
        return Detection({})
    seen = [basis, *(f"{use.id} {shown[use.id]}" for use in uses)]
    seen += [f"reference {use.id} {_shown(use)}" for use in references]
    key = hashlib.sha256("\n".join(seen).encode()).hexdigest()
    blob = None if force else store.load_blob(KIND, key)
    if blob is not None:
        return _read_all(blob)
    answer = ask([*uses, *references])
    kept = Detection(
        {use.id: answer.scores.get(use.id) for use in uses},
        tuple(finding for finding in answer.findings if finding.use in shown),
        {id_: curve for id_, curve in answer.curves.items() if id_ in shown},
        tuple(_without(group, [id_ for id_ in group.clips if id_ not in shown]) for group in answer.groups),
    )
    store.save_blob(KIND, key, _written_all(kept))
    return kept


def without(detection: Detection, gone: Iterable[str]) -> Detection:
    """Take some uses out of what a detector said."""
    out = set(gone)
    return Detection(
        {use: score for use, score in detection.scores.items() if use not in out},
        tuple(finding for finding in detection.findings if finding.use not in out),
        {use: curve for use, curve in detection.curves.items() if use not in out},
        tuple(_without(group, out) for group in detection.groups),
    )


def _without(group: Group, gone: Iterable[str]) -> Group:
    kept = [number for number, id_ in enumerate(group.clips) if id_ not in set(gone)]
    rows = tuple(tuple(group.distance[i][j] for j in kept) for i in kept)
    return replace(group, clips=tuple(group.clips[n] for n in kept), distance=rows)


@cache
def version() -> str:
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
    return _as_json([score, [asdict(finding) for finding in said.findings], curve])


def _read(blob: bytes, use: str) -> Detection:
    score, found, curve = json.loads(blob)
    curves = {use: Curve(curve["start"], curve["step"], tuple(curve["score"]))} if curve else {}
    return Detection({use: score}, tuple(_finding(item, use) for item in found), curves)


def _written_all(said: Detection) -> bytes:
    curves = {use: asdict(curve) for use, curve in said.curves.items()}
    groups = [asdict(group) for group in said.groups]
    return _as_json([dict(said.scores), [asdict(f) for f in said.findings], curves, groups])


def _as_json(values: Any) -> bytes:
    return json.dumps(values, default=lambda number: number.item()).encode()  # numpy's numbers


def _read_all(blob: bytes) -> Detection:
    scores, found, curves, groups = json.loads(blob)
    return Detection(
        scores,
        tuple(_finding(item) for item in found),
        {use: Curve(curve["start"], curve["step"], tuple(curve["score"])) for use, curve in curves.items()},
        tuple(
            Group(item["name"], tuple(item["clips"]), tuple(map(tuple, item["distance"])), item["source"])
            for item in groups
        ),
    )


def _finding(item: Mapping[str, Any], use: str | None = None) -> Finding:
    """Read a finding; with `use`, of the clip that now has this name: it can only mean itself."""
    region = tuple(item["region"]) if item["region"] is not None else None
    compare = tuple((use or id_, moment) for id_, moment in item["compare"])
    changed = {"use": use or item["use"], "region": region, "compare": compare}
    return Finding(**{**item, **changed, "related": tuple(item["related"])})
