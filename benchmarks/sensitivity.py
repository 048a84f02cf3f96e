"""How small a fault is found: share of clips found over the size of the fault, at 1 % false alarms.

    python -m benchmarks.sensitivity CORPUS [--cache DIR] [--out FOLDER] [--packaged | --table FILE]

Faults of growing size go into six clean clips (see `benchmarks.whole`). A fault counts as found where the
detector's curve reaches, in the fault's frames, the score that at most 1 % of the clean clips reach: the
clean labelled clips and the moves of `benchmarks.corpus.moves`. A logistic in the logarithm of the size
gives the sizes at which a half and 95 % are found. For comparison the same with the best simple formula,
luma of the whole picture against the mean of its neighbours in time, at the same rate of false alarms (of
lasting faults its median over nine frames, so that a cut in a clean clip does not set its threshold).
Writes ``sensitivity.json`` and ``sensitivity.svg``.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks import accuracy, corpus, protocol
from benchmarks.corpus import Item
from benchmarks.formulas import luma_outlier

Floats = npt.NDArray[np.float64]

FALSE_ALARMS = 0.01
CLIPS = 6
LASTS = 9
"""Frames over which the simple formula's median is taken."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """One fault in growing sizes, and how sizes are told to people."""

    title: str
    sizes: tuple[float, ...]
    unit: str
    times: float


SWEEPS = {
    "alternate": Sweep("Whole picture, every other frame", (0.005, 0.01, 0.02, 0.03, 0.06, 0.12), "± %", 100),
    "pulse": Sweep("Whole picture, 4 times a second", (0.01, 0.02, 0.05, 0.1, 0.2), "± %", 100),
    "local": Sweep("Ellipse of 20 × 34 %, every other frame", (0.02, 0.04, 0.08, 0.15, 0.3), "± %", 100),
    "boil_14": Sweep("Texture boils in the ellipse", (0.5, 1, 2, 3.5, 6), "px at 832 wide", 1),
    "pop": Sweep("One frame brighter", (0.02, 0.05, 0.1, 0.2, 0.4), "+ %", 100),
}
LUMA = "luma against its neighbours' mean"


def threshold(clean: Floats) -> float:
    """Smallest score that at most `FALSE_ALARMS` of the clean clips reach."""
    ranked = np.sort(np.asarray(clean, dtype=float))[::-1]
    return float(np.nextafter(ranked[int(FALSE_ALARMS * len(ranked))], np.inf))


def logistic(sizes: Floats, found: npt.NDArray[np.bool_]) -> tuple[float, float] | None:
    """Slope and middle of share = 1 / (1 + exp(−slope (ln size − middle))); None where all or none are found.

    A weak ridge on the slope (0.02) keeps it finite where sizes separate perfectly.
    """
    if found.all() or not found.any():
        return None
    x = np.log(sizes)
    shift = x.mean()
    design = np.stack([x - shift, np.ones(len(x))], axis=1)
    weights = np.array([1.0, 0.0])
    ridge = np.diag([0.02, 1e-6])
    for _ in range(100):
        share = 1 / (1 + np.exp(-np.clip(design @ weights, -30, 30)))
        slope = design.T @ (share - found) + ridge @ weights
        curvature = (design * (share * (1 - share))[:, None]).T @ design + ridge
        move = np.linalg.solve(curvature, slope)
        weights = weights - move * min(1.0, 2.0 / float(np.abs(move).max() + 1e-12))
    if weights[0] <= 0:
        return None
    return float(weights[0]), float(shift - weights[1] / weights[0])


def at_share(fitted: tuple[float, float] | None, share: float) -> float | None:
    """Size at which a share of the faults is found."""
    if fitted is None:
        return None
    return float(np.exp(fitted[1] + np.log(share / (1 - share)) / fitted[0]))


def peaks(items: Sequence[Item], judges: protocol.Judges) -> list[float]:
    """Largest score of the detector that should speak, in the frames of each clip's fault."""
    out = []
    for item, said in zip(items, judges.judge(items), strict=True):
        assert item.fault is not None
        inside = slice(item.fault.first, item.fault.stop)
        out.append(float(protocol.curve(item, said, item.fault.detector)[inside].max(initial=0.0)))
    return out


def plain(item: Item, lasting: bool) -> float:
    """Largest luma outlier in a clip's fault, or in a whole clean clip; its running median if `lasting`."""
    values = luma_outlier(item.signals.grid.luma.mean(axis=(1, 2), dtype=np.float64))
    if lasting and len(values) >= LASTS:
        middle = np.median(np.lib.stride_tricks.sliding_window_view(values, LASTS), axis=1)
        values = np.pad(middle, (LASTS // 2, LASTS // 2))
    if item.fault is not None:
        values = values[item.fault.first : item.fault.stop]
    return float(values.max(initial=0.0))


def specs(folder: Path) -> list[corpus.Spec]:
    """List the clips of every sweep."""
    faults = [f"{name}:{size:g}" for name, sweep in SWEEPS.items() for size in sweep.sizes]
    chosen = {spec.fold: spec.file for spec in protocol.bases(folder)}  # one clip a scene
    wanted = list(chosen.values())[:CLIPS]
    return [spec for spec in protocol.clips(folder, faults) if spec.fault and spec.file in wanted]


def measure_figures(items: Sequence[Item], clean: Sequence[Item], judges: protocol.Judges) -> dict[str, Any]:
    """Sizes, shares found and fits of every sweep, as one JSON-able mapping."""
    said = judges.judge(clean)
    levels = {
        name: threshold(np.array([accuracy.score(one, name, i) for i, one in zip(clean, said, strict=True)]))
        for name in ("flicker", "pop")
    }
    simple = {
        lasting: threshold(np.array([plain(item, lasting) for item in clean])) for lasting in (True, False)
    }
    ours = peaks(items, judges)
    out: dict[str, Any] = {
        "judged by": judges.said,
        "clean clips": len(clean),
        "false alarms": FALSE_ALARMS,
        "thresholds": {**levels, LUMA: simple[True], f"{LUMA}, one frame": simple[False]},
        "sweeps": {},
    }
    for name, sweep in SWEEPS.items():
        rows = [k for k, item in enumerate(items) if item.fault and item.fault.kind.split(":")[0] == name]
        sizes = np.array([float(items[k].spec.fault.split(":")[1]) for k in rows])
        detector = items[rows[0]].fault.detector  # type: ignore[union-attr]
        lasting = detector == "flicker"
        found = {
            "ours": np.array([ours[k] >= levels[detector] for k in rows]),
            LUMA: np.array([plain(items[k], lasting) >= simple[lasting] for k in rows]),
        }
        out["sweeps"][name] = {
            "detector": detector,
            "clips": len(rows) // len(sweep.sizes),
            "sizes": list(sweep.sizes),
            **{who: _row(sizes, hits, sweep) for who, hits in found.items()},
        }
    return out


def _row(sizes: Floats, found: npt.NDArray[np.bool_], sweep: Sweep) -> dict[str, Any]:
    fitted = logistic(sizes, found)
    return {
        "share": [float(found[np.isclose(sizes, size)].mean()) for size in sweep.sizes],
        "fit": fitted,
        "half": at_share(fitted, 0.5),
        "most": at_share(fitted, 0.95),
    }


def told(row: dict[str, Any], sweep: Sweep) -> str:
    """Say at which sizes a half and 95 % are found; nothing is told outside of the sizes that were tried."""
    if row["half"] is None:
        share = row["share"]
        return "all found" if min(share) == 1 else "none found" if max(share) == 0 else "no order in size"
    words = []
    for name, size in (("half", row["half"]), ("95 %", row["most"])):
        if size < sweep.sizes[0]:
            words.append(f"{name} below {sweep.sizes[0] * sweep.times:g}")
        elif size > sweep.sizes[-1]:
            words.append(f"{name} above {sweep.sizes[-1] * sweep.times:g}")
        else:
            words.append(f"{name} at {size * sweep.times:.2g}")
    return ", ".join(words)


WIDTH, HEIGHT, LEFT, TOP, ACROSS = 300, 170, 46, 60, 3


def draw(made: dict[str, Any]) -> str:
    """Draw every sweep as one SVG picture."""
    columns, count = ACROSS, len(SWEEPS)
    total_w = columns * (WIDTH + LEFT + 20) + 20
    total_h = -(-count // columns) * (HEIGHT + TOP + 50) + 40
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {total_w} {total_h}" width="{total_w}" '
        f'height="{total_h}" font-family="sans-serif" font-size="11" fill="#333">',
        f'<rect width="{total_w}" height="{total_h}" fill="#fff"/>',
        '<text x="46" y="22" font-size="14" font-weight="bold">'
        "Share of faults found at 1 % false alarms</text>",
    ]
    for index, (name, sweep) in enumerate(SWEEPS.items()):
        x = LEFT + (index % columns) * (WIDTH + LEFT + 20)
        y = TOP + index // columns * (HEIGHT + TOP + 50)
        parts.append(f'<g transform="translate({x},{y})">{_panel(made["sweeps"][name], sweep)}</g>')
    x = LEFT + (count % columns) * (WIDTH + LEFT + 20)
    y = TOP + count // columns * (HEIGHT + TOP + 50)
    parts.append(f'<g transform="translate({x},{y})">{_legend(made)}</g></svg>')
    return "\n".join(parts) + "\n"


def _panel(row: dict[str, Any], sweep: Sweep) -> str:
    low, high = np.log(sweep.sizes[0] / 1.25), np.log(sweep.sizes[-1] * 1.25)

    def across(size: float) -> float:
        return float((np.log(size) - low) / (high - low) * WIDTH)

    def up(share: float) -> float:
        return (1 - share) * HEIGHT

    out = [f'<text y="-10" font-weight="bold">{sweep.title}</text>']
    for share in (0, 0.5, 0.95):
        out.append(f'<line x2="{WIDTH}" y1="{up(share):.1f}" y2="{up(share):.1f}" stroke="#ddd"/>')
        out.append(f'<text x="-6" y="{up(share) + 4:.1f}" text-anchor="end">{100 * share:g} %</text>')
    for size in sweep.sizes:
        place = across(size)
        out.append(f'<line x1="{place:.1f}" x2="{place:.1f}" y1="{HEIGHT}" y2="{HEIGHT + 4}" stroke="#888"/>')
        out.append(
            f'<text x="{place:.1f}" y="{HEIGHT + 16}" text-anchor="middle">{size * sweep.times:g}</text>'
        )
    out.append(f'<text x="{WIDTH}" y="{HEIGHT + 32}" text-anchor="end">{sweep.unit}</text>')
    for who, colour in ((LUMA, "#aaa"), ("ours", "#06c")):
        fitted = row[who]["fit"]
        if fitted:
            sizes = np.exp(np.linspace(low, high, 80))
            shares = 1 / (1 + np.exp(-np.clip(fitted[0] * (np.log(sizes) - fitted[1]), -30, 30)))
            line = " ".join(f"{across(s):.1f},{up(p):.1f}" for s, p in zip(sizes, shares, strict=True))
        else:
            line = " ".join(
                f"{across(s):.1f},{up(p):.1f}" for s, p in zip(sweep.sizes, row[who]["share"], strict=True)
            )
        out.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for size, share in zip(sweep.sizes, row[who]["share"], strict=True):
            out.append(f'<circle cx="{across(size):.1f}" cy="{up(share):.1f}" r="3.5" fill="{colour}"/>')
    text = told(row["ours"], sweep)
    out.append(f'<text y="{HEIGHT + 32}" fill="#06c">{text}</text>')
    return "".join(out)


def _legend(made: dict[str, Any]) -> str:
    lines = [
        ("#06c", "otio-ai-audit"),
        ("#aaa", "mean luma against its neighbours in time"),
        ("", f"{made['clean clips']} clean clips set the thresholds"),
        ("", f"{next(iter(made['sweeps'].values()))['clips']} clips a point; line: logistic fit"),
    ]
    out = []
    for row, (colour, text) in enumerate(lines):
        y = 20 + 20 * row
        if colour:
            out.append(f'<circle cx="6" cy="{y - 4}" r="4" fill="{colour}"/>')
        out.append(f'<text x="18" y="{y}">{text}</text>')
    return "".join(out)


def show(made: dict[str, Any]) -> None:
    """Print sizes at which a half and 95 % are found."""
    print(f"judged by {made['judged by']}; {made['clean clips']} clean clips")
    for name, row in made["sweeps"].items():
        sweep = SWEEPS[name]
        for who in ("ours", LUMA):
            shares = "  ".join(
                f"{size * sweep.times:g}: {share:.2f}"
                for size, share in zip(row["sizes"], row[who]["share"], strict=True)
            )
            middle = told(row[who], sweep)
            print(f"{name:10} {who[:5]:6} {middle:30} {shares}  ({sweep.unit})")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="How small a fault is found at 1 % false alarms.")
    protocol.add_arguments(parser)
    parser.add_argument(
        "--out", type=Path, default=Path(__file__).parent / "results", help="folder for JSON and SVG"
    )
    options = parser.parse_args(arguments)
    folder, cache, workers = options.corpus, options.cache, options.workers
    quiet = [spec for spec in corpus.labelled(folder) if spec.label == "none"]
    clean = corpus.measure_all([*quiet, *corpus.moves(folder)], folder, cache, workers)
    items = corpus.measure_all(specs(folder), folder, cache, workers)
    made = measure_figures(items, clean, protocol.judges_of(options))
    show(made)
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.json or options.out / "sensitivity.json"
    path.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    (options.out / "sensitivity.svg").write_text(draw(made), encoding="utf-8")


if __name__ == "__main__":
    main()
