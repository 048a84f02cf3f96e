"""Who may import whom: arrows only point down, and each heavy library has one door."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "otio_ai_audit"

LEVEL: dict[str, float] = {
    "model": 0,
    "errors": 0,
    "timecode": 0.5,
    "markings": 0.5,  # only the types below it; every room may ask what a marker means
    "adapters": 0.8,  # timeline reads through them; they know formats, not audits
    "timeline": 1,
    "video": 1,
    "kernels": 1,
    "identity": 1,
    "pictures": 1,
    "store": 1,
    "provenance": 1,
    "detectors": 1,
    "verdicts": 1,
    "people": 1,
    "likeness": 1,
    "engine": 2,
    "measure": 2,
    "gather": 2,
    "judge": 2,
    "heat": 2,
    "evidence": 2,
    "settings": 2,
    "origin": 2,
    "subjects": 2,
    "opening": 3,
    "takes": 3,
    "shards": 3,
    "walk": 3,
    "deciding": 3,
    "report": 3,
    "render": 3,
    "resolve": 3,
    "demo": 3,
    "farm": 3,
    "cli": 4,
    "__main__": 4,
}

DOOR = {
    "opentimelineio": {"timeline", "adapters"},
    "defusedxml": {"adapters"},
    "backports": {"adapters", "store"},
    "av": {"video"},
    "numba": {"kernels"},
    "onnxruntime": {"identity"},
    "onnx": {"identity"},
    "rich": {"cli", "report"},
    "click": {"cli"},
    "jinja2": {"report"},
    "PIL": {"pictures", "demo"},
    "pyarrow": {"report"},
    "sqlite3": {"store"},
    "c2pa": {"provenance"},
    "distributed": {"engine"},
    "dask": {"engine"},
}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports_of(path: Path) -> set[tuple[str, ...]]:
    """Absolute dotted names of everything a module imports, anywhere in it."""
    package = ("otio_ai_audit", *path.relative_to(PACKAGE).parts[:-1])
    names: set[tuple[str, ...]] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {tuple(alias.name.split(".")) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = (*base, *(node.module.split(".") if node.module else ()))
            names |= {(*module, alias.name) for alias in node.names}
    return names


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_arrows_point_down(path: Path) -> None:
    room = room_of(path)
    if room == "__init__":
        return
    assert room in LEVEL, f"give {room} a level in this test and in the documentation"
    for name in imports_of(path):
        if name[0] != "otio_ai_audit" or len(name) < 2:
            continue
        other = name[1]
        if other == room or other not in LEVEL:
            continue
        below = LEVEL[other] < LEVEL[room] or LEVEL[other] == LEVEL[room] >= 2
        assert below, f"{room} (level {LEVEL[room]}) imports {other} (level {LEVEL[other]})"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_heavy_libraries_have_one_door(path: Path) -> None:
    for name in imports_of(path):
        if name[0] in DOOR:
            assert room_of(path) in DOOR[name[0]], f"{path.name} imports {name[0]}"


def test_resolve_scripts_use_the_standard_library_only() -> None:
    import sys

    for path in (PACKAGE.parent / "resolve_scripts").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                tops = {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                tops = {(node.module or "").split(".")[0]}
            else:
                continue
            assert tops <= {*sys.stdlib_module_names, "DaVinciResolveScript"}, f"{path.name} imports {tops}"
