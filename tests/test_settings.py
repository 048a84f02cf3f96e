from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal

import pytest

from otio_ai_audit import settings
from otio_ai_audit.errors import SettingsError


@dataclass(frozen=True)
class Shimmer:
    threshold: float = 1.5
    frames: int = 3
    strict: bool = False
    mode: Literal["fast", "exact"] = "fast"
    name: str = "shimmer"
    band: tuple[float, float] = (2.0, 12.0)
    only: tuple[str, ...] = ()
    limit: float | None = None

    def __post_init__(self) -> None:
        if self.band[0] > self.band[1]:
            raise ValueError("band goes from low to high")


@dataclass(frozen=True)
class Jump:
    threshold: float = 0.25


REGISTRY = {"shimmer": SimpleNamespace(Settings=Shimmer), "jump": SimpleNamespace(Settings=Jump)}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "audit.toml"


def load(file: Path, text: str) -> settings.Settings:
    file.write_text(text, encoding="utf-8")
    return settings.load(file, REGISTRY)


def test_without_a_file_everything_has_its_default() -> None:
    found = settings.load(None, REGISTRY)
    assert found.detectors == {"shimmer": Shimmer(), "jump": Jump()}
    assert found.audit == settings.AuditSettings()
    assert found.audit.fail_on == "error" and found.audit.markers == "warning"
    assert found.source == ""


def test_a_file_changes_what_it_names_and_nothing_else(file: Path) -> None:
    found = load(
        file,
        """
        [audit]
        fail_on = "never"
        detectors = ["jump", "shimmer"]
        [shimmer]
        threshold = 2          # a whole number is a number
        frames = 5
        strict = true
        mode = "exact"
        name = "é"
        band = [1, 8.5]
        only = ["a", "b"]
        limit = 3.5
        """,
    )
    assert found.detectors["shimmer"] == Shimmer(2.0, 5, True, "exact", "é", (1.0, 8.5), ("a", "b"), 3.5)
    assert type(found.detectors["shimmer"].threshold) is float
    assert found.detectors["jump"] == Jump()
    assert found.audit == settings.AuditSettings("never", "warning", ("jump", "shimmer"))
    assert found.source == "audit.toml"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[shimer]\nframes = 1", r"audit\.toml: there is no table \[shimer\]\. Did you mean shimmer\?"),
        ("[xyz]", r"there is no table \[xyz\]\. There are audit, jump, shimmer\."),
        ("[shimmer]\ntreshold = 1", r"\[shimmer\] has no key 'treshold'\. Did you mean threshold\?"),
        ("[jump]\nq = 1", r"\[jump\] has no key 'q'\. There are threshold\."),
        ("[audit]\nfailon = 1", r"\[audit\] has no key 'failon'\. Did you mean fail_on\?"),
        ("frames = 1", r"frames stands in no table; write it below \[shimmer\]\."),
        ("threshold = 1", r"write it below \[shimmer\] or \[jump\]\."),
        ("jump = 1", r"jump stands in no table; write it below \[audit\] or \[shimmer\] or \[jump\]"),
        ("[shimmer]\nframes = 1.5", r"\[shimmer\] frames = 1\.5: expected a whole number\."),
        ("[shimmer]\nframes = true", r"frames = true: expected a whole number"),
        ("[shimmer]\nthreshold = '1'", r'threshold = "1": expected a number'),
        ("[shimmer]\nthreshold = nan", r"expected a number"),
        ("[shimmer]\nthreshold = true", r"expected a number"),
        ("[shimmer]\nstrict = 1", r"expected true or false"),
        ("[shimmer]\nname = 1", r"expected text in quotes"),
        ("[shimmer]\nmode = 'slow'", r'expected "fast" or "exact"'),
        ("[shimmer]\nband = [1]", r"expected a list of 2"),
        ("[shimmer]\nband = 1", r"expected a list, in brackets"),
        ("[shimmer]\nonly = [1]", r"expected text in quotes"),
        ("[shimmer]\nlimit = 'x'", r"expected a number"),
        ("[shimmer]\nband = [9, 1]", r"\[shimmer\]: band goes from low to high\."),
        ("[audit]\nfail_on = 'note'", r'expected "error" or "warning" or "never"'),
        ("[audit]\ndetectors = ['jmp']", r"there is no detector 'jmp'\. Did you mean jump\?"),
        ("[audit\n", r"audit\.toml: the settings are not valid TOML: .*line 1"),
    ],
)
def test_what_is_wrong_is_named(file: Path, text: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        load(file, text)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"gone\.toml: the settings cannot be read: No such file"):
        settings.load(tmp_path / "gone.toml", REGISTRY)
    latin = tmp_path / "latin.toml"
    latin.write_bytes('[shimmer]\nname = "é"'.encode("latin-1"))
    with pytest.raises(SettingsError, match="not UTF-8"):
        settings.load(latin, REGISTRY)


def test_a_file_as_windows_writes_it_is_read(file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbf[jump]\r\nthreshold = 1\r\n")
    assert settings.load(file, REGISTRY).detectors["jump"] == Jump(1.0)


def test_the_hash_tells_what_changes_the_findings(file: Path) -> None:
    default = settings.load(None, REGISTRY).hash
    assert len(default) == 12
    assert load(file, "[jump]\nthreshold = 0.25").hash == default
    assert load(file, "[audit]\nfail_on = 'never'\nmarkers = 'error'").hash == default
    assert load(file, "[audit]\ndetectors = ['shimmer', 'jump']").hash == default
    changed = load(file, "[jump]\nthreshold = 0.26").hash
    fewer = load(file, "[audit]\ndetectors = ['shimmer']").hash
    assert len({default, changed, fewer}) == 3
    assert load(file, "[audit]\ndetectors = ['shimmer']\n[jump]\nthreshold = 1").hash == fewer


def test_what_is_shown_reads_back(file: Path) -> None:
    found = load(
        file, '[shimmer]\nname = "a \\"é\\" \\\\"\nonly = ["x"]\nstrict = true\n[jump]\nthreshold = 1e-9'
    )
    shown = found.show()
    assert "# limit is not set" in shown
    again = load(file, shown)
    assert (again.audit, again.detectors, again.hash) == (found.audit, found.detectors, found.hash)


def test_every_detector_can_be_set(file: Path) -> None:
    found = settings.load()
    assert found.detectors and "audit" not in found.detectors
    file.write_text(found.show(), encoding="utf-8")
    again: Any = settings.load(file)
    assert (again.detectors, again.hash) == (found.detectors, found.hash)
