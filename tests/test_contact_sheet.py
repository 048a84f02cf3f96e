"""Contact sheets: every clip of a group at a glance, odd ones outlined."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from otio_ai_audit.errors import OutputError
from otio_ai_audit.model import Thumbnail
from otio_ai_audit.pictures import Cell, contact_sheet
from otio_ai_audit.report.contact_sheet import write_sheets

from . import report_samples as samples

OUTLINE = (255, 79, 195)


def strip(size: int = 64) -> tuple[Thumbnail, ...]:
    return tuple(Thumbnail(time / 2, samples.webp(size)) for time in range(3))


def colors(path: Path) -> set[tuple[int, ...]]:
    with Image.open(path) as image:
        return {color for _, color in image.getcolors(1 << 24) or ()}  # type: ignore[misc]


def test_odd_ones_are_outlined_and_dismissed_or_slight_ones_are_not(tmp_path: Path) -> None:
    result = samples.result(
        *(samples.clip(number, strip=strip()) for number in range(1, 5)),
        findings=(
            samples.placed(1, "mismatch"),
            samples.placed(2, "mismatch", state="dismissed"),
            samples.placed(3, "mismatch", score=0.3),
            samples.placed(4, "flicker"),
        ),
    )
    written = write_sheets(result, {f"g{n}": (f"V1/000{n}",) for n in (1, 2, 3, 4)}, tmp_path / "sheets")
    assert [path.name for path in written] == ["g1.png", "g2.png", "g3.png", "g4.png"]
    assert [OUTLINE in colors(path) for path in written] == [True, False, False, False]


def test_hostile_names_become_files_that_every_system_takes(tmp_path: Path) -> None:
    names = [*samples.NASTY, "con", "a/b", "A:B", "a b", "..", "Ä" * 300, "卡车"]
    result = samples.result(samples.clip(1, name=samples.NASTY[7], strip=strip()), samples.clip(2, strip=()))
    written = write_sheets(result, {name: ("V1/0001", "V1/0002") for name in names}, tmp_path)
    assert len({path.name.casefold() for path in written}) == len(names)
    for path in written:
        assert path.parent == tmp_path and path.is_file() and len(path.name.encode()) < 200
        assert not set('<>:"/\\|?*') & set(path.name) and path.stem.casefold() != "con"


def test_groups_without_clips_and_places_that_cannot_be_written(tmp_path: Path) -> None:
    result = samples.result(samples.clip(1, strip=strip()))
    assert write_sheets(result, {"gone": ("V9/0001",), "empty": ()}, tmp_path / "sheets") == []
    assert not (tmp_path / "sheets").exists()
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written"):
        write_sheets(result, {"truck": ("V1/0001",)}, tmp_path / "file")


@pytest.mark.parametrize("count", [0, 1, 2, 7, 500])
def test_a_sheet_is_about_as_wide_as_a_screen(count: int) -> None:
    cells = [
        Cell(samples.webp(48) if n % 3 else None, (f"clip {n} " * 9, "01:00:00:00")) for n in range(count)
    ]
    with Image.open(io.BytesIO(contact_sheet("truck " * 200, cells, side=64))) as image:
        assert image.format == "PNG" and image.width >= 64
        if count > 6:
            assert 1 < image.width / image.height < 2.2
