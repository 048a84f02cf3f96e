"""Colours as people see them: CIEDE2000, names, a brand's colour in any light."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from otio_ai_audit.detectors import _brand, _delta_e, _hue
from otio_ai_audit.detectors._gallery import glance
from otio_ai_audit.identity.hues import colours
from tests.mismatch_world import clip, painted

SHARMA = """
50 2.6772 -79.7751 50 0 -82.7485 2.0425
50 3.1571 -77.2803 50 0 -82.7485 2.8615
50 2.8361 -74.0200 50 0 -82.7485 3.4412
50 -1.3802 -84.2814 50 0 -82.7485 1.0000
50 -1.1848 -84.8006 50 0 -82.7485 1.0000
50 -0.9009 -85.5211 50 0 -82.7485 1.0000
50 0 0 50 -1 2 2.3669
50 -1 2 50 0 0 2.3669
50 2.4900 -0.0010 50 -2.4900 0.0009 7.1792
50 2.4900 -0.0010 50 -2.4900 0.0010 7.1792
50 2.4900 -0.0010 50 -2.4900 0.0011 7.2195
50 2.4900 -0.0010 50 -2.4900 0.0012 7.2195
50 -0.0010 2.4900 50 0.0009 -2.4900 4.8045
50 -0.0010 2.4900 50 0.0010 -2.4900 4.8045
50 -0.0010 2.4900 50 0.0011 -2.4900 4.7461
50 2.5 0 50 0 -2.5 4.3065
50 2.5 0 73 25 -18 27.1492
50 2.5 0 61 -5 29 22.8977
50 2.5 0 56 -27 -3 31.9030
50 2.5 0 58 24 15 19.4535
50 2.5 0 50 3.1736 0.5854 1.0000
50 2.5 0 50 3.2972 0 1.0000
50 2.5 0 50 1.8634 0.5757 1.0000
50 2.5 0 50 3.2592 0.3350 1.0000
60.2574 -34.0099 36.2677 60.4626 -34.1751 39.4387 1.2644
63.0109 -31.0961 -5.8663 62.8187 -29.7946 -4.0864 1.2630
61.2901 3.7196 -5.3901 61.4292 2.2480 -4.9620 1.8731
35.0831 -44.1164 3.7933 35.0232 -40.0716 1.5901 1.8645
22.7233 20.0904 -46.6940 23.0331 14.9730 -42.5619 2.0373
36.4612 47.8580 18.3852 36.2715 50.5065 21.2231 1.4146
90.8027 -2.0831 1.4410 91.1528 -1.6435 0.0447 1.4441
90.9257 -0.5406 -0.9208 88.6381 -0.8985 -0.7239 1.5381
6.7747 -0.2908 -2.4247 5.8714 -0.0985 -2.2286 0.6377
2.0776 0.0795 -1.1350 0.9033 -0.0636 -0.5514 0.9082
"""
"""Sharma, Wu, Dalal (2005), table 1: two CIELAB colours and their difference."""

RED = (0xD2, 0x00, 0x1A)
WANTED = _brand.wanted_of(RED)


@pytest.mark.parametrize("line", SHARMA.split("\n")[1:-1])
def test_difference_is_as_published(line: str) -> None:
    values = np.array([float(v) for v in line.split()])
    one, other = values[:3], values[3:6]
    assert _delta_e.delta_e(one, other) == pytest.approx(values[6], abs=5e-5)
    assert _delta_e.delta_e(other, one) == pytest.approx(values[6], abs=5e-5)


def test_white_grey_and_primaries_in_cielab() -> None:
    white, red = _delta_e.lab_of(np.array([[1.0, 1.0, 1.0], [1.0, 0.0, 0.0]]))
    assert white == pytest.approx([100, 0, 0], abs=0.02)
    assert red == pytest.approx([53.24, 80.09, 67.20], abs=0.02)


@pytest.mark.parametrize(
    ("rgb", "name"),
    [
        ((220, 20, 30), "red"),
        ((250, 130, 20), "orange"),
        ((240, 220, 40), "yellow"),
        ((40, 160, 60), "green"),
        ((40, 70, 200), "blue"),
        ((130, 130, 130), "grey"),
    ],
)
def test_hues_have_plain_names(rgb: tuple[int, int, int], name: str) -> None:
    _, a, b = _delta_e.lab_of(np.array(rgb) / 255)
    assert _delta_e.hue_name(a, b) == name


def shade(rgb: tuple[float, ...], height: int = 1080) -> _brand.Shade:
    one = glance(clip("a", grid=painted(rgb, height=height), height=height))
    assert one is not None
    found = _brand.shade_of(one, WANTED)
    assert found is not None
    return found


@pytest.mark.parametrize("height", [480, 1080])
def test_a_brand_colour_is_right_by_either_matrix(height: int) -> None:
    assert shade(RED, height).delta < 0.6


@pytest.mark.parametrize("light", [0.55, 0.75, 1.1])
def test_a_shade_on_the_thing_does_not_alarm(light: float) -> None:
    linear = (np.array(RED) / 255) ** 2.2 * light
    lit = tuple(255 * np.clip(linear, 0, 1) ** (1 / 2.2))
    assert shade(lit).delta < 4.0


def test_red_that_went_orange_is_told_so() -> None:
    found = shade((226, 84, 20))
    assert found.delta > 8
    assert _brand.score(found, 6.0) > 0.5
    assert _brand.words(found, WANTED).startswith("Red is ΔE ")
    assert _brand.words(found, WANTED).endswith("from the reference, towards orange.")


def test_a_colour_that_is_nowhere_says_nothing() -> None:
    one = glance(clip("a", grid=painted((40, 70, 200))))
    assert one is not None
    assert _brand.shade_of(one, WANTED) is None


def test_the_score_is_a_half_at_the_tolerance_and_an_error_at_twice_as_much() -> None:
    at = [_brand.score(_brand.Shade(delta, WANTED, 0.0), 6.0) for delta in (1.0, 6.0, 12.0)]
    assert at[0] < 0.2
    assert at[1:] == pytest.approx([0.5, 0.8])


def test_chroma_reads_the_histograms_of_identity() -> None:
    """A red and a darker red are alike, an orange is not, and greys are alike whatever their lightness."""

    def root(*rgb: int) -> np.ndarray:
        picture = np.full((160, 160, 3), 128, np.uint8)
        picture[40:120, 40:120] = rgb
        made = colours(picture[None])
        assert made.shape[1] == len(_hue.nodes())
        return _hue.chroma(np.repeat(made[:, None], 4, axis=1))[0]

    red = root(200, 30, 30)
    assert red @ root(150, 20, 22) > 0.9
    assert red @ root(220, 130, 20) < 0.8
    assert root(60, 60, 60) @ root(200, 200, 200) > 0.99


def test_chroma_of_other_histograms_is_their_mean() -> None:
    made = replace(clip("a")).signals
    assert made is not None and made.identity is not None
    root = _hue.chroma(made.identity.colour)
    assert root.shape[1] == made.identity.colour.shape[2]
    assert (root**2).sum(axis=1) == pytest.approx(1.0)
