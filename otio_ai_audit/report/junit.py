"""The result as JUnit XML, for GitHub, GitLab and Jenkins.

One suite an edit, one case a clip and detector: a list of failed cases then reads as a list of
things to look at, and the history of a case follows the clip. Case names carry the clip's name, not
its place, which shifts with every insert. Findings at or above `fail_on` are failures; weaker and
dismissed ones are in the case's output. A clip that could not be looked at is an error, a title or
a disabled clip is skipped.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as ET

from ..model import ERROR, STANDING, WARNING, AuditResult, ClipResult, Placed
from .text import (
    clean,
    clips_in_order,
    evidence_words,
    findings_by_clip,
    is_standing,
    number,
    one_line,
    summary,
)

_LIMIT = {"error": ERROR, "warning": WARNING, "never": 2.0}


def to_junit(result: AuditResult, *, fail_on: str = "error") -> bytes:
    """Return a result as JUnit XML, UTF-8.

    Parameters
    ----------
    result
        What an audit found.
    fail_on
        Weakest severity that fails a case: ``error``, ``warning`` or ``never``.
    """
    limit = _LIMIT[fail_on]
    grouped = findings_by_clip(result)
    names = _unique_names(clips_in_order(result))
    suite = ET.Element("testsuite", {"name": _name(result)})
    for clip in clips_in_order(result):
        _add_clip(suite, clip, names[clip.id], grouped.get(clip.id, []), limit, result)
    for key, count in _totals(suite).items():
        suite.set(key, str(count))
    suite.set("time", f"{number(result.seconds, 3) or 0.0:.3f}")
    if result.finished:
        suite.set("timestamp", clean(result.finished))
    output = ET.SubElement(suite, "system-out")
    output.text = "\n".join([summary(result), *(one_line(text) for text in result.notices)])
    root = ET.Element("testsuites", {key: suite.attrib[key] for key in ("name", *_totals(suite), "time")})
    root.append(suite)
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def write(result: AuditResult, path: Path, *, fail_on: str = "error") -> None:
    """Write a result as JUnit XML."""
    path.write_bytes(to_junit(result, fail_on=fail_on))


def _name(result: AuditResult) -> str:
    return one_line(result.info.name) or one_line(result.info.source) or "audit"


def _unique_names(clips: list[ClipResult]) -> dict[str, str]:
    """Clip id → a name that no other clip has; the id is added only where a name repeats."""
    shown = {clip.id: one_line(clip.name) or clip.id for clip in clips}
    often = Counter(shown.values())
    return {key: f"{name} ({key})" if often[name] > 1 else name for key, name in shown.items()}


def _totals(suite: ET.Element) -> dict[str, int]:
    cases = suite.findall("testcase")
    return {
        "tests": len(cases),
        "failures": sum(case.find("failure") is not None for case in cases),
        "errors": sum(case.find("error") is not None for case in cases),
        "skipped": sum(case.find("skipped") is not None for case in cases),
    }


def _add_clip(
    suite: ET.Element,
    clip: ClipResult,
    name: str,
    findings: list[Placed],
    limit: float,
    result: AuditResult,
) -> None:
    if clip.status != "audited":
        case = _add_case(suite, clip, name, result)
        reason = one_line(clip.reason or "no reason given")
        if clip.status == "failed":
            error = ET.SubElement(case, "error", {"type": "not-checked", "message": reason})
            error.text = _described([f"Not checked: {reason}", f"media: {one_line(clip.media or 'none')}"])
        else:
            ET.SubElement(case, "skipped", {"message": reason})
        _add_output(case, findings)
        return
    wanted = [*clip.scores, *(p.finding.detector for p in findings)]
    for detector in dict.fromkeys(wanted):
        mine = [p for p in findings if p.finding.detector == detector]
        case = _add_case(suite, clip, f"{name} {one_line(detector)}", result)
        failed = [p for p in mine if is_standing(p, limit)]
        if failed:
            worst = max(failed, key=lambda p: p.finding.score)
            what = f"{one_line(worst.timecode)} {one_line(worst.finding.message)}"
            kind = f"{one_line(detector)}.{worst.finding.severity}"
            failure = ET.SubElement(case, "failure", {"type": kind, "message": what})
            failure.text = "\n".join(_finding_text(p, clip) for p in failed)
        elif not mine and clip.scores.get(detector) is None:
            ET.SubElement(case, "skipped", {"message": "does not apply to this clip"})
        _add_output(case, [p for p in mine if p not in failed])


def _add_case(suite: ET.Element, clip: ClipResult, name: str, result: AuditResult) -> ET.Element:
    # Jenkins takes what stands before the last dot of a class name for a package.
    group = _name(result).replace(".", "_")
    attributes = {"classname": group, "name": name, "time": "0"}
    if clip.media:
        attributes["file"] = one_line(clip.media)
    return ET.SubElement(suite, "testcase", attributes)


def _add_output(case: ET.Element, findings: list[Placed]) -> None:
    if findings:
        output = ET.SubElement(case, "system-out")
        output.text = "\n".join(_short(placed) for placed in findings)


def _short(placed: Placed) -> str:
    finding = placed.finding
    state = "" if placed.state in STANDING else f"{placed.state} "
    strength = f"{state}{finding.severity} {finding.score:.2f}"
    return f"{one_line(placed.timecode)} {strength} {one_line(finding.message)}"


def _finding_text(placed: Placed, clip: ClipResult) -> str:
    finding = placed.finding
    lines = [
        _short(placed),
        f"clip: {one_line(clip.name)} ({one_line(clip.id)}), {placed.state}, finding {one_line(placed.id)}",
        f"source: {finding.start:.3f} s to {finding.start + finding.duration:.3f} s "
        f"of {one_line(clip.media or '?')}",
        *(f"{name}: {value}" for name, value in evidence_words(finding.evidence)),
    ]
    return _described(lines)


def _described(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"
