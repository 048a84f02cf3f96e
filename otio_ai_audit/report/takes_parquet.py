"""Takes as Parquet: one row a take, typed, for those who ask questions of all takes at once.

Needs the extra ``parquet``. A score of a detector is a column (``score_flicker``), null where it does not
apply. Seeds are text, because many are larger than any whole number of a table.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import OutputError
from ..model import WARNING, RankedTake, Triage, severity_of
from .takes_data import file_name, findings_of, is_standing, on_take, origin_of, reason_of, said, status_of
from .text import clean, number, score

ROWS = 5000
"""Rows of a group: as many are in memory at once."""
_TEXTS = (
    "shot",
    "take",
    "media",
    "name",
    "standing",
    "status",
    "reason",
    "severity",
    "worst_detector",
    "worst_message",
    "copy_of",
    "repeats",
    "verdicts",
    "generator",
    "model",
    "workflow",
    "prompt_hash",
    "prompt",
    "seed",
    "clip_id",
    "key",
)


def arrow() -> Any:
    """Return pyarrow.

    Raises
    ------
    OutputError
        It is not installed.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise OutputError(
            "A .parquet takes pyarrow, which is not installed: pip install 'otio-ai-audit[parquet]'. "
            "A .csv needs nothing."
        ) from error
    return pyarrow


def write(triage: Triage, path: Path, *, rows: int = ROWS) -> None:
    """Write takes as Parquet, one shot after the other.

    Parameters
    ----------
    triage
        What was found.
    path
        Written as it is: the caller moves it to its place.
    rows
        Of a group.
    """
    pa = arrow()
    columns = {name: f"score_{clean(name)}" for name in dict.fromkeys(triage.detectors)}
    schema = _schema(pa, columns)
    with pa.parquet.ParquetWriter(path, schema, compression="zstd") as out:
        held: list[dict[str, Any]] = []
        for row in _rows(triage, columns):
            held.append(row)
            if len(held) >= rows:
                out.write_table(pa.Table.from_pylist(held, schema))
                held = []
        out.write_table(pa.Table.from_pylist(held, schema))


def _schema(pa: Any, columns: dict[str, str]) -> Any:
    fields = [(name, pa.string()) for name in _TEXTS]
    fields += [
        ("rank", pa.int32()),
        ("frames", pa.int64()),
        ("seconds", pa.float64()),
        ("rate", pa.float64()),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("worst", pa.float64()),
        ("findings", pa.int32()),
        ("dismissed", pa.int32()),
        ("modified", pa.timestamp("us", "UTC")),
        ("near", pa.list_(pa.string())),
        ("found", pa.list_(pa.string())),
    ]
    fields += [(column, pa.float64()) for column in dict.fromkeys(columns.values())]
    return pa.schema(fields)


def _rows(triage: Triage, columns: dict[str, str]) -> Iterator[dict[str, Any]]:
    for shot in triage.shots():
        for take in shot.takes:
            yield _row(take, columns, triage.include_prompts)


def _row(take: RankedTake, columns: dict[str, str], include_prompts: bool) -> dict[str, Any]:
    record, info = take.record, take.record.info
    origin = origin_of(take, include_prompts)
    standing = [placed for placed in findings_of(take) if is_standing(placed, WARNING)]
    states = Counter(placed.state for placed in findings_of(take))
    worst = max(standing, key=lambda placed: placed.finding.score, default=None)
    texts = {
        "shot": take.take.shot,
        "take": take.take.name,
        "media": take.take.label,
        "name": file_name(take),
        "standing": take.standing,
        "status": status_of(take),
        "reason": reason_of(take),
        "severity": severity_of(worst.finding.score) if worst else None,
        "worst_detector": worst.finding.detector if worst else None,
        "worst_message": worst.finding.message if worst else None,
        "copy_of": take.copy_of,
        "repeats": take.repeats,
        "verdicts": said(on_take(take)),
        **{name: origin[name] for name in ("generator", "model", "workflow", "prompt_hash", "prompt")},
        "seed": None if origin["seed"] is None else str(origin["seed"]),
        "clip_id": take.id,
        "key": take.take.key,
    }
    return {
        **{name: clean(text) if text else None for name, text in texts.items()},
        "rank": take.rank or None,
        "frames": record.frames,
        "seconds": number(record.seconds, 6),
        "rate": float(info.rate) if info else None,
        "width": info.width if info else None,
        "height": info.height if info else None,
        "worst": score(worst.finding.score) if worst else None,
        "findings": len(standing),
        "dismissed": states["dismissed"],
        "modified": round(take.take.modified * 1_000_000) if take.take.modified else None,
        "near": [clean(label) for label in take.near],
        "found": list(dict.fromkeys(clean(placed.finding.detector) for placed in standing)),
        **{column: score(record.scores.get(name)) for name, column in columns.items()},
    }
