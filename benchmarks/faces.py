"""Faces of people in the labelled clips: sightings of one person against sightings of two.

``python -m benchmarks.faces --corpus FOLDER``. Sightings of one track, and of clips of one subject, are the
same; sightings of clips of different footage are different; what is in doubt (two tracks of one clip, footage
whose fold begins alike) does not count. Clips that are labelled as drifting are left out.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.figures import auc, bootstrap
from otio_ai_audit import video
from otio_ai_audit.identity import Faces, align, tracks
from otio_ai_audit.model import Media

RATE = 3.0
SECONDS = 8.0
LONG_SIDE = 640
SURE = 0.8
SIZE = 32
SIGHTINGS = 3
"""Samples a second, seconds looked at, pixels of a picture; confidence, pixels and sightings of a face that
counts (from 24 pixels on, where faces begin to be embedded, the AUC is .9973)."""


@dataclass(frozen=True, slots=True)
class FaceTrack:
    """One person through one clip: vectors (n, 128) and where they come from."""

    clip: str
    person: str
    fold: str
    vectors: npt.NDArray[np.float32]


def tracks_of(folder: Path, kind: str = "identity") -> Iterator[FaceTrack]:
    """Find, align and link the faces of every clip of a set, ``identity`` or ``all``."""
    with (folder / "labels.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    faces = Faces()
    for row in rows:
        if row["media"] != "video" or row["drift"] in ("slight", "strong") or kind not in ("all", row["set"]):
            continue
        length = min(SECONDS, float(row["frames"] or 0) / float(row["fps"] or 25))
        times = list(np.arange(0, max(length, 0.1), 1 / RATE))
        pictures = video.rgb_frames(Media(str(folder / row["file"])), times, max_size=LONG_SIDE)
        when, boxes, vectors = [], [], []
        for time, picture in zip(times, pictures, strict=True):
            found = faces.detect(picture)
            pixels = np.sqrt(found.box[:, 2] * found.box[:, 3] * picture.shape[0] * picture.shape[1])
            sure = (found.sure >= SURE) & (pixels >= SIZE)
            when += [time] * int(sure.sum())
            boxes.append(found.box[sure])
            vectors.append(faces.embed(align(picture, found.marks[sure])))
        if not when:
            continue
        every = np.concatenate(vectors)
        number = tracks(np.array(when), np.concatenate(boxes), every)
        for one in np.unique(number):
            if (number == one).sum() >= SIGHTINGS:
                person = row["subject_group"] or f"{row['file']}#{one}"
                yield FaceTrack(row["file"], person, row["fold"], every[number == one])


def separation(found: list[FaceTrack]) -> dict[str, float]:
    """AUC of same against different people with its interval over folds, errors at 0.363, and counts."""
    vectors = np.concatenate([one.vectors for one in found])
    owner = np.repeat(np.arange(len(found)), [len(one.vectors) for one in found])
    likeness = vectors @ vectors.T
    person = np.array([one.person for one in found])[owner]
    fold = np.array([one.fold for one in found])[owner]
    stem = np.array([one.fold.split("_")[0] for one in found])[owner]
    first, second = np.triu_indices(len(vectors), 1)
    same = person[first] == person[second]
    apart = ~same & (fold[first] != fold[second])
    doubtful = (stem[first] == stem[second]) & ((fold[first] == stem[first]) | (fold[second] == stem[second]))
    apart &= ~doubtful
    value = likeness[first, second]

    def figure(rows: npt.NDArray[np.int64]) -> float:
        held = np.bincount(rows, minlength=len(vectors)) > 0
        inside = held[first] & held[second]
        return auc(value[inside & apart], value[inside & same])

    low, high = bootstrap(figure, list(fold), times=100)
    return {
        "tracks": len(found),
        "same": int(same.sum()),
        "different": int(apart.sum()),
        "auc": auc(value[apart], value[same]),
        "auc_low": low,
        "auc_high": high,
        "missed": float((value[same] < 0.363).mean()),
        "false": float((value[apart] >= 0.363).mean()),
    }


def show(kind: str, figures: dict[str, float]) -> None:
    """Print one line of figures."""
    print(
        f"{kind:9s} {figures['tracks']:3.0f} tracks, {figures['same']:.0f} pairs of one person and "
        f"{figures['different']:.0f} of two: AUC {figures['auc']:.5f} "
        f"({figures['auc_low']:.5f}–{figures['auc_high']:.5f}); at 0.363 {figures['missed']:.2%} missed, "
        f"{figures['false']:.2%} false"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", type=Path, required=True, help="folder with labels.tsv")
    options = parser.parse_args()
    for kind in ("identity", "all"):
        show(kind, separation(list(tracks_of(options.corpus, kind))))


if __name__ == "__main__":
    main()
