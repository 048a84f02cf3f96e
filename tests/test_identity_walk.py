"""Identity through a whole audit: measured only when asked for, kept apart, judged across clips."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from otio_ai_audit import gather, measure, report, timeline, video
from otio_ai_audit.judge import judge
from otio_ai_audit.model import (
    ClipUse,
    Media,
    MediaFailure,
    MediaJob,
    MediaSignals,
    Span,
    Subject,
    compare_key,
)
from otio_ai_audit.opening import open_edit
from otio_ai_audit.settings import load
from otio_ai_audit.store import Store
from otio_ai_audit.walk import Audit, Options, audit

from .edits import RATE, pan
from .identity_world import Across, stand_in

FRAMES = 24
TINTS = {"fox_01": (1.0, 0.9, 0.5), "fox_02": (1.0, 0.9, 0.6), "fox_03": (0.3, 0.6, 1.0)}


@pytest.fixture(scope="module")
def takes(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("takes")
    made = []
    for seed, (name, tint) in enumerate(TINTS.items()):
        frames = [(frame * np.array(tint)).astype(np.uint8) for frame in pan(seed, FRAMES)]
        video.encode(folder / f"{name}.mp4", frames, RATE, options={"crf": "20"})
        made.append(folder / f"{name}.mp4")
    return made


@pytest.fixture
def across(monkeypatch: pytest.MonkeyPatch) -> Across:
    return stand_in(monkeypatch)


def run(takes: list[Path], store: Path, **options: object) -> Audit:
    return audit(takes, Options(engine="threads:1", store=store, **options))  # type: ignore[arg-type]


def who(folder: Path, still: str) -> Path:
    """Write a subjects file with a picture of how the subject should look."""
    path = folder / "subjects.toml"
    path.write_text(
        f'[[subject]]\nname = "fox"\nclips = ["fox_*"]\nreferences = ["{still}"]\n', encoding="utf-8"
    )
    return path


# --- only when it is asked for ----------------------------------------------------------------------


def test_without_identity_nothing_of_it_is_imported(takes: list[Path], tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from otio_ai_audit.walk import Options, audit\n"
        "options = Options(detectors=('flicker',), engine='threads:1', store=Path(sys.argv[2]))\n"
        "audit([sys.argv[1]], options)\n"
        "heavy = {'onnxruntime', 'onnx', 'cv2', 'otio_ai_audit.identity'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    given = [sys.executable, "-c", script, str(takes[0]), str(tmp_path)]
    done = subprocess.run(given, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def test_identity_is_measured_where_a_detector_needs_it(
    across: Across, takes: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted: list[bool] = []
    real = measure.measure

    def noted(job: MediaJob, **how: bool) -> MediaSignals | MediaFailure:
        wanted.append(job.identity)
        return real(job, **how)

    monkeypatch.setattr(gather, "measure", noted)
    run(takes, tmp_path, detectors=("cut",))
    assert wanted == [False] * 3
    run(takes, tmp_path)
    assert wanted == [False] * 3 + [True] * 3, "only identity was missing"
    run(takes, tmp_path)
    run(takes, tmp_path, detectors=("cut",))
    assert len(wanted) == 6, "everything is known"
    stand_in(monkeypatch, "two")
    run(takes, tmp_path, detectors=("cut",))
    assert len(wanted) == 6, "other networks change nothing for who does not ask"
    run(takes, tmp_path)
    assert wanted[6:] == [True] * 3


# --- across clips -----------------------------------------------------------------------------------


def test_the_odd_one_out_is_named_with_its_group(across: Across, takes: list[Path], tmp_path: Path) -> None:
    done = run(takes, tmp_path, stills=True)
    (found,) = (p for p in done.result.findings if p.finding.detector == "mismatch")
    (group,) = done.result.groups
    names = {clip.id: clip.name for clip in done.result.clips}
    assert names[found.finding.use] == "fox_03.mp4"
    assert [names[id_] for id_ in group.clips] == ["fox_01.mp4", "fox_02.mp4", "fox_03.mp4"]
    assert group.distance[0][2] > group.distance[0][1]
    assert {clip.subject for clip in done.result.clips} == {"fox"}
    keys = {found.id, compare_key(found.id, 0), compare_key(found.id, 1)}
    assert keys <= set(done.result.stills)
    assert all(done.result.stills[key][:4] == b"RIFF" for key in keys)
    (marker,) = (m for m in done.result.markers if m.color == "Fuchsia")
    assert marker.name == "MISMATCH fox"
    assert "differs from fox_01.mp4 (" in marker.note
    assert "Compare with fox_02.mp4 (" in marker.note
    assert "V1/" not in marker.note


def test_what_was_said_across_clips_is_remembered(across: Across, takes: list[Path], tmp_path: Path) -> None:
    first = run(takes, tmp_path).result
    again = run(takes, tmp_path).result
    assert len(across.asked) == 1
    assert again.groups == first.groups
    found, known = (
        [p.finding for p in r.findings if p.finding.detector == "mismatch"] for r in (first, again)
    )
    assert found == known
    run(takes[:2], tmp_path)
    assert len(across.asked) == 2, "another set of clips is another question"
    run(takes, tmp_path, force=True)
    assert len(across.asked) == 3


def test_ids_subjects_and_settings_are_part_of_the_question(
    across: Across, takes: list[Path], tmp_path: Path
) -> None:
    with Store(tmp_path / "signals") as store:
        plan = open_edit(takes, Options(), gather.Quiet()).plan
        uses = gather.signals(plan, store, "threads:1", gather.Quiet(), identity=True).uses
        settings = load(None)

        def ask(*some: ClipUse, identity: str = "one", references: tuple[ClipUse, ...] = ()) -> int:
            judge(some, ["mismatch"], settings, store, False, references, identity)
            return len(across.asked)

        assert ask(*uses) == 1
        assert ask(*uses) == 1
        assert ask(*uses[::-1]) == 2, "order"
        assert ask(replace(uses[0], id="V9/0001"), *uses[1:]) == 3, "ids stand in related and groups"
        assert ask(replace(uses[0], subjects=(Subject("truck"),)), *uses[1:]) == 4
        assert ask(*uses, identity="two") == 5
        assert ask(*uses[:2], references=(replace(uses[2], reference=True),)) == 6
        assert ask(*uses[:2], references=(replace(uses[2], reference=True),)) == 6
        assert ask() == 6, "nobody to ask about"


# --- references -------------------------------------------------------------------------------------


def test_a_reference_is_asked_about_and_gets_nothing(
    across: Across, takes: list[Path], tmp_path: Path
) -> None:
    still = tmp_path / "front.png"
    Image.new("RGB", (160, 96), (200, 180, 100)).save(still)
    subjects = who(tmp_path, still.name)
    done = run(takes, tmp_path / "store", stills=True, subjects=subjects)
    assert across.asked == [([f"V1/000{n}" for n in (1, 2, 3)], ["reference/0001"])]
    result = done.result
    assert not result.incomplete
    assert {clip.id for clip in result.clips} == {f"V1/000{n}" for n in (1, 2, 3)}
    assert all("reference/0001" not in group.clips for group in result.groups)
    assert {len(row) for group in result.groups for row in group.distance} == {3}
    assert all(p.finding.use != "reference/0001" for p in result.findings)
    assert not any("front" in marker.note for marker in result.markers)
    run(takes, tmp_path / "store", detectors=("cut",), subjects=subjects)
    assert len(across.asked) == 1


def test_a_reference_that_cannot_be_measured_names_its_file(
    across: Across, takes: list[Path], tmp_path: Path
) -> None:
    broken = tmp_path / "front.jpg"
    broken.write_bytes(b"no picture")
    subjects = who(tmp_path, broken.name)
    done = run(takes, tmp_path / "store", subjects=subjects)
    assert done.result.incomplete
    (failed,) = (clip for clip in done.result.clips if clip.status == "failed")
    assert "front.jpg" in (failed.reason or "")
    assert across.asked[0][1] == []
    gone = run(takes, tmp_path / "store", detectors=("cut",), subjects=subjects)
    assert not gone.result.incomplete, "who does not ask for identity needs no reference"


# --- pictures of all kinds --------------------------------------------------------------------------


def test_a_folder_of_photos_is_clips_of_one_frame(across: Across, tmp_path: Path) -> None:
    photos = {"beach": (200, 60, 40), "door": (190, 70, 40), "yard": (30, 60, 200)}
    for name, colour in photos.items():
        Image.new("RGB", (120, 90), colour).save(tmp_path / f"{name}.png")
    done = run([tmp_path], tmp_path / "store")
    assert [clip.status for clip in done.result.clips] == ["audited"] * 3
    (found,) = (p for p in done.result.findings if p.finding.detector == "mismatch")
    assert found.finding.use == "V1/0003"


@pytest.mark.parametrize("frames", [1, 2, 5])
def test_very_short_clips(across: Across, tmp_path: Path, frames: int) -> None:
    path = tmp_path / "short.mp4"
    video.encode(path, pan(1, frames), RATE)
    found = measure.measure(MediaJob(Media(str(path)), identity=True))
    assert isinstance(found, MediaSignals) and found.identity is not None
    assert found.identity.sample[0] == 0
    assert found.identity.sample[-1] < frames
    assert found.identity.region.shape == (len(found.identity.sample), 4, 4)


def test_damage_does_not_stop_it(across: Across, takes: list[Path], tmp_path: Path) -> None:
    data = bytearray(takes[0].read_bytes())
    rng = np.random.default_rng(3)
    for place in rng.integers(len(data) // 3, len(data) * 2 // 3, 200):
        data[place] ^= 0x55
    path = tmp_path / "damaged.mp4"
    path.write_bytes(data)
    found = measure.measure(MediaJob(Media(str(path)), identity=True))
    assert isinstance(found, MediaSignals), found
    assert found.identity is not None
    assert len(found.identity.sample) > 0
    assert found.identity.sample[-1] < len(found.grid.pts)
    assert (np.diff(found.identity.sample) > 0).all()


def test_the_other_signals_are_the_same_with_identity(across: Across, takes: list[Path]) -> None:
    plain, looked = (
        measure.measure(MediaJob(Media(str(takes[0])), key="k", identity=wanted)) for wanted in (False, True)
    )
    assert isinstance(plain, MediaSignals) and isinstance(looked, MediaSignals)
    for group in ("grid", "motion"):
        one, other = getattr(plain, group), getattr(looked, group)
        for name in one.__dataclass_fields__:
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    assert plain.identity is None
    assert looked.identity is not None


def test_a_span_of_a_long_medium_counts_its_own_rows(
    across: Across, takes: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measure, "WHOLE_FILE_LIMIT", Fraction(0))
    span = Span(Fraction(1, 2), Fraction(1))
    found = measure.measure(MediaJob(Media(str(takes[0])), span, identity=True))
    assert isinstance(found, MediaSignals) and found.identity is not None
    assert found.identity.sample[0] == 0
    assert found.identity.sample[-1] < len(found.grid.pts) == 12


def test_networks_that_are_not_installed_are_one_sentence(
    across: Across, takes: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from otio_ai_audit import identity
    from otio_ai_audit.errors import WeightsError

    def missing() -> float:
        raise WeightsError("Identity needs a package; install it.")

    monkeypatch.setattr(identity, "warmup", missing)
    with pytest.raises(WeightsError, match="install it"):
        run(takes, tmp_path)


# --- outputs ----------------------------------------------------------------------------------------


def test_the_json_has_subjects_and_frames_to_compare(
    across: Across, takes: list[Path], tmp_path: Path
) -> None:
    done = run(takes, tmp_path / "store", stills=True)
    for name in ("r.json", "r.csv", "r.html", "r.xml"):
        report.write(done.result, tmp_path / name)
    data = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    (subject,) = data["subjects"]
    assert subject["name"] == "fox"
    assert subject["clips"] == ["V1/0001", "V1/0002", "V1/0003"]
    assert subject["source"] == "found"
    assert np.array(subject["distance"]).shape == (3, 3)
    assert [clip["subject"] for clip in data["clips"]] == ["fox"] * 3
    (found,) = (f for f in data["findings"] if f["detector"] == "mismatch")
    assert found["compare"] == [
        {"clip": "V1/0001", "media_start": 0.125},
        {"clip": "V1/0002", "media_start": 0.125},
    ]
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "Who should look alike" in page
    assert page.index("fox_03.mp4", page.index("Who should")) < page.index(
        "fox_01.mp4", page.index("Who should")
    )
    assert page.count("<figcaption>") == 3
    assert "fox 01, 0.12 s" in page
    assert ",fox," in (tmp_path / "r.csv").read_text(encoding="utf-8-sig")


def test_a_marker_names_the_frames_of_a_drift(across: Across, takes: list[Path], tmp_path: Path) -> None:
    from otio_ai_audit.model import Finding
    from otio_ai_audit.timeline.words import finding_body

    plan = open_edit(takes, Options(), gather.Quiet()).plan
    use = plan.uses[1]
    found = Finding(
        "drift", use.id, 0.5, 0.25, 0.6, "Centre changes shape.", "drift", worst=0.5, compare=((use.id, 0.0),)
    )
    places = [timeline.to_timecode(plan.info.start_frame + use.record_start + n, plan.info) for n in (0, 12)]
    body = finding_body(found, (), {u.id: u for u in plan.uses}, plan.info)
    assert body == f"Centre changes shape. Compare {places[0]} with {places[1]}."
    same = finding_body(replace(found, worst=0.01), (), {u.id: u for u in plan.uses}, plan.info)
    assert same == "Centre changes shape."
