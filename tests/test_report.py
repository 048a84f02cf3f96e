from __future__ import annotations

import csv
import errno
import io
import json
import math
import os
import stat
import subprocess
import sys
import time
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from otio_ai_audit import report
from otio_ai_audit.errors import OutputError
from otio_ai_audit.model import AuditResult
from otio_ai_audit.report import csv_file, json_file, junit, writing

from . import report_samples as samples

ALL = sorted(report.WRITERS)
PLAIN = sorted(set(ALL) - {".otio", ".otioz", ".fcpxml", ".edl"})
RESULTS = {
    "empty": samples.result,
    "sample": samples.sample,
    "nasty": samples.nasty,
}


# --- every writer ---------------------------------------------------------------------------------


def read_back(path: Path) -> str:
    """Read a file as the program would that it is meant for; raises where it is not well formed."""
    if path.suffix == ".json":
        return json.dumps(json.loads(path.read_text(encoding="utf-8"), parse_constant=pytest.fail))
    if path.suffix == ".csv":
        rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))
        assert len({len(row) for row in rows}) == 1
        return "\n".join(" ".join(row) for row in rows)
    if path.suffix == ".xml":
        root = ET.fromstring(path.read_bytes())
        return " ".join([*root.itertext(), *(value for e in root.iter() for value in e.attrib.values())])
    if path.suffix in (".otio", ".otioz"):
        import opentimelineio as otio

        return str(otio.adapters.read_from_file(str(path)).to_json_string())
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("suffix", ALL)
@pytest.mark.parametrize("name", RESULTS)
def test_every_writer_takes_every_result(suffix: str, name: str, tmp_path: Path) -> None:
    path = tmp_path / f"out{suffix}"
    report.write(RESULTS[name](), path, timeline=samples.edit())
    text = read_back(path)
    assert "\x1b" not in text and "\x00" not in text
    assert [item.name for item in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("suffix", sorted(set(ALL) - {".otioz"}))
def test_every_writer_is_deterministic(suffix: str, tmp_path: Path) -> None:
    edit = samples.edit()
    report.write(samples.sample(), tmp_path / f"one{suffix}", timeline=edit)
    shuffled = samples.sample()
    shuffled = replace(shuffled, clips=shuffled.clips[::-1], findings=shuffled.findings[::-1])
    report.write(shuffled, tmp_path / f"two{suffix}", timeline=edit)
    assert (tmp_path / f"one{suffix}").read_bytes() == (tmp_path / f"two{suffix}").read_bytes()


@pytest.mark.parametrize("suffix", PLAIN)
def test_every_writer_stays_light_with_500_clips(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"big{suffix}"
    started = time.process_time()
    report.write(samples.big(), path)
    assert time.process_time() - started < 8.0
    assert path.stat().st_size < (40e6 if suffix == ".html" else 25e6)


# --- JSON ------------------------------------------------------------------------------------------

TEXT, NUMBER, MAYBE = str, (int, float), type(None)
CONTRACT: dict[str, Any] = {
    "schema": int,
    "tool": {"name": TEXT, "version": TEXT},
    "timeline": {"name": TEXT, "rate": TEXT, "start_timecode": TEXT, "source": TEXT},
    "settings": {"hash": TEXT, "calibration": (TEXT, MAYBE)},
    "clips": [
        {
            "id": TEXT,
            "key": (TEXT, MAYBE),
            "name": TEXT,
            "shot": (TEXT, MAYBE),
            "take": (TEXT, MAYBE),
            "media": (TEXT, MAYBE),
            "status": TEXT,
            "reason": (TEXT, MAYBE),
            "timeline_start_frame": int,
            "frames": int,
            "subject": (TEXT, MAYBE),
            "scores": dict,
            "provenance": {"generator": (TEXT, MAYBE), "seed": (int, MAYBE), "prompt": (TEXT, MAYBE)},
        }
    ],
    "subjects": list,
    "findings": [
        {
            "id": TEXT,
            "state": TEXT,
            "first_seen": (TEXT, MAYBE),
            "clip": (TEXT, MAYBE),
            "detector": TEXT,
            "severity": TEXT,
            "score": NUMBER,
            "media_start": NUMBER,
            "media_duration": NUMBER,
            "timeline_frame": int,
            "timeline_frames": int,
            "timecode": TEXT,
            "message": TEXT,
            "evidence": dict,
            "region": (list, MAYBE),
            "related": list,
            "marker": (dict, MAYBE),
        }
    ],
}


def check(data: Any, contract: Any, where: str = "") -> None:
    """Check documented fields by name and type; more fields may be there."""
    if isinstance(contract, dict):
        assert isinstance(data, dict), where
        for name, inner in contract.items():
            assert name in data, f"{where}.{name} is missing"
            check(data[name], inner, f"{where}.{name}")
    elif isinstance(contract, list):
        assert isinstance(data, list), where
        for item in data:
            check(item, contract[0], f"{where}[]")
    else:
        assert isinstance(data, contract), f"{where} is {type(data).__name__}"


@pytest.mark.parametrize("name", RESULTS)
def test_json_keeps_the_contract(name: str) -> None:
    data = report.to_json(RESULTS[name]())
    check(data, CONTRACT)
    assert data["schema"] == 1
    assert json.loads(json.dumps(data, allow_nan=False)) == data


def test_json_says_what_the_contract_means() -> None:
    data = report.to_json(samples.sample())
    assert data["tool"] == {"name": "otio-ai-audit", "version": "0.1.0"}
    truck = data["clips"][1]
    assert truck["status"] == "audited" and truck["timeline_start_frame"] == 96
    assert truck["scores"] == {"flicker": 0.91, "pop": 0.58, "freeze": None}
    assert truck["curves"]["flicker"]["step"] == pytest.approx(1 / 24, abs=1e-9)
    assert len(truck["curves"]["flicker"]["score"]) == 96
    assert data["clips"][2]["reason"] == r"File not found: D:\takes\wheel.png"
    assert "curves" not in data["clips"][0]
    finding = next(f for f in data["findings"] if f["id"] == "a7f3c1")
    assert finding["marker"] == {
        "color": "Lemon",
        "name": "FLICKER",
        "note": "Upper left pulses. [audit a7f3c1]",
    }
    assert finding["region"] == [0.1, 0.2, 0.4, 0.3]
    assert finding["evidence"] == {"amplitude_cv": 6.2, "frequency_hz": 6.0}
    assert finding["timecode"] == "01:00:05:06" and finding["timeline_frame"] == 126
    assert [f["severity"] for f in data["findings"]] == ["error", "error", "warning", "note", "error"]
    assert [f["timeline_frame"] for f in data["findings"]] == sorted(
        f["timeline_frame"] for f in data["findings"]
    )


@pytest.mark.parametrize(
    ("rate", "text"),
    [(Fraction(24000, 1001), "24000/1001"), (Fraction(24), "24/1"), (Fraction(25, 2), "25/2")],
)
def test_rates_are_fractions(rate: Fraction, text: str) -> None:
    result = samples.result(info=replace(samples.INFO, rate=rate))
    assert report.to_json(result)["timeline"]["rate"] == text


def test_curves_and_prompts_come_only_when_asked_for() -> None:
    result = samples.sample()
    assert "curves" not in report.to_json(result, curves=False)["clips"][1]
    assert report.to_json(result)["clips"][1]["provenance"]["prompt"] is None
    asked = report.to_json(result, include_prompts=True)["clips"][1]["provenance"]
    assert asked == {"generator": "a model", "seed": 7, "prompt": "a secret"}


def test_not_a_number_is_null() -> None:
    data = report.to_json(samples.nasty())
    assert data["clips"][0]["scores"]["pop"] is None
    assert data["clips"][0]["curves"]["flicker"]["score"] == [None, 0.9, None, 0.1]
    assert data["findings"][0]["evidence"]["count"] == 3.5


@pytest.mark.parametrize("score", [0.79996, 0.49999, 0.19999, 0.8, 0.5, 0.2, 0.123456])
def test_rounding_never_changes_the_severity(score: float) -> None:
    result = samples.result(samples.clip(), findings=(samples.placed(score=score),))
    finding = report.to_json(result)["findings"][0]
    assert math.isclose(finding["score"], score, abs_tol=1e-4)
    assert (finding["score"] >= 0.8) == (score >= 0.8) and (finding["score"] >= 0.5) == (score >= 0.5)
    assert (finding["severity"] == "error") == (finding["score"] >= 0.8)


def test_plain_knows_numpy() -> None:
    from otio_ai_audit.report.text import plain

    value = {"a": np.float32(0.5), "b": np.array([1, 2]), "c": np.int64(3), "d": (Fraction(1, 2), {"y", "x"})}
    assert plain(value) == {"a": 0.5, "b": [1, 2], "c": 3, "d": ["1/2", ["x", "y"]]}


def test_one_clip_and_one_finding_a_line() -> None:
    lines = json_file.dumps(report.to_json(samples.sample())).splitlines()
    assert sum('"timecode"' in line for line in lines) == 5
    assert sum('"timeline_start_frame"' in line for line in lines) == 5


# --- CSV -------------------------------------------------------------------------------------------


def csv_rows(result: AuditResult) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(csv_file.to_csv(result), newline="")))


def test_csv_has_a_row_a_finding_and_one_a_clip_without() -> None:
    rows = csv_rows(samples.sample())
    assert [row["clip_id"] for row in rows] == ["V1/0001"] + ["V1/0002"] * 3 + [
        "V1/0003",
        "V1/0004",
        "V1/0005",
    ]
    assert rows[1]["timecode"] == "01:00:05:06" and rows[1]["score"] == "0.91"
    assert rows[1]["evidence"] == "amplitude 6.2 cv; frequency 6 Hz"
    assert rows[4]["status"] == "failed" and "wheel.png" in rows[4]["reason"] and rows[4]["score"] == ""
    assert rows[6]["text"] == "the client likes it"


def test_csv_opens_in_excel(tmp_path: Path) -> None:
    csv_file.write(samples.nasty(), tmp_path / "out.csv")
    data = (tmp_path / "out.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf") and b"\r\n" in data


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\r=1", "＝1"])
def test_csv_runs_no_formula(text: str) -> None:
    result = samples.result(samples.clip(name=text), findings=(samples.placed(message=text, text=text),))
    row = csv_rows(result)[0]
    for name in ("clip", "message", "text"):
        assert row[name].startswith("'"), name


def test_a_csv_cell_is_one_line() -> None:
    for row in csv_rows(samples.nasty()):
        assert not any("\n" in cell or "\r" in cell or "\t" in cell for cell in row.values())


# --- JUnit -----------------------------------------------------------------------------------------


def cases(result: AuditResult, **asked: Any) -> dict[str, ET.Element]:
    root = ET.fromstring(junit.to_junit(result, **asked))
    found = {case.get("name", ""): case for case in root.iter("testcase")}
    assert len(found) == len(list(root.iter("testcase"))), "names of cases repeat"
    suite = root.find("testsuite")
    assert suite is not None
    for key, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        assert int(suite.get(key, "")) == int(root.get(key, "")) == len(list(root.iter(tag)))
    assert int(suite.get("tests", "")) == len(found)
    return found


def test_junit_fails_what_the_gate_fails() -> None:
    found = cases(samples.sample())
    assert found["truck_v012.mp4 flicker"].find("failure") is not None
    assert found["truck_v012.mp4 pop"].find("failure") is None
    assert "jumps darker" in (found["truck_v012.mp4 pop"].findtext("system-out") or "")
    assert found["bell.mp4 flicker"].find("failure") is None, "a dismissed finding fails nothing"
    assert found["fox_v007.mp4 cut"].find("failure") is None, "a fixed finding fails nothing"
    error = found["wheel.png"].find("error")
    assert error is not None and "File not found" in error.get("message", "")
    assert found["Title"].find("skipped") is not None
    failure = found["truck_v012.mp4 flicker"].find("failure")
    assert failure is not None and failure.get("message", "").startswith("01:00:05:06 Upper left")


@pytest.mark.parametrize(("fail_on", "failures"), [("error", 1), ("warning", 2), ("never", 0)])
def test_junit_follows_fail_on(fail_on: str, failures: int) -> None:
    found = cases(samples.sample(), fail_on=fail_on)
    assert sum(case.find("failure") is not None for case in found.values()) == failures


def test_junit_tells_clips_of_one_name_apart() -> None:
    result = samples.result(samples.clip(1), samples.clip(2))
    assert "truck_v012.mp4 (V1/0002) pop" in cases(result)


# --- writing ---------------------------------------------------------------------------------------


def test_an_unknown_suffix_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"'\.docx'.*\.csv.*\.html.*\.json.*\.otio"):
        report.write(samples.sample(), tmp_path / "out.docx")
    assert not list(tmp_path.iterdir())


def test_missing_folders_are_made_and_suffixes_may_be_capitals(tmp_path: Path) -> None:
    report.write(samples.sample(), tmp_path / "a" / "b" / "OUT.JSON")
    assert (tmp_path / "a" / "b" / "OUT.JSON").is_file()


def test_the_edit_gets_its_markers_and_keeps_those_of_others(tmp_path: Path) -> None:
    import opentimelineio as otio

    edit = samples.edit()
    before = edit.to_json_string()
    for name in ("marked.otio", "marked.otioz"):
        report.write(samples.sample(), tmp_path / name, timeline=edit)
        tl = otio.adapters.read_from_file(str(tmp_path / name))
        assert isinstance(tl, otio.schema.Timeline)
        found = [*tl.tracks.markers, *(m for clip in tl.find_clips() for m in clip.markers)]
        assert sorted(marker.name for marker in found) == ["FLICKER", "client"]
    assert edit.to_json_string() == before


def test_the_marker_edl_is_one(tmp_path: Path) -> None:
    report.write(samples.sample(), tmp_path / "markers.edl")
    text = (tmp_path / "markers.edl").read_text(encoding="utf-8")
    assert "01:00:05:06" in text and "|M:FLICKER" in text


def test_an_edit_is_asked_for_where_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="no edit was audited"):
        report.write(samples.sample(), tmp_path / "marked.otio")


def test_the_edit_itself_is_never_replaced(tmp_path: Path) -> None:
    edit = tmp_path / "edit.otio"
    edit.write_text("precious")
    with pytest.raises(OutputError, match="is the edit itself"):
        report.write(samples.sample(), edit, timeline=object(), original=edit)
    assert edit.read_text() == "precious"


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EIO])
def test_a_failed_write_keeps_the_old_file(
    code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "out.json"
    path.write_text("old")

    def broken(result: AuditResult, path: Path, asked: report.Asked) -> None:
        path.write_text("half")
        raise OSError(code, os.strerror(code))

    monkeypatch.setitem(writing.WRITERS, ".json", broken)
    with pytest.raises(OutputError, match=r"out\.json cannot be written: .*\."):
        report.write(samples.sample(), path)
    assert path.read_text() == "old"
    assert [item.name for item in tmp_path.iterdir()] == ["out.json"]


def test_a_folder_in_the_way_is_said(tmp_path: Path) -> None:
    (tmp_path / "out.json").mkdir()
    with pytest.raises(OutputError, match="a folder has that name"):
        report.write(samples.sample(), tmp_path / "out.json")
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="cannot be written"):
        report.write(samples.sample(), tmp_path / "file" / "out.json")


@pytest.mark.skipif(sys.platform == "win32", reason="file modes and links are those of POSIX")
def test_mode_and_link_of_the_old_file_are_kept(tmp_path: Path) -> None:
    real = tmp_path / "real.json"
    real.write_text("old")
    real.chmod(0o640)
    (tmp_path / "link.json").symlink_to(real)
    report.write(samples.sample(), tmp_path / "link.json")
    assert (tmp_path / "link.json").is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert json.loads(real.read_text(encoding="utf-8"))["schema"] == 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of a file")
@pytest.mark.parametrize("suffix", ALL)
def test_no_room_for_the_output_is_one_sentence(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"out{suffix}"
    path.write_text("old")
    code = (
        "import resource, sys\n"
        "from dataclasses import replace\n"
        "from otio_ai_audit.model import Marker\n"
        "from tests.report_samples import big, edit\n"
        "from otio_ai_audit import report\n"
        "from otio_ai_audit.errors import OutputError\n"
        "result = replace(big(6), markers=tuple(Marker(i, 1, 'Lemon', 'POP', 'x', ()) for i in range(60)))\n"
        "timeline = edit()\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))\n"
        "try:\n"
        "    report.write(result, sys.argv[1], timeline=timeline)\n"
        "except OutputError as error:\n"
        "    print(error)\n"
    )
    root = Path(__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, cwd=root, check=True
    )
    assert f"out{suffix} cannot be written: the file would be too large" in done.stdout
    assert path.read_text() == "old"
    assert [item.name for item in tmp_path.iterdir()] == [path.name]


def test_a_dash_is_json_on_standard_output(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    report.write(samples.nasty(), "-")
    assert json.loads(capsysbinary.readouterr().out.decode("utf-8"))["schema"] == 1
