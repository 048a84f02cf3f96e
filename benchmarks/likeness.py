"""How well near duplicates are told from other takes of the same things.

    python -m benchmarks.likeness CORPUS [--cache DIR] [--json OUT] [--quick]

Pairs that are near: a clip of the corpus and the same clip compressed more, resized, levelled, trimmed (see
`benchmarks.likeness_corpus.SAME`). Pairs that are not, the hard ones first: the same first picture with
another move, slower, backwards, an earlier or later moment of the same shot, mirrored; the same content
edited otherwise (`pair` in labels.tsv); other clips of the same footage (`fold`); a made scene with another
seed; another camera over the same photograph. Clips of different footage are counted apart. Pairs in which
nothing differs to the eye are left out by what was measured, never by name: see `told_apart`.

The limits of `otio_ai_audit.likeness` are chosen on all folds but one and tried on that one; the row
*crossed* is that, *packaged* are the limits as they are.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks import likeness_corpus
from benchmarks.figures import bootstrap
from benchmarks.likeness_corpus import SAME, Sample
from otio_ai_audit import likeness
from otio_ai_audit.model import MediaSignals

Floats = npt.NDArray[np.float32]

LOOKS = (0.16, 0.20, 0.24, 0.28, 0.32, 0.36, 0.40, 0.45)
COLOURS = (3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0)
MOVES = (0.10, 0.13, 0.16, 0.19, 0.22, 0.25, 0.28, 0.32, 0.36)
ALLOWED = 0.01
"""Share of the hard pairs that may be taken for near when limits are chosen."""
MOVING = 1.0
"""Mean change from frame to frame, in code values, below which other times of a shot look the same."""
IN_TIME = ("slowed", "reversed", "early", "late")
"""Changes that only show where something moves."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of samples and how far they are apart."""

    kind: npt.NDArray[np.str_]
    fold: npt.NDArray[np.str_]
    """Of the first of each."""
    apart: Floats
    """Shape (pairs, shifts, 3)."""
    flat: npt.NDArray[np.bool_]
    """One of them is flatter than `likeness.LEAST_SPREAD`."""

    @property
    def same(self) -> npt.NDArray[np.bool_]:
        return np.asarray(np.char.startswith(self.kind, "same, "), bool)

    @property
    def hard(self) -> npt.NDArray[np.bool_]:
        return np.asarray(~self.same & (self.kind != "other footage"), bool)

    def near(self, limits: Sequence[float]) -> npt.NDArray[np.bool_]:
        """Decide with these limits as `likeness.near` does with its own."""
        within: npt.NDArray[np.bool_] = np.all(self.apart <= np.asarray(limits, np.float32), axis=2)
        within = np.any(within, axis=1)
        return np.asarray(within & ~self.flat)


def kind_of(one: Sample, other: Sample) -> str:
    """Say what a pair is; empty where it is not asked about."""
    changes = {one.change, other.change}
    if one.source == other.source:
        if changes <= set(SAME):
            return f"same, {(changes - {'plain'}).pop()}" if "plain" in changes else "same, both changed"
        if one.change == "seed":
            return "another seed"
        if one.change.startswith("move-"):
            return "another camera"
        return (changes - {"plain"}).pop() if "plain" in changes else ""
    if not all(change in ("plain", "seed") or change.startswith("move-") for change in changes):
        return ""
    if set(one.pairs) & set(other.pairs):
        return "edited otherwise"
    return "same footage" if one.fold == other.fold else "other footage"


def told_apart(one: MediaSignals, other: MediaSignals, kind: str) -> bool:
    """Whether a pair that should not be near shows anything else at all.

    Other times of a shot only differ where something moves; a mirrored or nearer picture only where it is
    not flat.
    """
    if kind in IN_TIME:
        return float(one.grid.change[1:].mean()) >= MOVING
    if kind in ("mirrored", "pushed"):
        return float(one.grid.luma.std(axis=(1, 2)).mean()) >= 2 * likeness.LEAST_SPREAD
    return True


def pairs_of(samples: Sequence[Sample]) -> Pairs:
    """Compare samples; all pairs that `kind_of` names."""
    sketches = np.stack([likeness.sketch(_signals(sample)) for sample in samples])
    flat = likeness.spread(sketches) < likeness.LEAST_SPREAD
    kinds, folds, found, flats = [], [], [], []
    for first, sample in enumerate(samples):
        row = [
            (second, kind)
            for second in range(first + 1, len(samples))
            if (kind := kind_of(sample, samples[second]))
            and told_apart(_signals(sample), _signals(samples[second]), kind)
        ]
        if not row:
            continue
        others = np.array([second for second, _ in row])
        apart = likeness.distances(sketches[first : first + 1], sketches[others])
        found.append(np.moveaxis(apart[:, :, 0], 2, 0))
        kinds += [kind for _, kind in row]
        folds += [sample.fold] * len(row)
        flats.append(flat[others] | flat[first])
    return Pairs(np.array(kinds), np.array(folds), np.concatenate(found), np.concatenate(flats))


def _signals(sample: Sample) -> MediaSignals:
    assert sample.signals is not None
    return sample.signals


def chosen(pairs: Pairs, rows: npt.NDArray[np.bool_]) -> tuple[float, float, float]:
    """Choose the limits that find most of the same takes, with at most `ALLOWED` of the hard pairs near."""
    rows = rows & (pairs.kind != "other footage")
    part = Pairs(pairs.kind[rows], pairs.fold[rows], pairs.apart[rows], pairs.flat[rows])
    same, hard = part.same & ~part.flat, part.hard
    best = (-1.0, (0.0, 0.0, 0.0))
    for limits in product(LOOKS, COLOURS, MOVES):
        near = part.near(limits)
        if near[hard].mean() <= ALLOWED:
            best = max(best, (float(near[same].mean()), limits))
    return best[1]


def crossed(pairs: Pairs) -> npt.NDArray[np.bool_]:
    """Decide each fold with limits that were chosen on the others; folds are taken in ten groups."""
    names = sorted(set(pairs.fold))
    group = {name: index % 10 for index, name in enumerate(names)}
    part = np.array([group[name] for name in pairs.fold])
    found = np.zeros(len(part), bool)
    for index in range(10):
        mine = part == index
        if mine.any() and not mine.all():
            limits = chosen(pairs, ~mine)
            found[mine] = pairs.near(limits)[mine]
    return found


def rows_of(pairs: Pairs, near: npt.NDArray[np.bool_]) -> Iterator[tuple[str, int, float, float, float]]:
    """Give kind, number of pairs, share that is near, and its interval over folds."""
    sums = {"ALL the same": pairs.same & ~pairs.flat, "ALL hard": pairs.hard}
    each = {kind: pairs.kind == kind for kind in sorted(set(pairs.kind))}
    for name, rows in (*each.items(), *sums.items()):
        own = near[rows]
        low, high = bootstrap(lambda index, own=own: float(own[index].mean()), list(pairs.fold[rows]))  # type: ignore[misc]
        yield name, int(rows.sum()), float(own.mean()), low, high


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--cache", type=Path, default=Path(".benchmarks/signals"))
    parser.add_argument("--json", type=Path)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()
    pairs = pairs_of(likeness_corpus.everything(args.corpus, args.cache, args.quick, args.workers))
    packaged = (likeness.LOOK_LIMIT, likeness.COLOUR_LIMIT, likeness.MOVE_LIMIT)
    print(f"packaged limits {packaged}; chosen on everything {chosen(pairs, np.ones(len(pairs.kind), bool))}")
    out = {}
    for name, near in (("packaged", pairs.near(packaged)), ("crossed", crossed(pairs))):
        print(f"\n{name:<24}{'pairs':>8}{'near':>9}   95 % over folds")
        for kind, count, share, low, high in rows_of(pairs, near):
            print(f"{kind:<24}{count:>8}{share:>9.2%}   {low:.2%} to {high:.2%}")
            out[f"{name}: {kind}"] = {"pairs": count, "near": share, "low": low, "high": high}
    if args.json:
        args.json.write_text(json.dumps(out, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
