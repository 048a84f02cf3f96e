"""Finding media that were somewhere else, and reading names."""

from __future__ import annotations

from pathlib import Path

import pytest

from otio_ai_audit.errors import MediaError, TimelineError, UsageError
from otio_ai_audit.timeline.relink import Relinker, local_candidates, parse_map, rewrite
from otio_ai_audit.timeline.takes import expand, parse_pattern, shot_and_take


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


@pytest.mark.parametrize(
    ("path", "maps", "found"),
    [
        (r"D:\takes\fox\a.mp4", [(r"D:\takes", "/mnt/takes")], ["/mnt/takes/fox/a.mp4"]),
        (r"d:/TAKES/fox/a.mp4", [(r"D:\takes", "/mnt/takes")], ["/mnt/takes/fox/a.mp4"]),
        (r"D:\takes\a.mp4", [("D:\\", "/mnt/d/")], ["/mnt/d/takes/a.mp4"]),
        (r"D:\takes\a.mp4", [("D:", "/mnt/d")], ["/mnt/d/takes/a.mp4"]),
        (r"\\nas\share\x\a.mov", [(r"\\NAS\share", "/Volumes/share")], ["/Volumes/share/x/a.mov"]),
        ("/mnt/takes/a.mp4", [("/mnt/takes", r"E:\t")], [r"E:\t\a.mp4"]),
        ("/mnt/Takes/a.mp4", [("/mnt/takes", "/x")], []),
        (r"D:\takes2\a.mp4", [(r"D:\takes", "/x")], []),
        ("/a/b/c.mp4", [("/a", "/1"), ("/a/b", "/2")], ["/2/c.mp4", "/1/b/c.mp4"]),
    ],
)
def test_prefixes_are_mapped(path: str, maps: list[tuple[str, str]], found: list[str]) -> None:
    assert rewrite(path, maps) == found


def test_a_map_option_is_two_prefixes() -> None:
    assert parse_map(r"D:\takes=/mnt/takes") == (r"D:\takes", "/mnt/takes")
    for wrong in ("D:", "=x", "x="):
        with pytest.raises(UsageError, match="OLD=NEW"):
            parse_map(wrong)


@pytest.mark.parametrize(
    ("url", "first"),
    [
        ("file:///D:/a%20b.mov", "D:/a b.mov"),
        ("file://localhost/D%3a/media/x.mov", "D:/media/x.mov"),
        ("file:///home/%C3%BC%231.mov", "/home/ü#1.mov"),
        ("file:///a b/ü#1.mov", "/a b/ü#1.mov"),
        ("file://server/share/x.mov", r"\\server\share\x.mov"),
        (r"E:\SHOW REEL\x (1).mp4", r"E:\SHOW REEL\x (1).mp4"),
        ("/x/100%20.mp4", "/x/100%20.mp4"),
    ],
)
def test_urls_and_raw_paths(url: str, first: str) -> None:
    assert local_candidates(url)[0] == first


def test_other_schemes_are_refused() -> None:
    with pytest.raises(TimelineError, match="not a local file"):
        local_candidates("https://example.com/a.mp4")


@pytest.mark.parametrize(
    "name", ["a#1.mp4", "what%20now.mp4", "truck 🎄.mp4", "x (1).mp4", "50%.mp4", "a+b.mp4"]
)
@pytest.mark.parametrize("form", ["raw", "encoded", "not encoded"])
def test_odd_names_are_found(tmp_path: Path, name: str, form: str) -> None:
    file = touch(tmp_path / name)
    url = {"raw": str(file), "encoded": file.as_uri(), "not encoded": f"file://{file}"}[form]
    found = Relinker().find(url)
    assert found is not None
    assert found.path == file


def test_order_map_then_itself_then_root_then_beside(tmp_path: Path) -> None:
    own = touch(tmp_path / "own" / "a.mp4")
    mapped = touch(tmp_path / "mapped" / "a.mp4")
    below = touch(tmp_path / "root" / "deep" / "a.mp4")
    beside = touch(tmp_path / "edit" / "media" / "a.mp4")
    maps, roots = [(str(own.parent), str(mapped.parent))], [tmp_path / "root"]
    bases = [tmp_path / "edit"]

    def found() -> Path | None:
        one = Relinker(maps, roots, bases).find(str(own.parent.parent / "own" / "a.mp4"))
        return one.path if one else None

    assert found() == mapped
    mapped.unlink()
    assert found() == own
    own.unlink()
    assert found() == below
    below.unlink()
    assert Relinker(maps, [], bases).find(r"D:\show\media\a.mp4").path == beside  # type: ignore[union-attr]
    beside.unlink()
    assert found() is None


def test_same_name_twice_is_told_apart_by_folders(tmp_path: Path) -> None:
    touch(tmp_path / "fox" / "v1" / "a.mp4")
    truck = touch(tmp_path / "truck" / "v1" / "a.mp4")
    found = Relinker(roots=[tmp_path]).find(r"D:\show\truck\v1\a.mp4")
    assert found is not None
    assert found.path == truck


def test_a_tie_lists_the_candidates(tmp_path: Path) -> None:
    touch(tmp_path / "fox" / "a.mp4")
    touch(tmp_path / "truck" / "a.mp4")
    with pytest.raises(TimelineError, match=r"2 times.*fox.*truck"):
        Relinker(roots=[tmp_path]).find("/gone/a.mp4")


def test_a_missing_media_root_is_said(tmp_path: Path) -> None:
    with pytest.raises(TimelineError, match="not a folder"):
        Relinker(roots=[tmp_path / "nowhere"]).find("/gone/a.mp4")


@pytest.mark.parametrize("proxy", ["Proxy/a.mp4", "a_proxy.mov", "a.mov", "Proxy/a_proxy.mp4", "a-Proxy.mp4"])
def test_a_proxy_stands_in(tmp_path: Path, proxy: str) -> None:
    file = touch(tmp_path / proxy)
    found = Relinker().find(str(tmp_path / "a.mxf"))
    assert found is not None
    assert found.proxy
    assert found.path == file


def test_a_proxy_never_wins_over_the_original(tmp_path: Path) -> None:
    touch(tmp_path / "Proxy" / "a.mov")
    original = touch(tmp_path / "a.mov")
    found = Relinker().find(str(original))
    assert found is not None
    assert (found.path, found.proxy) == (original, False)


@pytest.mark.parametrize(
    ("name", "shot", "take"),
    [
        ("truck_v012.mp4", "truck", "v012"),
        ("truck-V3.mov", "truck", "V3"),
        ("truck_v012_graded.mp4", "truck_graded", "v012"),
        ("fox_00001_.png", "fox", "00001"),
        ("fox_00001-audio.mp4", "fox", "00001"),
        ("fox_v002_00013_.png", "fox", "v002_00013"),
        ("sq0100_sh0010_layout_v004.mp4", "sq0100_sh0010_layout", "v004"),
        ("wheel.mp4", "wheel", ""),
        ("wheel take 3.mp4", "wheel", "take 3"),
        ("output.[1000-1100].tif", "output", ""),
        ("1128797.mxf", "1128797", ""),
        ("v012.mp4", "v012", ""),
    ],
)
def test_shot_and_take(name: str, shot: str, take: str) -> None:
    assert shot_and_take(name) == (shot, take)


def test_a_folder_of_comfyui_is_one_take_each(tmp_path: Path) -> None:
    for name in ("fox_00001_.png", "fox_00002_.png", "fox_00003_.png", "x.mp4", "x-audio.mp4", "x.png"):
        touch(tmp_path / name)
    touch(tmp_path / "y_00001.mp4")
    touch(tmp_path / "y_00001.png")
    touch(tmp_path / "notes.txt")
    touch(tmp_path / ".hidden.mp4")
    touch(tmp_path / "sound.wav")
    touch(tmp_path / "Proxy" / "x.mp4")
    names = [take.path.name for take in expand([tmp_path])]
    assert names == ["fox_00001_.png", "fox_00002_.png", "fox_00003_.png", "x.mp4", "y_00001.mp4"]


def test_x_audio_alone_is_the_take(tmp_path: Path) -> None:
    touch(tmp_path / "x-audio.mp4")
    touch(tmp_path / "x.png")
    assert [take.path.name for take in expand([tmp_path])] == ["x-audio.mp4", "x.png"]


def test_numbered_pictures_are_a_sequence_with_its_holes(tmp_path: Path) -> None:
    for number in (998, 999, 1000, 1002):
        touch(tmp_path / "shots" / f"a.{number:04d}.exr")
    touch(tmp_path / "b.png")
    takes = expand([tmp_path])
    assert [take.path.name for take in takes] == ["b.png", "a.[0998-1002].exr"]
    assert takes[1].numbers == (998, 999, 1000, 1002)


@pytest.mark.parametrize("name", ["a.%04d.png", "a.####.png", "a.[0001-0004].png"])
def test_patterns_name_a_sequence(tmp_path: Path, name: str) -> None:
    for number in (1, 2, 4):
        touch(tmp_path / f"a.{number:04d}.png")
    (take,) = expand([tmp_path / name])
    assert take.numbers == (1, 2, 4)
    assert take.pattern is not None
    assert (take.pattern.first, take.pattern.last) == (1, 4)
    assert take.pattern.printf(tmp_path) % 2 == str(tmp_path / "a.0002.png")


def test_a_percent_in_a_name_survives_the_pattern(tmp_path: Path) -> None:
    pattern = parse_pattern("50%_#####.png")
    assert pattern is not None
    assert pattern.printf(tmp_path) % 7 == str(tmp_path / "50%_00007.png")


def test_what_cannot_be_expanded_says_why(tmp_path: Path) -> None:
    with pytest.raises(TimelineError, match="There is no file"):
        expand([tmp_path / "gone.mp4"])
    with pytest.raises(TimelineError, match="No file matches"):
        expand([tmp_path / "gone.%04d.exr"])
    with pytest.raises(MediaError, match="no video and no pictures"):
        expand([tmp_path])
