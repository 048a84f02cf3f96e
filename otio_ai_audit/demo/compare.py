"""What was found beside what was put in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from ..model import AuditResult, Placed
from .truth import InjectedFault, Truth

TOLERANCE = 2
"""Frames by which a finding's first and last frame may be off."""
SLOW = {"drift": 12, "mismatch": None}
"""Faults of identity have no sharp ends: frames by which the beginning may be off; None: anywhere."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the comparison; `ok` is None where it counts for nothing."""

    clip: str
    detector: str
    put_in: str
    found: str
    verdict: str
    ok: bool | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """All lines, and whether found and put in agree."""

    rows: tuple[Row, ...]

    @property
    def ok(self) -> bool:
        return all(row.ok is not False for row in self.rows)


@dataclass(frozen=True, slots=True)
class _Seen:
    """A finding at warning or above, on the media's frames."""

    clip: str
    placed: Placed
    first: int
    last: int

    def fits(self, fault: InjectedFault) -> bool:
        """Tell whether it is this fault: the same kind, and both ends within `TOLERANCE` frames.

        What looks wrong for a while (`SLOW`) has to share half of the shorter's frames instead.
        """
        if self.placed.finding.detector != fault.detector:
            return False
        begins, ends = abs(self.first - fault.first), abs(self.last - fault.last)
        if fault.detector not in SLOW:
            return begins <= TOLERANCE and ends <= TOLERANCE
        shared = min(self.last, fault.last) - max(self.first, fault.first) + 1
        slack = SLOW[fault.detector]
        shorter = min(self.last - self.first, fault.last - fault.first) + 1
        return 2 * shared >= shorter and (slack is None or begins <= slack)

    def touches(self, fault: InjectedFault) -> bool:
        return self.first <= fault.last + TOLERANCE and self.last >= fault.first - TOLERANCE

    @property
    def words(self) -> str:
        finding = self.placed.finding
        return f"{finding.detector} {_frames(self.first, self.last)} ({finding.score:.2f})"


def compare(result: AuditResult, truth: Truth) -> Comparison:
    """Compare an audit of the advert with what was put into it.

    A fault counts as found when a finding at ``warning`` or above of the right detector, on the right
    clip, begins and ends within `TOLERANCE` frames of it (`SLOW` says which kinds need only overlap and
    begin near). A finding that touches no fault on its clip
    is a false alarm. One that touches a fault without being it (the jump after a freeze, say) is shown
    and counts for nothing. Clips without media must be reported as such, and nothing else may fail.

    Parameters
    ----------
    result
        The audit of ``truth.edit``.
    truth
        What `otio_ai_audit.demo.build` returned.

    Returns
    -------
    Comparison
        One row for every fault, further finding and clip without media.
    """
    rates = {fault.clip: fault.rate for fault in truth.faults}
    seen = _seen(result, rates)
    rows: list[Row] = []
    matched: set[str] = set()
    for fault in truth.faults:
        here = [item for item in seen if item.clip == fault.clip]
        hits = [item for item in here if item.fits(fault)]
        matched.update(item.placed.id for item in hits)
        rows.append(_fault_row(fault, hits, [item for item in here if item.touches(fault)]))
    for item in seen:
        if item.placed.id in matched:
            continue
        beside = any(fault.clip == item.clip and item.touches(fault) for fault in truth.faults)
        verdict, ok = ("beside a fault", None) if beside else ("false alarm", False)
        rows.append(Row(item.clip, item.placed.finding.detector, "", item.words, verdict, ok))
    return Comparison((*rows, *_status_rows(result, truth)))


def _seen(result: AuditResult, rates: dict[str, Fraction]) -> list[_Seen]:
    """Return what stands at warning or above, once for every finding."""
    names = {clip.id: clip.name for clip in result.clips}
    out: dict[str, _Seen] = {}
    for placed in result.findings:
        finding = placed.finding
        if placed.state == "fixed" or finding.severity not in ("warning", "error"):
            continue
        clip = names.get(finding.use, finding.use)
        rate = float(rates.get(clip, result.info.rate))
        first, end = round(finding.start * rate), round((finding.start + finding.duration) * rate)
        out[f"{placed.id} {finding.use}"] = _Seen(clip, placed, first, max(first, end - 1))
    return list(out.values())


def _fault_row(fault: InjectedFault, hits: Sequence[_Seen], near: Sequence[_Seen]) -> Row:
    put_in = f"{_frames(fault.first, fault.last)}: {fault.words}"
    best = max(hits, key=lambda item: item.placed.finding.score, default=None)
    if best is not None:
        return Row(fault.clip, fault.detector, put_in, best.words, "found", True)
    verdict = (
        "found elsewhere"
        if any(item.placed.finding.detector == fault.detector for item in near)
        else "missed"
    )
    return Row(fault.clip, fault.detector, put_in, ", ".join(item.words for item in near), verdict, False)


def _status_rows(result: AuditResult, truth: Truth) -> list[Row]:
    rows = []
    failed = {clip.name: clip.reason or "" for clip in result.clips if clip.status == "failed"}
    for name in truth.offline:
        said = name in failed
        verdict = "said so" if said else "kept silent"
        rows.append(Row(name, "", "no media", "not checked" if said else "", verdict, said))
    for name, reason in failed.items():
        if name not in truth.offline:
            # The end of a reason says what is wrong; its beginning is the path.
            said_why = reason if len(reason) <= 60 else f"… {reason[-58:]}"
            rows.append(Row(name, "", "", f"not checked: {said_why}", "should be checked", False))
    for name in truth.skipped:
        skipped = any(clip.name == name and clip.status == "skipped" for clip in result.clips)
        rows.append(
            Row(
                name,
                "",
                "not to check",
                "skipped" if skipped else "",
                "said so" if skipped else "kept silent",
                skipped,
            )
        )
    return rows


def _frames(first: int, last: int) -> str:
    return f"frame {first}" if first == last else f"frames {first}–{last}"


def table(comparison: Comparison) -> str:
    """Return the comparison as lines of text in columns, and a last line that sums it up."""
    head = ("clip", "detector", "put in", "found", "")
    lines = [head, *((row.clip, row.detector, row.put_in, row.found, row.verdict) for row in comparison.rows)]
    widths = [max(len(line[k]) for line in lines) for k in range(len(head))]
    text = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]
    text.insert(1, "  ".join("─" * width for width in widths))
    found = sum(row.verdict == "found" for row in comparison.rows)
    wanted = sum(row.verdict in ("found", "missed", "found elsewhere") for row in comparison.rows)
    alarms = sum(row.verdict == "false alarm" for row in comparison.rows)
    beside = sum(row.verdict == "beside a fault" for row in comparison.rows)
    text.append(
        f"{found} of {wanted} faults found, {alarms} false alarm{'' if alarms == 1 else 's'}"
        + (f", {beside} further beside faults." if beside else ".")
    )
    return "\n".join(text)
