from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from otio_ai_audit import report
from otio_ai_audit.errors import UsageError
from otio_ai_audit.model import AuditResult, Finding, Placed

from . import report_samples as samples


def round_two(before: AuditResult, after: AuditResult, tmp_path: Path, **options: Any) -> AuditResult:
    path = tmp_path / "audit_1.json"
    report.write(before, path)
    return report.compare(after, report.read_earlier(path), **options)


def only(result: AuditResult, detector: str = "flicker") -> Placed:
    found = [p for p in result.findings if p.finding.detector == detector]
    assert len(found) == 1, found
    return found[0]


def test_open_fixed_and_new_in_the_same_file(tmp_path: Path) -> None:
    clip = samples.clip()
    before = samples.result(clip, findings=(samples.placed(), samples.placed(detector="pop", start=3.0)))
    after = samples.result(
        clip,
        findings=(
            replace(samples.placed(start=1.3), first_seen="2025-12-01T00:00:00"),
            samples.placed(detector="freeze", start=0.0),
        ),
    )
    now = round_two(before, after, tmp_path)
    assert now.against == "audit_1.json"
    assert only(now).state == "open"
    assert only(now).first_seen == "2025-11-22T14:32:10"
    assert only(now, "freeze").state == "new"
    pop = only(now, "pop")
    assert pop.state == "fixed" and pop.finding.use == clip.id
    assert (pop.timeline_frame, pop.timeline_frames, pop.timecode) == (72, 12, "01:00:03:00")
    assert report.round_two_lines(now) == (
        "Against audit_1.json: 1 fixed, 1 new, 1 open, 0 dismissed.",
        "truck_v012.mp4: pop fixed, new freeze, flicker still open",
    )


def test_the_next_version_is_matched_by_shot(tmp_path: Path) -> None:
    old = samples.clip(shot="truck", take="v012")
    new = samples.clip(
        7, "truck_v013.mp4", id="V2/0007", shot="truck", take="v013", content="other", key="other"
    )
    move = {"key": "other"}
    pop = samples.placed(7, "pop", 3.0, label="pop", **move)
    pop = replace(pop, finding=replace(pop.finding, use="V2/0007"))
    kept = samples.placed(7, "freeze", 2.1, **move)
    kept = replace(kept, finding=replace(kept.finding, use="V2/0007"))
    before = samples.result(old, findings=(samples.placed(), samples.placed(detector="freeze", start=2.0)))
    now = round_two(before, samples.result(new, findings=(pop, kept)), tmp_path)
    assert only(now).state == "fixed" and only(now).by == "not found in truck v013"
    assert only(now).finding.use == "V2/0007"
    assert only(now).timeline_frame == 6 * 96 + 30
    assert only(now, "pop").state == "new"
    assert only(now, "freeze").state == "open"
    assert report.round_two_lines(now)[1] == "truck v013: flicker fixed, new pop, freeze still open"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("truck_v012.mp4", "truck_v013.mp4"),
        ("truck.V12.mov", "truck.v13.mov"),
        ("sh010_comp_v001_grade.mov", "sh010_comp_v002_grade.mov"),
        ("fox_00001_.mp4", "fox_00007_.mp4"),
        ("truck.mp4", "truck_v2.mp4"),
    ],
)
def test_shots_are_known_by_name_where_the_edit_does_not_say(old: str, new: str, tmp_path: Path) -> None:
    before = samples.result(samples.clip(name=old), findings=(samples.placed(),))
    after = samples.result(samples.clip(name=new, content="other", key="other"))
    assert only(round_two(before, after, tmp_path)).by.startswith("not found in")


def test_another_shot_is_not_the_next_version(tmp_path: Path) -> None:
    before = samples.result(samples.clip(name="truck_v012.mp4"), findings=(samples.placed(),))
    after = samples.result(samples.clip(name="truckstop_v012.mp4", content="other", key="other"))
    now = round_two(before, after, tmp_path)
    assert only(now).state == "fixed" and only(now).finding.use == ""
    assert "truck_v012.mp4 is no longer in the edit" in report.round_two_lines(now)
    assert report.to_json(now)["findings"][0]["clip"] is None


def test_what_nobody_looked_at_is_not_fixed(tmp_path: Path) -> None:
    before = samples.result(
        samples.clip(), findings=(samples.placed(), samples.placed(detector="pop", start=2))
    )
    failed = samples.result(samples.clip(status="failed", reason="offline", content="", key="", scores={}))
    now = round_two(before, failed, tmp_path)
    assert {p.state for p in now.findings} == {"open"}
    assert report.round_two_lines(now)[1].count("not looked at this time") == 2
    fewer = replace(samples.result(samples.clip()), detectors=("pop",))
    now = round_two(before, fewer, tmp_path)
    assert only(now).state == "open" and only(now, "pop").state == "fixed"


def test_trimmed_away_is_said(tmp_path: Path) -> None:
    before = samples.result(samples.clip(), findings=(samples.placed(),))
    now = round_two(before, samples.result(samples.clip(visible=((2.0, 4.0),))), tmp_path)
    assert only(now).state == "fixed" and only(now).by == "trimmed away"
    assert only(now).timeline_frame == 0


def test_a_moved_clip_keeps_its_findings(tmp_path: Path) -> None:
    before = samples.result(samples.clip(), findings=(samples.placed(),))
    moved = replace(samples.placed(), finding=replace(samples.placed().finding, use="V3/0009"))
    after = samples.result(samples.clip(id="V3/0009", name="renamed"), findings=(moved,))
    now = round_two(before, after, tmp_path)
    assert [p.state for p in now.findings] == ["open"]


def test_verdicts_travel_with_the_same_pictures_only(tmp_path: Path) -> None:
    told = samples.placed(state="dismissed", by="green marker")
    before = samples.result(samples.clip(), findings=(told,))
    now = round_two(before, samples.result(samples.clip(), findings=(samples.placed(),)), tmp_path)
    assert only(now).state == "dismissed" and only(now).by == "green marker"
    replaced = samples.clip(name="truck_v013.mp4", content="other", key="other")
    fresh = replace(samples.placed(), key="other")
    now = round_two(before, samples.result(replaced, findings=(fresh,)), tmp_path)
    assert only(now).state == "open"


def test_a_fault_of_two_uses_is_judged_once(tmp_path: Path) -> None:
    twice = (samples.clip(1), samples.clip(2, content="content1", key="key1"))
    again = replace(samples.placed(2), key="content1", id=samples.placed().id)
    before = samples.result(*twice, findings=(samples.placed(), again))
    now = round_two(before, samples.result(twice[0], findings=(samples.placed(),)), tmp_path)
    assert [p.state for p in now.findings] == ["open"]


def test_fainter_worse_and_back(tmp_path: Path) -> None:
    def again(score: float, now: float, state: Any = "new") -> Placed:
        before = samples.result(samples.clip(), findings=(samples.placed(score=score, state=state),))
        after = samples.result(samples.clip(), findings=(samples.placed(score=now),))
        return only(round_two(before, after, tmp_path))

    assert (again(0.9, 0.3).state, again(0.9, 0.3).by) == ("open", "fainter than before")
    assert again(0.3, 0.9).by == "worse than before"
    assert (again(0.9, 0.9, "fixed").state, again(0.9, 0.9, "fixed").by) == ("new", "back again")


def test_a_place_is_used_where_one_is_given(tmp_path: Path) -> None:
    def place(finding: Finding) -> tuple[int, int, str]:
        assert finding.use == "V1/0001"
        return 40, 2, "01:00:01:16"

    before = samples.result(samples.clip(), findings=(samples.placed(),))
    now = round_two(before, samples.result(samples.clip()), tmp_path, place=place)
    assert (only(now).timeline_frame, only(now).timecode) == (40, "01:00:01:16")


def test_a_result_without_our_additions_is_enough(tmp_path: Path) -> None:
    data = report.to_json(samples.result(samples.clip(), findings=(samples.placed(),)))
    for clip in data["clips"]:
        for name in ("content", "visible", "notes"):
            del clip[name]
    for finding in data["findings"]:
        for name in ("content", "by", "label", "worst", "text"):
            del finding[name]
    path = tmp_path / "plain.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    after = samples.result(samples.clip(), findings=(samples.placed(),))
    assert only(report.compare(after, report.read_earlier(path))).state == "open"


def test_comparing_twice_changes_nothing(tmp_path: Path) -> None:
    sample = samples.sample()
    sample = replace(sample, findings=tuple(p for p in sample.findings if p.state != "fixed"))
    once = round_two(sample, sample, tmp_path)
    assert {p.state for p in once.findings} == {"open", "dismissed"}
    assert round_two(once, sample, tmp_path) == once


def test_a_result_that_was_not_compared_has_no_lines() -> None:
    assert report.round_two_lines(samples.sample()) == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("not json", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[1, 2]", "not of an audit"),
        ('{"tool": {"name": "else"}, "findings": []}', "not of an audit"),
        ('{"tool": {"name": "otio-ai-audit"}, "schema": 2, "findings": []}', "has schema 2; this version"),
        ('{"tool": {"name": "otio-ai-audit"}, "schema": 1, "findings": []}', "is damaged"),
        (
            '{"tool": {"name": "otio-ai-audit"}, "schema": 1, "clips": [], "findings": [{"id": 1}]}',
            "is damaged",
        ),
        ('{"tool": {"name": "otio-ai-audit"}, "schema": 1, "clips": [3], "findings": []}', "is damaged"),
    ],
)
def test_a_wrong_file_is_one_sentence(text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "old.json"
    path.write_text(text)
    with pytest.raises(UsageError, match=rf"old\.json.*{words}"):
        report.read_earlier(path)


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nothing\.json cannot be read: No such file"):
        report.read_earlier(tmp_path / "nothing.json")


def test_comparing_a_long_edit_is_quick(tmp_path: Path) -> None:
    import time

    big = samples.big(1500)
    bare = replace(big, stills={}, clips=tuple(replace(c, strip=(), curves={}) for c in big.clips))
    started = time.process_time()
    now = round_two(bare, bare, tmp_path)
    assert {p.state for p in now.findings} == {"open"}
    assert time.process_time() - started < 5
