"""Faults put into clean clips are found at their frames, by the right detector, in words."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from otio_ai_audit.detectors import DETECTORS
from otio_ai_audit.model import WARNING, MediaSignals
from tests.detector_clips import detect, faulty, frames_of, use_of

FAULTS = [
    ("pan", "alternate_3"),
    ("shake", "alternate_12"),
    ("zoom", "pulse_4hz"),
    ("pan", "local_15"),
    ("zoom", "pop"),
    ("shake", "pop_dark_2"),
    ("pan", "glitch"),
    ("zoom", "seam"),
    ("pan", "tail"),
    ("pan", "freeze_16"),
    ("shake", "freeze_8"),
    ("pan", "black_tail"),
    ("zoom", "black_middle"),
    ("pan", "hidden_cut"),
]


@pytest.mark.parametrize(("scene", "kind"), FAULTS, ids=[kind for _, kind in FAULTS])
def test_a_fault_is_found_at_its_frames(scene: str, kind: str) -> None:
    signals, fault = faulty(scene, kind)
    said = detect(fault.detector, use_of(signals))
    found = [one for one in said.findings if one.score >= WARNING]
    assert found, f"scores {said.scores}"
    first, stop = frames_of(found[0].start, found[0].duration)
    assert abs(first - fault.first) <= 2 and abs(stop - fault.stop) <= 2, (first, stop, fault)
    assert said.scores["V1/0001"] == max(one.score for one in found)
    frame = said.curves["V1/0001"].score[fault.first + (fault.stop - fault.first) // 2]
    assert frame >= WARNING


@pytest.mark.parametrize(("scene", "kind"), FAULTS, ids=[kind for _, kind in FAULTS])
def test_messages_are_for_people(scene: str, kind: str) -> None:
    signals, _fault = faulty(scene, kind)
    for name in DETECTORS:
        for one in detect(name, use_of(signals)).findings:
            assert one.message[0].isupper() and one.message.endswith("."), one.message
            assert not re.search(r"V1/|code value|cosine|nan|inf\b", one.message), one.message
            assert one.label == one.label.lower() and 1 <= len(one.label.split()) <= 3
            assert one.duration > 0 and 0 <= one.score <= 1
            assert all(isinstance(value, (float, str)) for value in one.evidence.values())


def test_the_local_fault_has_a_region() -> None:
    signals, fault = faulty("pan", "local_15")
    found = max(detect("flicker", use_of(signals)).findings, key=lambda one: one.score)
    assert found.region is not None and fault.region is not None
    x, y, w, h = found.region
    fx, fy, fw, fh = fault.region
    assert fx <= x + w / 2 <= fx + fw and fy <= y + h / 2 <= fy + fh


def test_the_words_of_each_fault() -> None:
    def words(scene: str, kind: str) -> str:
        signals, fault = faulty(scene, kind)
        return max(detect(fault.detector, use_of(signals)).findings, key=lambda one: one.score).message

    assert re.fullmatch(r"One frame jumps brighter \(\+\d+ %\)\.", words("zoom", "pop"))
    assert words("pan", "freeze_16") == "Stands still for 16 frames; no freeze or retime in the edit."
    assert words("pan", "hidden_cut") == "Scene changes inside fox_v012.mp4."
    assert re.fullmatch(
        r"Black for (1 frame|\d+ frames) at the file's end\. Trim\.", words("pan", "black_tail")
    )
    assert "pulses" in words("zoom", "pulse_4hz") or "changes" in words("zoom", "pulse_4hz")


def test_the_frequency_of_a_pulse() -> None:
    signals, _ = faulty("zoom", "pulse_4hz")
    found = max(detect("flicker", use_of(signals)).findings, key=lambda one: one.score)
    assert abs(float(found.evidence["frequency_hz"]) - 4.0) < 1.6


def test_a_cut_is_no_pop_and_no_flicker() -> None:
    signals, _ = faulty("pan", "hidden_cut")
    assert (detect("pop", use_of(signals)).scores["V1/0001"] or 0.0) < WARNING
    assert (detect("flicker", use_of(signals)).scores["V1/0001"] or 0.0) < WARNING


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_regions_are_of_the_picture_as_it_is_shown(turn: int) -> None:
    signals, _ = faulty("pan", "local_15")
    turned = replace(signals, info=replace(signals.info, rotation=turn))

    def region(measured: MediaSignals) -> tuple[float, float, float, float]:
        found = max(detect("flicker", use_of(measured)).findings, key=lambda one: one.score)
        assert found.region is not None
        return found.region

    x, y, w, h = region(signals)
    clockwise = {
        90: (1 - y - h, x, h, w),
        180: (1 - x - w, 1 - y - h, w, h),
        270: (y, 1 - x - w, h, w),
    }
    assert region(turned) == pytest.approx(clockwise[turn], abs=1e-3)


@pytest.mark.parametrize("transfer", ["pq", "hlg"])
def test_findings_on_hdr_say_that_it_is_not_calibrated(transfer: str) -> None:
    signals, fault = faulty("zoom", "pop")
    plain = detect(fault.detector, use_of(signals)).findings
    info = replace(signals.info, transfer=transfer)
    said = detect(fault.detector, use_of(replace(signals, info=info))).findings
    assert plain and not any("HDR" in one.message for one in plain)
    assert [one.message for one in said] == [f"{one.message} HDR: not calibrated." for one in plain]
