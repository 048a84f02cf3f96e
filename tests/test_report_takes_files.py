"""Everything that writes takes: no name breaks it, nothing is written half, nothing private is told."""

from __future__ import annotations

import csv
import gc
import io
import json
import subprocess
import sys
import weakref
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from otio_ai_audit.errors import OutputError
from otio_ai_audit.model import Curve, Provenance, RankedTake, Shot, Triage
from otio_ai_audit.report import takes, takes_json, takes_parquet
from otio_ai_audit.report.takes import FOLDER, WRITERS, Asked, check, write
from otio_ai_audit.timecode import source_timecode

from . import triage_samples as samples

SAMPLES: dict[str, Callable[[], Triage]] = {
    "sample": samples.sample,
    "nasty": samples.nasty,
    "empty": samples.triage,
    "nothing looked at": lambda: samples.triage(samples.shot(1, "bell", samples.failed("bell"))),
    "one": lambda: samples.triage(samples.shot(1, "fox", samples.take("fox"))),
}
PROMPT = "A fox runs through deep snow, golden light"


def place(folder: Path, end: str) -> Path:
    """A name that ends so."""
    return folder / ("pages" if end == FOLDER else end if end[0] != "." else f"takes{end}")


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def json_of(triage: Triage, path: Path, **options: Any) -> Any:
    takes_json.write(triage, path, **options)
    return json.loads(path.read_text(encoding="utf-8"))


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# --- all writers ------------------------------------------------------------------------------------


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("end", WRITERS)
def test_every_writer_takes_every_triage(tmp_path: Path, end: str, sample: str) -> None:
    path = place(tmp_path / "new folder", end)
    write(SAMPLES[sample](), path)
    assert path.stat().st_size > 0 if end != FOLDER else (path / "index.html").is_file()
    left = {one.name for one in path.parent.iterdir()} - {path.name, f"{path.stem}_stills"}
    assert left == set()


@pytest.mark.parametrize("end", WRITERS)
def test_the_same_takes_give_the_same_files(tmp_path: Path, end: str) -> None:
    written = []
    for name in ("one", "two"):
        path = place(tmp_path / name, end)
        write(samples.sample(), path)
        written.append(everything(tmp_path / name))
    assert written[0] == written[1]


@pytest.mark.parametrize("end", WRITERS)
def test_prompts_and_folders_are_told_only_where_they_are_asked_for(tmp_path: Path, end: str) -> None:
    path = place(tmp_path, end)
    write(samples.sample(), path)
    told = b"".join(everything(tmp_path).values())
    assert PROMPT.encode() not in told
    if end not in (".otio", ".xml"):  # which have to say where the media lie
        assert b"/media/takes" not in told
    if end in (".json", ".csv", ".parquet", "regen.csv"):
        write(replace(samples.sample(), include_prompts=True), path)
        assert PROMPT.encode() in b"".join(everything(tmp_path).values())


@pytest.mark.parametrize("end", WRITERS)
def test_what_stood_there_is_kept_when_writing_fails(tmp_path: Path, end: str) -> None:
    path = place(tmp_path, end)
    write(samples.sample(), path)
    before = everything(tmp_path)

    def load(number: int) -> Shot:
        raise OSError(28, "No space left on device")

    with pytest.raises(OutputError, match="the disk is full"):
        write(replace(samples.sample(), load=load), path)
    assert everything(tmp_path) == before


@pytest.mark.parametrize("end", [end for end in WRITERS if end != ".html"])
def test_shots_are_let_go(tmp_path: Path, end: str) -> None:
    many = samples.many(12, 3)
    alive: list[weakref.ref[np.ndarray]] = []
    most = 0

    def load(number: int) -> Shot:
        nonlocal most
        gc.collect()
        most = max(most, sum(one() is not None for one in alive))
        shot = many.load(number)
        alive.extend(weakref.ref(take.record.sketch) for take in shot.takes)
        return shot

    write(replace(many, load=load), place(tmp_path, end))
    assert len(alive) >= 36 and most <= 6


def test_a_folder_in_the_place_of_a_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "takes.json").mkdir()
    with pytest.raises(OutputError, match="a folder has that name"):
        write(samples.sample(), tmp_path / "takes.json")
    with pytest.raises(OutputError, match="a folder has that name"):
        check([tmp_path / "takes.json"])


def test_unknown_outputs_are_said_before_the_work_begins(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"Nobody writes '\.docx' files of takes"):
        check([tmp_path / "takes.json", tmp_path / "takes.docx"])
    (tmp_path / "report").write_text("a file")
    with pytest.raises(OutputError, match="a file has that name"):
        check([tmp_path / "report"])
    check([tmp_path / "new", "-", *(place(tmp_path, end) for end in WRITERS)])


def test_the_end_of_a_name_says_what_is_written(tmp_path: Path) -> None:
    write(samples.sample(), tmp_path / "ANN-Regen.CSV")
    assert (tmp_path / "ANN-Regen.CSV").read_bytes().startswith(b"\xef\xbb\xbfshot,take,file")
    write(samples.sample(), f"{tmp_path}/day1.2026/")
    assert (tmp_path / "day1.2026" / "index.html").is_file()
    check([tmp_path / "day1.2026"])


def test_standard_output_gets_the_json(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    write(samples.sample(), "-")
    assert json.loads(capsysbinary.readouterr().out)["schema"] == 1


def test_only_the_shots_that_changed_are_written_again(tmp_path: Path) -> None:
    write(samples.sample(), tmp_path / "report")
    loaded = []

    def load(number: int) -> Shot:
        loaded.append(number)
        return samples.sample().load(number)

    write(replace(samples.sample(), load=load, changed=frozenset({2})), tmp_path / "report")
    assert loaded == [2]


# --- JSON -------------------------------------------------------------------------------------------


def test_the_json_has_the_fields_of_an_audit_and_those_of_takes(tmp_path: Path) -> None:
    data = json_of(samples.sample(), tmp_path / "t.json")
    assert data["schema"] == 1 and data["incomplete"] is True
    assert data["tool"] == {"name": "otio-ai-audit", "version": "0.1.0"}
    assert data["timeline"]["name"] == "takes" and data["timeline"]["rate"] is None
    assert (data["subjects"], data["markers"], data["live"], data["against"]) == ([], [], None, None)
    clips = {clip["media"]: clip for clip in data["clips"]}
    kept = clips["day1/fox_v003.mp4"]
    assert (kept["id"], kept["name"], kept["shot"], kept["take"]) == (
        "S0001/001",
        "fox_v003.mp4",
        "fox",
        "v003",
    )
    assert (kept["rank"], kept["standing"], kept["status"]) == (1, "kept", "audited")
    assert kept["near"] == ["day1/fox_v001.mp4"]
    assert kept["verdicts"][0]["who"] == "ann" and kept["verdicts"][0]["kind"] == "keep"
    assert kept["provenance"]["seed"] == 7 and kept["provenance"]["prompt"] is None
    assert clips["day1/fox_v005.mp4"]["repeats"] == "day1/fox_v007.mp4"
    copy = clips["day1/fox_v008.mp4"]
    assert (copy["status"], copy["copy_of"]) == ("skipped", "day1/fox_v003.mp4")
    failed = clips["day1/bell_v001.mp4"]
    assert (failed["status"], failed["reason"]) == ("failed", "Not a video: its first bytes are text.")


def test_the_json_lists_findings_shots_and_tallies(tmp_path: Path) -> None:
    data = json_of(samples.sample(), tmp_path / "t.json")
    ids = {clip["id"] for clip in data["clips"]}
    assert {finding["clip"] for finding in data["findings"]} <= ids
    flicker = next(f for f in data["findings"] if f["clip"] == "S0001/003" and f["detector"] == "flicker")
    assert (flicker["media_start"], flicker["state"], flicker["severity"]) == (1.25, "open", "warning")
    assert flicker["region"] == [0.1, 0.2, 0.4, 0.3]
    assert data["shots"][0]["takes"][:2] == ["S0001/001", "S0001/002"]
    assert [shot["best"] for shot in data["shots"]] == ["S0001/001", "S0002/001", None]
    assert data["tallies"][0] == {
        "kind": "model",
        "value": "wan2.1_t2v_14B",
        "takes": 8,
        "flagged": 2,
        "errors": 1,
        "killed": 1,
        "by_detector": {"flicker": 2},
    }
    assert data["bad_seeds"][0]["seed"] == 7
    assert "fingers" in data["not_checked"][0]


def test_findings_of_a_copy_are_told_once(tmp_path: Path) -> None:
    flawed = samples.take("fox", "v001", samples.finding(), key="k")
    copy = replace(flawed, take=replace(flawed.take, label="b/fox_v001.mp4"), rank=0, standing="copy")
    triage = samples.triage(samples.shot(1, "fox", flawed, replace(copy, copy_of=flawed.take.label)))
    assert [one["clip"] for one in json_of(triage, tmp_path / "t.json")["findings"]] == ["S0001/001"]
    write(triage, tmp_path / "t.csv")
    assert [(row["clip_id"], row["detector"]) for row in rows(tmp_path / "t.csv")] == [
        ("S0001/001", "flicker"),
        ("S0001/002", ""),
    ]


def test_the_json_has_one_clip_finding_and_shot_a_line(tmp_path: Path) -> None:
    data = json_of(samples.sample(), tmp_path / "t.json")
    lines = (tmp_path / "t.json").read_text(encoding="utf-8").splitlines()
    whole = [json.loads(line.rstrip(",")) for line in lines if line.startswith("  {")]
    names = ("clips", "findings", "shots", "tallies", "bad_seeds")
    assert whole == [row for name in names for row in data[name]]


def test_the_json_of_takes_is_strict_and_same_but_for_times(tmp_path: Path) -> None:
    def strict(constant: str) -> None:
        raise AssertionError(constant)

    takes_json.write(samples.nasty(), tmp_path / "t.json")
    json.loads((tmp_path / "t.json").read_text(encoding="utf-8"), parse_constant=strict)
    one = json_of(samples.sample(), tmp_path / "1.json")
    two = json_of(replace(samples.sample(), finished="2027-01-01T00:00:00", seconds=1.0), tmp_path / "2.json")
    assert {name for name in one if one[name] != two[name]} == {"finished", "seconds"}


def test_curves_come_when_they_are_asked_for(tmp_path: Path) -> None:
    take = samples.take("fox")
    curve = Curve(0.0, 1 / 24, (0.1, 0.2, float("nan")))
    take = replace(take, record=replace(take.record, curves={"flicker": curve}))
    triage = samples.triage(samples.shot(1, "fox", take))
    assert "curves" not in json_of(triage, tmp_path / "t.json")["clips"][0]
    write(triage, tmp_path / "t.json", Asked(curves=True))
    clip = json.loads((tmp_path / "t.json").read_text(encoding="utf-8"))["clips"][0]
    assert clip["curves"]["flicker"]["score"] == [0.1, 0.2, None]


def test_a_reason_names_the_take_and_not_its_folder(tmp_path: Path) -> None:
    bad = samples.failed("bell", reason="/media/takes/day1/bell_v009.mp4 ends too early.")
    triage = samples.triage(samples.shot(1, "bell", bad))
    assert json_of(triage, tmp_path / "t.json")["clips"][0]["reason"] == "day1/bell_v009.mp4 ends too early."


# --- CSV and Parquet --------------------------------------------------------------------------------


def test_the_csv_has_a_row_for_each_finding_and_each_clean_take(tmp_path: Path) -> None:
    write(samples.sample(), tmp_path / "t.csv")
    found = rows(tmp_path / "t.csv")
    fox = [row for row in found if row["media"] == "day1/fox_v002.mp4"]
    assert {(row["detector"], row["state"]) for row in fox} == {("flicker", "open"), ("pop", "dismissed")}
    assert [row["rank"] for row in fox] == ["3", "3"]
    clean = next(row for row in found if row["media"] == "day1/truck_v001.mp4")
    assert (clean["detector"], clean["standing"], clean["seed"]) == ("", "ranked", "")
    killed = next(row for row in found if row["standing"] == "killed")
    assert (killed["rank"], killed["verdicts"]) == ("", "bob: kill (Boils.)")


def test_no_cell_runs_as_a_formula(tmp_path: Path) -> None:
    for name in ("t.csv", "regen.csv", "bad_seeds.csv"):
        write(samples.nasty(), tmp_path / name)
        cells = [cell for row in rows(tmp_path / name) for cell in row.values()]
        assert not [cell for cell in cells if cell[:1] in tuple("=+-@")]
        assert not [cell for cell in cells if "\n" in cell]


def test_long_seeds_are_not_rounded_by_a_spreadsheet(tmp_path: Path) -> None:
    write(samples.sample(), tmp_path / "t.csv")
    seeds = {row["media"]: row["seed"] for row in rows(tmp_path / "t.csv")}
    assert seeds["day1/truck_v002.mp4"] == f"'{2**63}"
    assert seeds["day1/fox_v003.mp4"] == "7"


def test_parquet_has_typed_columns_and_a_row_for_each_take(tmp_path: Path) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    write(samples.sample(), tmp_path / "t.parquet")
    table = pq.read_table(tmp_path / "t.parquet")
    types = {field.name: str(field.type) for field in table.schema}
    assert (types["rank"], types["score_flicker"], types["seed"]) == ("int32", "double", "string")
    found = {row["media"]: row for row in table.to_pylist()}
    assert len(found) == 11
    flawed = found["day1/fox_v002.mp4"]
    assert (flawed["findings"], flawed["dismissed"], flawed["worst"]) == (1, 1, 0.58)
    assert (flawed["severity"], flawed["worst_detector"]) == ("warning", "flicker")
    assert (flawed["score_pop"], flawed["score_flash"], flawed["rate"]) == (0.9, None, 24.0)
    assert found["day1/truck_v002.mp4"]["seed"] == str(2**63)
    assert found["day1/fox_v009.mp4"]["status"] == "failed"
    assert found["day1/fox_v003.mp4"]["near"] == ["day1/fox_v001.mp4"]


def test_parquet_is_written_in_groups(tmp_path: Path) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    takes_parquet.write(samples.many(5, 7), tmp_path / "t.parquet", rows=10)
    about = pq.ParquetFile(tmp_path / "t.parquet").metadata
    assert about.num_rows == 35 and [about.row_group(n).num_rows for n in range(4)] == [10, 10, 10, 5]


def test_a_missing_extra_is_said_with_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    for say in (
        lambda: check([tmp_path / "t.parquet"]),
        lambda: write(samples.sample(), tmp_path / "t.parquet"),
    ):
        with pytest.raises(OutputError, match=r"pip install 'otio-ai-audit\[parquet\]'"):
            say()
    check([tmp_path / "t.csv"])


def test_pyarrow_is_imported_only_where_it_is_needed() -> None:
    code = "import sys, otio_ai_audit.report.takes; sys.exit('pyarrow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# --- what to generate again -------------------------------------------------------------------------


def test_regen_has_a_row_for_each_fault_that_stands_and_each_kill(tmp_path: Path) -> None:
    write(samples.sample(), tmp_path / "regen.csv")
    found = rows(tmp_path / "regen.csv")
    assert [(row["take"], row["fault"]) for row in found] == [
        ("v002", "flicker"),
        ("v004", "drift"),
        ("v005", "cut"),
        ("v007", "kill"),
        ("v007", "flicker"),
        ("v002", "freeze"),
    ]
    flicker = found[0]
    assert (flicker["file"], flicker["source_timecode"], flicker["seconds"]) == (
        "day1/fox_v002.mp4",
        "01:00:01:06",
        "1.25",
    )
    assert (flicker["generator"], flicker["model"], flicker["seed"]) == ("ComfyUI", "wan2.1_t2v_14B", "7")
    assert flicker["prompt"] == samples.COMFY.prompt_hash
    assert found[1]["said"] == "ann: keep; bob: kill (Two tails.)"
    assert (found[3]["what"], found[3]["said"]) == ("Boils.", "bob: kill (Boils.)")
    assert found[2]["repeats"] == "day1/fox_v007.mp4"


def test_stills_lie_beside_the_list_and_open_everywhere(tmp_path: Path) -> None:
    write(samples.sample(), tmp_path / "regen.csv")
    found = rows(tmp_path / "regen.csv")
    assert len({row["still"] for row in found}) == len(found)
    for row in found:
        with Image.open(tmp_path / row["still"]) as picture:
            assert picture.format == "JPEG"
    with Image.open(tmp_path / found[0]["still"]) as still:
        shown = np.asarray(still).mean((0, 1))
    take = samples.sample().load(1).takes[2]
    with Image.open(io.BytesIO(take.record.strip[3].data)) as nearest:  # 1.5 s, the middle of the fault
        expected = np.asarray(nearest.convert("RGB")).mean((0, 1))
    assert np.abs(shown - expected).max() < 6


def test_stills_are_made_once_and_removed_when_nothing_names_them(tmp_path: Path) -> None:
    path = tmp_path / "regen.csv"
    write(samples.sample(), path)
    folder = tmp_path / "regen_stills"
    (folder / "mine.jpg").write_bytes(b"kept")
    before = {one.name: one.stat().st_mtime_ns for one in folder.iterdir()}
    write(samples.sample(), path)
    assert {one.name: one.stat().st_mtime_ns for one in folder.iterdir()} == before
    write(samples.triage(), path)
    assert [one.name for one in folder.iterdir()] == ["mine.jpg"]


@pytest.mark.parametrize(
    ("start", "rate", "seconds", "timecode"),
    [
        (None, Fraction(24), 1.25, "00:00:01:06"),
        ("01:00:00:00", Fraction(24), 1.25, "01:00:01:06"),
        ("00:59:59;28", Fraction(30000, 1001), 2 * 1.001 / 30, "01:00:00;00"),
        ("00:00:59;28", Fraction(30000, 1001), 2 * 1.001 / 30, "00:01:00;02"),
        ("10:00:00:29", Fraction(24), 1.0, "00:00:01:00"),
        ("nonsense", Fraction(25), 0.04, "00:00:00:01"),
    ],
)
def test_source_timecodes(start: str | None, rate: Fraction, seconds: float, timecode: str) -> None:
    assert source_timecode(start, round(seconds * rate), rate) == timecode


def test_bad_seeds_name_the_origin_and_who_killed_it(tmp_path: Path) -> None:
    origin = samples.COMFY

    def killed(name: str, who: str, why: str, seed: int | None = 7) -> RankedTake:
        told = replace(origin, seed=seed)
        kill = samples.verdict("kill", who, name, why=why, seed=seed)
        return samples.take("fox", name, rank=0, standing="killed", verdicts=(kill,), origin=told)

    gone = samples.verdict(
        "kill",
        "cem",
        "gone",
        why="Melts.",
        label="day0/owl_v001.mp4",
        model="ltx-video",
        workflow="w",
        prompt_hash="p",
        seed=2**64 - 1,
    )
    triage = samples.triage(
        samples.shot(
            1,
            "fox",
            killed("v001", "ann", "Boils."),
            killed("v002", "bob", "Boils."),
            killed("v003", "bob", "Dull.", seed=None),
        ),
        bad_seeds=(gone,),
    )
    write(triage, tmp_path / "bad_seeds.csv")
    gone_row, fox = rows(tmp_path / "bad_seeds.csv")
    assert (gone_row["seed"], gone_row["killed_takes"]) == (f"'{2**64 - 1}", "day0/owl_v001.mp4")
    assert (fox["model"], fox["workflow"], fox["prompt"], fox["seed"]) == (
        "wan2.1_t2v_14B",
        "a1b2c3d4",
        origin.prompt_hash,
        "7",
    )
    assert fox["killed_takes"] == "day1/fox_v001.mp4; day1/fox_v002.mp4"
    assert (fox["who"], fox["why"], fox["when"]) == ("ann; bob", "Boils.", "2026-03-01T09:30:00Z")


# --- the terminal -----------------------------------------------------------------------------------


def printed(triage: Triage, terminal: bool = False, width: int = 120, **options: Any) -> str:
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=width, color_system=None)
    takes.table(triage, console, **options)
    return out.getvalue()


def test_the_table_says_what_was_found_and_what_failed() -> None:
    lines = printed(samples.sample()).splitlines()
    assert lines[0] == "fox\t8\t4\tday1/fox_v003.mp4\tnothing found (kept)"
    assert lines[2] == "bell\t1\t0\t-\tno take could be checked"
    assert "NOT CHECKED\tday1/fox_v009.mp4\tThe file ends in the middle of a frame." in lines
    assert "1 file is still being written; the next run takes it." in lines
    assert any("Not checked: fingers" in line for line in lines)
    assert lines[-1] == "3 shots, 11 takes: 5 flagged; 1 killed; 2 not checked."


def test_the_table_names_the_worst_fault_of_the_first_take() -> None:
    flawed = samples.take("fox", "v001", samples.finding("pop", 0.5, 0.3), samples.finding("cut", 1.0, 0.9))
    text = printed(samples.triage(samples.shot(1, "fox", flawed)))
    assert "ERROR 0.90 cut at 00:00:01:00, and 1 more" in text


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("width", [40, 80, 200])
def test_the_table_fits_and_praises_nothing(sample: str, width: int) -> None:
    for terminal in (True, False):
        text = printed(SAMPLES[sample](), terminal, width)
        assert text.strip()
        assert not {"good", "best", "clean", "fine"} & set(text.casefold().replace(".", " ").split())
        assert "\x1b" not in text and "\x07" not in text


def test_a_long_table_is_cut_in_a_terminal_and_whole_elsewhere() -> None:
    loaded = []
    many = samples.many(200, 2)

    def load(number: int) -> Shot:
        loaded.append(number)
        return many.load(number)

    text = printed(replace(many, load=load), terminal=True, most=5)
    assert "195 more shots" in text and sorted(set(loaded)) == [1, 2, 3, 4, 5]
    assert printed(many).count("\n") > 200


def test_many_failures_are_counted_in_a_terminal() -> None:
    shots = [samples.shot(n, f"s{n}", samples.failed(f"s{n}")) for n in range(1, 9)]
    assert "5 more that could not be looked at" in printed(samples.triage(*shots), terminal=True, most=3)


def test_an_unknown_origin_stays_unknown(tmp_path: Path) -> None:
    flawed = samples.take("fox", "v001", samples.finding(), origin=Provenance())
    write(samples.triage(samples.shot(1, "fox", flawed)), tmp_path / "regen.csv")
    row = rows(tmp_path / "regen.csv")[0]
    assert [row[name] for name in ("generator", "model", "workflow", "prompt", "seed")] == [""] * 5
