"""Texts as masks: cut to their place, whatever they hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otio_ai_audit.pictures import lettering, paragraph


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.text(max_size=40), st.integers(1, 60), st.integers(0, 200))
def test_any_text_fits_its_line(text: str, height: int, width: int) -> None:
    mask = lettering(text, height, width)
    assert mask.dtype == np.uint8 and mask.shape[0] == height and mask.shape[1] <= width
    for line in paragraph(text, height, width, 3):
        assert line.shape[0] == height and line.shape[1] <= width
    assert len(paragraph(text, height, width, 3)) <= 3


def test_long_names_keep_both_ends() -> None:
    long = lettering("start" + "m" * 300 + "end", 20, 150)
    start, end = lettering("start", 20, 150), lettering("nd", 20, 150)
    assert 90 < long.shape[1] <= 150
    assert np.array_equal(long[:, : start.shape[1] - 3], start[:, :-3])
    assert (long[:, -end.shape[1] :] > 128).sum() == pytest.approx((end > 128).sum(), rel=0.3)


def test_all_lines_of_a_height_share_a_base_line() -> None:
    feet = {int(np.flatnonzero(lettering(char, 40, 60).any(axis=1)).max()) for char in "xHnE1"}
    assert max(feet) - min(feet) <= 1


def test_directions_cannot_be_turned_round() -> None:
    assert np.array_equal(lettering("\u202eabc", 20, 100), lettering("abc", 20, 100))
    assert np.array_equal(lettering("a\nb", 20, 100), lettering("a b", 20, 100))


def test_words_are_broken_between_words() -> None:
    lines = paragraph("one two three four five six", 20, 80, 4)
    assert 1 < len(lines) <= 4 and all(line.any() for line in lines)
    assert len(paragraph("one two", 20, 500, 4)) == 1
