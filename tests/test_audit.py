"""The whole walk: an edit goes in, findings come out, and what people said of them lasts."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import opentimelineio as otio
import pytest

from otio_ai_audit import report, video
from otio_ai_audit.errors import TimelineError, UsageError
from otio_ai_audit.walk import Audit, Options, audit

from .edits import RATE, clip, flickering, pan, time_range, write_edit
from .takes import FAULT, FRAMES, Takes


def run(edit: Path, store: Path, **options: object) -> Audit:
    return audit([edit], Options(engine="threads:1", store=store, **options))  # type: ignore[arg-type]


def flickers(done: Audit) -> list[tuple[str, str]]:
    return [(p.finding.use, p.state) for p in done.result.findings if p.finding.detector == "flicker"]


def test_a_fault_is_found_at_its_frames_and_the_clean_shot_is_left_alone(takes: Takes, warm: Path) -> None:
    edit = write_edit(
        takes.folder / "a.otio", [clip(takes.good, 4, 40, FRAMES), clip(takes.bad, 10, 45, FRAMES)]
    )
    done = run(edit, warm)
    standing = [p for p in done.result.findings if p.finding.score >= 0.5]
    assert {p.finding.use for p in standing} == {"V1/0002"}
    worst = max(standing, key=lambda p: p.finding.score)
    assert worst.finding.detector == "flicker"
    # On the timeline the clip begins at frame 40 and shows its media from frame 10.
    assert abs(worst.timeline_frame - (40 + FAULT[0] - 10)) <= 2
    assert abs(worst.timeline_frames - (FAULT[1] - FAULT[0] + 1)) <= 4
    assert worst.timecode.startswith("01:00:02:")


def test_a_fault_has_its_place_on_the_clock_of_its_medium(takes: Takes, warm: Path, tmp_path: Path) -> None:
    late = clip(takes.bad, 10 + 240, 45, FRAMES)
    late["media_references"]["DEFAULT_MEDIA"]["available_range"] = time_range(240, FRAMES)
    for item, first in ((clip(takes.bad, 10, 45, FRAMES), 0), (late, 240)):
        done = run(write_edit(tmp_path / "a.otio", [item]), warm)
        worst = max(done.result.findings, key=lambda p: p.finding.score)
        frame = first + round(worst.finding.start * RATE)
        assert worst.source_timecode == f"00:00:{frame // 24:02d}:{frame % 24:02d}"


def test_the_written_edit_is_read_by_otio_with_markers_on_the_right_frames(
    takes: Takes, warm: Path, tmp_path: Path
) -> None:
    edit = write_edit(tmp_path / "a.otio", [clip(takes.good, 4, 40, FRAMES), clip(takes.bad, 10, 45, FRAMES)])
    done = run(edit, warm)
    out = tmp_path / "marked.otio"
    report.write(done.result, out, timeline=done.timeline, original=done.original, seen=done.seen)
    marked = otio.adapters.read_from_file(str(out))
    by_name = {marker.name: marker for marker in marked.tracks.markers}
    fault = next(marker for name, marker in by_name.items() if name.lower().startswith("flicker"))
    assert abs(fault.marked_range.start_time.value - (40 + FAULT[0] - 10)) <= 2
    assert any(name.startswith("AUDIT") for name in by_name)
    # Without our markers it is the edit that came in.
    before, after = json.loads(edit.read_text()), json.loads(out.read_text())
    assert after["tracks"].pop("markers")
    before["tracks"].pop("markers")
    assert after == before


def test_an_unchanged_edit_is_not_decoded_again(takes: Takes, warm: Path, tmp_path: Path) -> None:
    edit = write_edit(tmp_path / "a.otio", [clip(takes.good, 0, 60, FRAMES), clip(takes.bad, 0, 60, FRAMES)])
    first, second = run(edit, warm), run(edit, warm)
    assert not first.result.incomplete
    assert [p.id for p in first.result.findings] == [p.id for p in second.result.findings]
    assert {state for _, state in flickers(second)} == {"open"}


def test_trim_move_and_duplicate_decode_nothing_and_keep_the_verdict(
    takes: Takes, warm: Path, tmp_path: Path
) -> None:
    edit = write_edit(tmp_path / "a.otio", [clip(takes.bad, 0, 60, FRAMES), clip(takes.good, 0, 60, FRAMES)])
    done = run(edit, warm)
    out = tmp_path / "marked.otio"
    report.write(done.result, out, timeline=done.timeline, original=done.original, seen=done.seen)
    marked = otio.adapters.read_from_file(str(out))
    for marker in marked.tracks.markers:
        if marker.name.lower().startswith("flicker"):
            marker.color = "GREEN"
    otio.adapters.write_to_file(marked, str(out))
    assert flickers(run(out, warm)) == [("V1/0001", "dismissed")]

    changed = write_edit(
        tmp_path / "b.otio",
        [clip(takes.good, 5, 30, FRAMES), clip(takes.bad, 15, 40, FRAMES), clip(takes.bad, 10, 40, FRAMES)],
    )
    later = run(changed, warm)
    assert not later.result.incomplete
    assert flickers(later) == [("V1/0002", "dismissed"), ("V1/0003", "dismissed")]


def test_the_verdict_comes_back_through_a_marker_edl(takes: Takes, warm: Path, tmp_path: Path) -> None:
    edit = write_edit(tmp_path / "a.otio", [clip(takes.bad, 0, 60, FRAMES)])
    done = run(edit, warm)
    edl = tmp_path / "markers.edl"
    report.write(done.result, edl, timeline=done.timeline)
    text = edl.read_text(encoding="utf-8")
    assert "ResolveColorLemon" in text
    edl.write_text(text.replace("ResolveColorLemon", "ResolveColorGreen"), encoding="utf-8")
    assert flickers(run(edit, warm, markers=(edl,))) == [("V1/0001", "dismissed")]
    assert flickers(run(edit, warm)) == [("V1/0001", "dismissed")]


def test_settings_say_what_becomes_a_marker(takes: Takes, warm: Path, tmp_path: Path) -> None:
    edit = write_edit(tmp_path / "a.otio", [clip(takes.bad, 0, 60, FRAMES)])
    settings = tmp_path / "audit.toml"
    counts = {}
    for least in ("error", "note"):
        settings.write_text(f'[audit]\nmarkers = "{least}"\n', encoding="utf-8")
        done = run(edit, warm, settings=settings)
        counts[least] = sum(len(marker.ids) for marker in done.result.markers)
    scores = [p.finding.score for p in done.result.findings]
    assert counts["note"] - counts["error"] == sum(0.2 <= score < 0.8 for score in scores)


def test_offline_media_is_a_failure_that_names_its_path(takes: Takes, warm: Path, tmp_path: Path) -> None:
    gone = tmp_path / "gone_v001.mp4"
    edit = write_edit(tmp_path / "a.otio", [clip(takes.good, 0, 30, FRAMES), clip(gone, 0, 30, FRAMES)])
    done = run(edit, warm)
    assert done.result.incomplete
    failed = next(c for c in done.result.clips if c.status == "failed")
    assert failed.reason and str(gone) in failed.reason
    assert any(m.name == "NOT CHECKED" and m.frame >= 30 for m in done.result.markers)


def test_a_clip_beyond_the_end_of_its_file_is_a_failure(takes: Takes, warm: Path, tmp_path: Path) -> None:
    edit = write_edit(tmp_path / "a.otio", [clip(takes.good, 200, 30, 300), clip(takes.good, 50, 30, 300)])
    done = run(edit, warm)
    beyond, partly = done.result.clips
    assert beyond.status == "failed" and "no frames" in str(beyond.reason)
    assert partly.status == "audited"
    assert partly.visible == ((pytest.approx(50 / 24), pytest.approx(60 / 24)),)
    assert any("20 frames more than the file has" in note for note in partly.notes)


def test_a_file_that_is_no_picture_is_found_at_its_frame(store: Path, tmp_path: Path) -> None:
    video.encode(tmp_path / "bird_v001.%04d.png", pan(1, 30), RATE)
    (tmp_path / "bird_v001.0003.png").unlink()
    (tmp_path / "bird_v001.0020.png").write_bytes(b"no picture")
    sequence = tmp_path / "bird_v001.[0001-0030].png"
    item = clip(sequence, 11, 16, 30)
    item["media_references"]["DEFAULT_MEDIA"]["available_range"] = time_range(1, 30)
    done = run(write_edit(tmp_path / "a.otio", [item]), store)
    (hole,) = (p for p in done.result.findings if p.finding.detector == "dead")
    assert (hole.timeline_frame, hole.timeline_frames) == (9, 1)


def test_a_title_is_skipped_and_listed(takes: Takes, warm: Path, tmp_path: Path) -> None:
    edit = write_edit(tmp_path / "a.otio", [clip(takes.good, 0, 30, FRAMES)], [clip(None, 0, 12, 12)])
    done = run(edit, warm)
    assert not done.result.incomplete
    assert [c.name for c in done.result.clips if c.status == "skipped"] == ["Text+"]


def test_a_master_is_audited_by_the_shots_of_its_edit(takes: Takes, store: Path, tmp_path: Path) -> None:
    master = tmp_path / "master.mov"
    pictures: Iterator = chain(pan(1, 40), flickering(pan(2, 50), 15, 39))
    video.encode(master, pictures, RATE, options={"crf": "16"})
    offline = tmp_path / "offline.mp4"
    edit = write_edit(
        tmp_path / "a.otio", [clip(takes.good, 0, 40, FRAMES), clip(offline, 0, 50, FRAMES, name="truck")]
    )
    done = audit([master], Options(edit=edit, engine="threads:1", store=store))
    assert not done.result.incomplete
    standing = [p for p in done.result.findings if p.finding.score >= 0.5]
    assert standing and {p.finding.use for p in standing} == {"V1/0002"}
    worst = max(standing, key=lambda p: p.finding.score)
    assert abs(worst.timeline_frame - (40 + 15)) <= 2


def test_a_finished_film_without_its_edit_is_recognised(store: Path, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    shots = chain.from_iterable(pan(10 + number, 14) for number in range(8))
    video.encode(film, shots, RATE, options={"crf": "16"})
    done = audit([film], Options(engine="threads:1", store=store))
    (only,) = done.result.clips
    assert only.status == "failed"
    assert only.reason and "--edit" in only.reason
    assert not done.result.findings


def test_the_next_version_of_a_file_is_compared_with_the_last(
    takes: Takes, measured: Path, store: Path, tmp_path: Path
) -> None:
    shutil.copytree(measured, store, dirs_exist_ok=True)
    first = run(write_edit(tmp_path / "a.otio", [clip(takes.bad, 0, 60, FRAMES)]), store)
    earlier = tmp_path / "round1.json"
    report.write(first.result, earlier)
    repaired = tmp_path / "truck_v002.mp4"
    video.encode(repaired, pan(2, FRAMES), RATE, options={"crf": "16"})
    second = run(write_edit(tmp_path / "b.otio", [clip(repaired, 0, 60, FRAMES)]), store, against=earlier)
    assert [state for _, state in flickers(second)] == ["fixed"]
    summary = next(m for m in second.result.markers if m.name.startswith("AUDIT"))
    # of all that went away, what a person had seen: the flicker, and that it broke the flash limit
    assert "2 fixed" in summary.note
    assert any("flicker fixed" in line for line in report.round_two_lines(second.result))


def test_a_shot_that_was_taken_out_is_not_called_fixed(takes: Takes, warm: Path, tmp_path: Path) -> None:
    both = [clip(takes.good, 0, 30, FRAMES), clip(takes.bad, 0, 60, FRAMES)]
    first = run(write_edit(tmp_path / "a.otio", both), warm)
    earlier = tmp_path / "round1.json"
    report.write(first.result, earlier)
    second = run(write_edit(tmp_path / "b.otio", both[:1]), warm, against=earlier)
    reasons = {p.by for p in second.result.findings if p.finding.detector == "flicker"}
    assert reasons == {"truck v001 is no longer in the edit"}
    summary = next(m for m in second.result.markers if m.name.startswith("AUDIT"))
    assert "fixed" not in summary.note


def test_media_and_edits_do_not_mix(takes: Takes, store: Path, tmp_path: Path) -> None:
    edit = write_edit(tmp_path / "a.otio", [clip(takes.good, 0, 30, FRAMES)])
    with pytest.raises(UsageError, match=r"a\.otio is an edit"):
        audit([takes.good, edit], Options(store=store))
    with pytest.raises(UsageError, match="one rendered file"):
        audit([edit], Options(edit=edit, store=store))


def test_an_empty_edit_says_so(store: Path, tmp_path: Path) -> None:
    with pytest.raises(TimelineError, match=r"no .*clips"):
        run(write_edit(tmp_path / "empty.otio", []), store)


def test_what_was_judged_is_remembered_until_something_changes(
    takes: Takes, warm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from otio_ai_audit.detectors import DETECTORS

    asked: list[int] = []

    def counting(uses, settings, detect=DETECTORS["flicker"].detect):  # type: ignore[no-untyped-def]
        asked.append(len(uses))
        return detect(uses, settings)

    monkeypatch.setattr(DETECTORS["flicker"], "detect", counting)
    both = [clip(takes.bad, 1, 59, FRAMES), clip(takes.good, 1, 59, FRAMES)]
    first = run(write_edit(tmp_path / "a.otio", both), warm)
    moved = run(write_edit(tmp_path / "b.otio", both[::-1]), warm)
    trimmed = run(write_edit(tmp_path / "c.otio", [clip(takes.bad, 2, 58, FRAMES), both[1]]), warm)
    assert asked == [2, 0, 1]
    by_clip = [{c.name: (c.scores, c.curves) for c in done.result.clips} for done in (first, moved)]
    assert by_clip[0] == by_clip[1]
    assert trimmed.result.findings
