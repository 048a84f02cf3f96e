"""What a menu script tells of the open timeline, and what the audit makes of it."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from otio_ai_audit import gather, people, timeline, verdicts
from otio_ai_audit.errors import TimelineError
from otio_ai_audit.markings import custom_data, split_custom
from otio_ai_audit.opening import open_edit
from otio_ai_audit.report import json_file
from otio_ai_audit.walk import Audit, Options, audit

from .edits import START, clip, write_edit
from .takes import FRAMES, Takes

LENGTHS = (40, 45, 30)
"""Shots: clean, flickering, flickering."""


def edit_of(takes: Takes, folder: Path) -> Path:
    shots = [
        clip(takes.good, 4, 40, FRAMES),
        clip(takes.bad, 10, 45, FRAMES),
        clip(takes.bad, 15, 30, FRAMES),
    ]
    return write_edit(folder / "export.otio", shots)


def told(folder: Path, **more: Any) -> Path:
    """Write the account of a timeline with `LENGTHS`; `items` are changes by number."""
    starts = [sum(LENGTHS[:number]) for number in range(len(LENGTHS))]
    changes = more.pop("items", {})
    data: dict[str, Any] = {
        "schema": 1,
        "resolve": {"product": "DaVinci Resolve Studio", "version": "20.3.2.9"},
        "project": {"name": "Advert", "id": "p1"},
        "timeline": {
            "name": "Spot 30s",
            "id": "t1",
            "start_frame": START,
            "start_timecode": "01:00:00:00",
            "rate": "24",
            "drop_frame": False,
            "width": 1920,
            "height": 1080,
        },
        "items": [
            {
                "id": f"item{number}",
                "track": 1,
                "index": number + 1,
                "name": f"shot {number}",
                "start": START + start,
                "duration": frames,
                "left": 0,
                "enabled": True,
                "color": "",
                "flags": [],
                "keywords": [],
                "file": "",
                "proxy": "",
                "type": "Video",
                "selected": False,
                **changes.get(number, {}),
            }
            for number, (start, frames) in enumerate(zip(starts, LENGTHS, strict=True))
        ],
        "markers": [],
        "gone": [],
        "deleted": [],
        "selected": None,
        **more,
    }
    path = folder / "live.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


def row(frame: int, color: str = "Blue", name: str = "mine", note: str = "", **more: Any) -> dict[str, Any]:
    return {"frame": frame, "frames": 1, "color": color, "name": name, "note": note, "custom": "", **more}


def rows_of(done: Audit) -> list[dict[str, Any]]:
    """The markers of a result as a script that has written them finds them again."""
    return [
        {
            **{name: m[name] for name in ("frame", "frames", "color", "name", "note", "custom")},
            "written": m["note"],
        }
        for m in json_file.to_json(done.result)["markers"]
    ]


def run(edit: Path, store: Path, live: Path, **options: Any) -> Audit:
    return audit(
        [edit], Options(engine="threads:1", store=store, live=live, detectors=("flicker",), **options)
    )


def states(done: Audit) -> dict[str, str]:
    return {p.finding.use: p.state for p in done.result.findings if p.finding.score >= 0.5}


def test_the_result_tells_a_script_what_to_write_and_where(takes: Takes, warm: Path, tmp_path: Path) -> None:
    done = run(edit_of(takes, tmp_path), warm, told(tmp_path, markers=[row(0), row(61)]))
    data = json_file.to_json(done.result)
    assert data["timeline"]["name"] == "Spot 30s"
    assert data["timeline"]["resolution"] == [1920, 1080]
    assert data["live"] == {
        "timeline": "t1",
        "items": {"V1/0001": "item0", "V1/0002": "item1", "V1/0003": "item2"},
        "standing": [],
    }
    assert [m["clip"] for m in data["markers"]] == [None, "V1/0002", "V1/0003"]
    assert data["markers"][0]["frame"] == 1  # frame 0 is somebody else's
    assert data["notices"] == []
    for marker in data["markers"]:
        assert split_custom(marker["custom"]) == (marker["color"], tuple(marker["ids"]))
        assert marker["note"].endswith(f"[audit {' '.join(marker['ids'])}]")


def test_what_a_person_did_to_live_markers_is_heard(takes: Takes, warm: Path, tmp_path: Path) -> None:
    edit = edit_of(takes, tmp_path)
    first = run(edit, warm, told(tmp_path))
    summary, one, other = rows_of(first)
    mine = {"color": "Green"}, {"note": "for Ana " + other["note"]}
    second = run(edit, warm, told(tmp_path, markers=[summary, {**one, **mine[0]}, {**other, **mine[1]}]))
    # Both shots show the same pictures, so the verdict on one is the verdict on both.
    assert set(states(second).values()) == {"dismissed"}
    live = json_file.to_json(second.result)["live"]
    assert {spot["frame"] for spot in live["standing"]} == {one["frame"], other["frame"]}


def test_words_in_a_live_marker_are_kept(takes: Takes, warm: Path, tmp_path: Path) -> None:
    edit = edit_of(takes, tmp_path)
    rows = rows_of(run(edit, warm, told(tmp_path)))
    rows[1]["note"] = "for Ana " + rows[1]["note"]
    again = rows_of(run(edit, warm, told(tmp_path, markers=rows)))
    assert "for Ana" in again[1]["note"]


def test_a_deleted_marker_is_a_verdict_and_says_so(takes: Takes, warm: Path, tmp_path: Path) -> None:
    edit = edit_of(takes, tmp_path)
    first = run(edit, warm, told(tmp_path))
    wanted = first.result.markers[1].ids
    second = run(edit, warm, told(tmp_path, deleted=list(wanted)))
    assert set(states(second).values()) == {"dismissed"}
    said = {p.by for p in second.result.findings if p.state == "dismissed"}
    assert said == {f"{people.person()}: {verdicts.DELETED}"}
    # It lasts: the next run is told of no deletion.
    third = run(edit, warm, told(tmp_path))
    assert set(states(third).values()) == {"dismissed"}


def test_what_clear_took_away_is_still_heard(takes: Takes, warm: Path, tmp_path: Path) -> None:
    edit = edit_of(takes, tmp_path)
    one = rows_of(run(edit, warm, told(tmp_path)))[1]
    again = run(edit, warm, told(tmp_path, gone=[{**one, "color": "Green"}]))
    assert set(states(again).values()) == {"dismissed"}
    # It is not on the timeline: its frame is free, and nothing of it stands.
    assert json_file.to_json(again.result)["live"]["standing"] == []


def test_a_claimed_marker_stands_and_its_frame_is_not_taken(takes: Takes, warm: Path, tmp_path: Path) -> None:
    edit = edit_of(takes, tmp_path)
    one = rows_of(run(edit, warm, told(tmp_path)))[1]
    again = run(edit, warm, told(tmp_path, markers=[{**one, "color": "Purple"}]))
    assert json_file.to_json(again.result)["live"]["standing"] == [{"frame": one["frame"], "item": None}]
    assert one["frame"] not in [m.frame for m in again.result.markers]


def test_only_the_selected_clips_are_audited_and_the_others_keep_their_markers(
    takes: Takes, warm: Path, tmp_path: Path
) -> None:
    edit = edit_of(takes, tmp_path)
    rows = rows_of(run(edit, warm, told(tmp_path)))
    done = run(edit, warm, told(tmp_path, markers=rows, selected=["item0", "item1"]))
    status = {c.id: (c.status, c.reason) for c in done.result.clips}
    assert status["V1/0003"] == ("skipped", "Not selected.")
    assert status["V1/0001"][0] == status["V1/0002"][0] == "audited"
    # Both faulty shots show the same pictures: one finding, and each shot keeps its marker.
    assert json_file.to_json(done.result)["live"]["standing"] == [{"frame": rows[2]["frame"], "item": None}]
    assert [m.clip for m in done.result.markers] == [None, "V1/0002"]


def test_clip_colours_keywords_and_proxies_come_from_the_open_timeline(
    takes: Takes, warm: Path, tmp_path: Path
) -> None:
    gone = tmp_path / "gone" / "orig.mov"
    edit = write_edit(tmp_path / "a.otio", [clip(gone, 0, 40, FRAMES)])
    items = {
        0: {
            "color": "Orange",
            "keywords": ["subject: fox", "day"],
            "file": str(gone),
            "proxy": str(takes.good),
        }
    }
    live = timeline.read_live(told(tmp_path, items=items))
    assert timeline.proxies_of(live) == {str(gone): str(takes.good)}
    done = run(edit, warm, tmp_path / "live.json")
    one = done.result.clips[0]
    assert one.status == "audited" and one.subject == "fox"
    assert any("proxy" in note for note in one.notes)
    plan = timeline.plan(timeline.read(edit))
    plan, live = timeline.matched(plan, live)
    said = timeline.live_said({"V1/0001": timeline.Said("x")}, live)
    assert said["V1/0001"].color == "Orange" and said["V1/0001"].metadata == ("fox",)


@pytest.mark.parametrize(
    ("content", "word"),
    [("{", "again"), ("{}", "version"), ('{"schema": 1}', "again"), (None, "cannot be read")],
)
def test_a_damaged_account_is_one_sentence(tmp_path: Path, content: str | None, word: str) -> None:
    path = tmp_path / "live.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(TimelineError, match=word):
        timeline.read_live(path)


def test_drop_frame_is_as_resolve_says(takes: Takes, tmp_path: Path) -> None:
    edit = edit_of(takes, tmp_path)
    text = edit.read_text().replace("24.0", "29.97")
    edit.write_text(text)
    for drop in (True, False, None):
        path = told(tmp_path)
        data = json.loads(path.read_text())
        data["timeline"]["drop_frame"] = drop
        path.write_text(json.dumps(data))
        info = open_edit([edit], Options(live=path), gather.Quiet()).plan.info
        assert info.rate == Fraction(30000, 1001)
        assert drop is None or info.drop_frame is drop


def test_custom_data_is_read_back_and_nobody_elses_is_ours() -> None:
    assert split_custom(custom_data("Lemon", ("a7f3c1", "b20e4d"))) == ("Lemon", ("a7f3c1", "b20e4d"))
    assert split_custom('{"ayon": 1}') == split_custom("") == ("", ())


def test_offline_media_are_told_in_words_of_resolve(takes: Takes, warm: Path, tmp_path: Path) -> None:
    edit = write_edit(tmp_path / "a.otio", [clip(tmp_path / "gone.mp4", 0, 40, FRAMES)])
    done = run(edit, warm, told(tmp_path))
    assert "1 file is not at hand; relink in the Media Pool and audit again." in done.result.notices
    assert not any("--map" in notice for notice in done.result.notices)


def test_offline_media_of_clips_that_are_not_selected_are_no_news(
    takes: Takes, warm: Path, tmp_path: Path
) -> None:
    shots = [clip(takes.good, 4, 40, FRAMES), clip(tmp_path / "gone.mp4", 0, 45, FRAMES)]
    edit = write_edit(tmp_path / "a.otio", shots)
    assert run(edit, warm, told(tmp_path, selected=["item0"])).result.notices == ()
    assert run(edit, warm, told(tmp_path, selected=["item1"])).result.notices != ()
