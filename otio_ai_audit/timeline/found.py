"""The media of folders of takes, each with the label that people see: its path below the folder."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from otio_ai_audit.errors import MediaError, TimelineError
from otio_ai_audit.model import Media
from otio_ai_audit.timeline.bare import media_of
from otio_ai_audit.timeline.relink import VIDEO_SUFFIXES
from otio_ai_audit.timeline.takes import Follow, Take, walk_folder


@dataclass(frozen=True, slots=True)
class FoundMedia:
    """A file or sequence of a folder of takes."""

    label: str
    """Path below the folder, with ``/``; below several folders it begins with the folder's name."""
    media: Media


@dataclass(frozen=True, slots=True)
class Found:
    """What lies in folders of takes, in order of labels."""

    media: tuple[FoundMedia, ...]
    pictures: int = 0
    """Single pictures; they are no takes."""
    troubles: tuple[str, ...] = ()
    """What could not be looked into, in sentences."""


def find_media(roots: Sequence[Path], follow: Follow | None = None, besides: Collection[Path] = ()) -> Found:
    """Find the videos and image sequences in folders, and in their folders.

    Parameters
    ----------
    roots
        Folders; a file counts as a folder that holds only it.
    follow
        `video.follow`, which tells numbered pictures of a shot from photos.
    besides
        Files and folders that are none of it, such as what is written there.

    Raises
    ------
    MediaError
        A root that cannot be read.
    TimelineError
        A root that does not exist.
    """
    names = _names(roots)
    found: dict[str, FoundMedia] = {}
    known: set[str] = set()
    troubles: list[str] = []
    pictures = 0
    for root, name in zip(roots, names, strict=True):
        root = root.absolute()
        left_out = [path for one in besides if (path := one.absolute()).is_relative_to(root)]
        for take in _takes_of(root, follow, troubles):
            if any(take.path.is_relative_to(path) for path in left_out):
                continue
            media = media_of(take)
            if media.kind == "still":
                pictures += 1
                continue
            if media.path in known:  # a folder that was given twice, or inside another one
                continue
            known.add(media.path)
            label = name + (take.path.name if take.path == root else take.path.relative_to(root).as_posix())
            plain, number = label, 2
            while label in found:
                label, number = f"{plain} ({number})", number + 1
            found[label] = FoundMedia(label, media)
    return Found(tuple(found[label] for label in sorted(found)), pictures, tuple(troubles))


def _takes_of(root: Path, follow: Follow | None, troubles: list[str]) -> list[Take]:
    try:
        folder, there = root.is_dir(), root.exists()
    except OSError as error:
        raise MediaError(f"{root} cannot be read: {error.strerror or error}.") from error
    if folder:
        return walk_folder(root, follow, troubles)
    if not there:
        raise TimelineError(f"There is no folder {root}; check the name.")
    if root.suffix.lower() not in VIDEO_SUFFIXES:
        raise MediaError(f"{root.name} is no video; give folders of takes.")
    return [Take(root)]


def _names(roots: Sequence[Path]) -> list[str]:
    """Beginning of the labels of each root: nothing for one, else a name that no other has."""
    if len(roots) == 1:
        return [""]
    names: list[str] = []
    for root in roots:
        name = base = "" if root.is_file() else (root.absolute().name or "root") + "/"
        number = 2
        while name and name in names:
            name, number = f"{base[:-1]} {number}/", number + 1
        names.append(name)
    return names
