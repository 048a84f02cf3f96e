"""Names of generated clips: shot and take, and which files of a folder belong together."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from otio_ai_audit.errors import MediaError, TimelineError
from otio_ai_audit.timeline.relink import AUDIO_SUFFIXES, IMAGE_SUFFIXES, VIDEO_SUFFIXES

_NUMBERED = re.compile(r"^(?P<prefix>.*?)(?P<number>\d+)(?P<suffix>\.[A-Za-z0-9]+)$")
_VERSION = re.compile(
    r"(?:^|[ ._-])(?P<take>(?:v|ver|version|take|tk|t)[ ._-]?\d+)(?=$|[ ._-])", re.IGNORECASE
)
_COMFY = re.compile(r"^(?P<shot>.+?)[ ._-](?P<take>\d{4,6})_?(?:-audio)?$")
_COUNTER = re.compile(r"^(?P<shot>.*?[^\d ._-])[ ._-]+(?P<take>\d{1,6})$")
_PATTERN = re.compile(
    r"^(?P<prefix>.*?)(?:%0?(?P<printf>\d*)d|(?P<hash>#+)|\[(?P<first>\d+)-(?P<last>\d+)\])(?P<suffix>[^/\\]*)$"
)

FEWEST_IN_FOLDER = 3
"""Numbered pictures of a folder that make an image sequence."""
FEWEST_LISTED = 8
"""The same for files that were named one by one, as a shell does for ``*.exr``."""
PHOTOS = 24
"""Fewer numbered pictures than these may be photos: whether they follow each other decides."""
NO_PHOTOS = frozenset({".exr", ".dpx", ".cin", ".hdr", ".sgi"})

Follow: TypeAlias = Callable[[Sequence[Path]], bool]
"""`video.follow`: whether pictures are frames of one shot."""


def shot_and_take(name: str) -> tuple[str, str]:
    """Split a file or clip name into shot and take.

    Parameters
    ----------
    name : str
        ``truck_v012.mp4`` (truck, v012), ``fox_00001_.png`` (fox, 00001), ``wheel.mp4`` (wheel, "").

    Returns
    -------
    tuple[str, str]
        What stays the same from one version to the next, and what names the version.
    """
    stem = re.sub(r"\.[A-Za-z][A-Za-z0-9]{1,4}$", "", name)
    pattern = _PATTERN.match(stem)
    if pattern and pattern["suffix"] == "":
        stem = pattern["prefix"].rstrip(" ._-") or stem
    versions = list(_VERSION.finditer(stem))
    if versions:
        last = versions[-1]
        head, tail = stem[: last.start()].rstrip(" ._-"), stem[last.end() :].strip(" ._-")
        counter = re.fullmatch(r"\d{4,6}", tail)
        if head and counter:
            return head, f"{last['take']}_{tail}"
        if head or tail:
            return "_".join(part for part in (head, tail) if part), last["take"]
    for known in (_COMFY, _COUNTER):
        match = known.match(stem)
        if match and match["shot"].strip(" ._-"):
            return match["shot"].strip(" ._-"), match["take"]
    return stem.strip(" ._-") or name, ""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A numbered file name: ``shot.[1000-1100].tif``, ``shot.%04d.exr`` or ``shot.####.png``."""

    prefix: str
    suffix: str
    padding: int
    first: int | None = None
    last: int | None = None

    def numbers(self, names: Iterable[str]) -> tuple[int, ...]:
        """Numbers of the files among `names` that this pattern means, sorted."""
        found = []
        for name in names:
            if len(name) <= len(self.prefix) + len(self.suffix):
                continue
            if name.startswith(self.prefix) and name.endswith(self.suffix):
                digits = name[len(self.prefix) : len(name) - len(self.suffix)]
                if not (digits.isascii() and digits.isdigit()):
                    continue
                if len(digits) == self.padding or (len(digits) > self.padding and digits[0] != "0"):
                    number = int(digits)
                    first = number if self.first is None else self.first
                    last = number if self.last is None else self.last
                    if first <= number <= last:
                        found.append(number)
        return tuple(sorted(set(found)))

    def printf(self, folder: Path) -> str:
        """Absolute printf pattern; a ``%`` of the names themselves is doubled."""
        number = f"%0{self.padding}d" if self.padding > 1 else "%d"
        head = str(folder / "x")[:-1] + self.prefix
        return head.replace("%", "%%") + number + self.suffix.replace("%", "%%")

    def label(self) -> str:
        """Name it as Resolve names a sequence: ``shot.[1000-1100].tif``."""
        if self.first is None or self.last is None:
            return f"{self.prefix}{'#' * max(1, self.padding)}{self.suffix}"
        ends = f"{self.first:0{max(1, self.padding)}d}-{self.last:0{max(1, self.padding)}d}"
        return f"{self.prefix}[{ends}]{self.suffix}"


def parse_pattern(name: str) -> Pattern | None:
    """Read a file name as a pattern of numbered pictures; None where it is a plain name."""
    match = _PATTERN.match(name)
    if match is None or not match["suffix"].startswith("."):
        return None
    if (
        Path(match["suffix"]).suffix.lower() not in IMAGE_SUFFIXES
        and match["suffix"].lower() not in IMAGE_SUFFIXES
    ):
        return None
    if match["first"] is not None:
        first, last = int(match["first"]), int(match["last"])
        if last < first:
            return None
        return Pattern(match["prefix"], match["suffix"], len(match["first"]), first, last)
    padding = len(match["hash"]) if match["hash"] else int(match["printf"] or 0)
    return Pattern(match["prefix"], match["suffix"], padding)


@dataclass(frozen=True, slots=True)
class Take:
    """One clip's worth of files: a file, or the numbered pictures of a pattern in a folder."""

    path: Path
    pattern: Pattern | None = None
    numbers: tuple[int, ...] = ()


def expand(paths: Sequence[Path], follow: Follow | None = None) -> list[Take]:
    """Turn files, folders and patterns into takes, in order; folders are walked, sorted by name.

    In folders, pictures numbered up to their suffix are an image sequence, while ComfyUI's
    ``name_00001_.png`` are one take each; ``x.png`` and ``x-audio.mp4`` beside ``x.mp4`` belong to it.
    Few numbered pictures that do not `follow` each other are photos, one take each.

    Raises
    ------
    TimelineError
        If a path does not exist.
    MediaError
        If a folder cannot be read, or holds nothing that could be a clip.
    """
    takes: list[Take] = []
    listed: list[Path] = []
    for path in paths:
        pattern = parse_pattern(path.name)
        try:
            folder, there = path.is_dir(), path.exists()
        except OSError as error:
            raise MediaError(f"{path} cannot be read: {error.strerror or error}.") from error
        if there and not folder:
            listed.append(path)
            continue
        takes += _group(listed, FEWEST_LISTED, follow)
        listed = []
        if folder:
            found = _folder_takes(path, follow)
            if not found:
                raise MediaError(f"The folder {path} holds no video and no pictures.")
            takes += found
        elif pattern is not None:
            takes.append(_pattern_take(path, pattern))
        else:
            raise TimelineError(f"There is no file {path}; check the name.")
    return takes + _group(listed, FEWEST_LISTED, follow)


def _pattern_take(path: Path, pattern: Pattern) -> Take:
    folder = path.parent
    names = sorted(one.name for one in folder.iterdir()) if folder.is_dir() else []
    numbers = pattern.numbers(names)
    if not numbers:
        raise TimelineError(f"No file matches {path}; check the name and the numbers.")
    return _sequence(folder, pattern, numbers)


def _sequence(folder: Path, pattern: Pattern, numbers: tuple[int, ...]) -> Take:
    first = numbers[0] if pattern.first is None else pattern.first
    last = numbers[-1] if pattern.last is None else pattern.last
    whole = Pattern(pattern.prefix, pattern.suffix, pattern.padding, first, last)
    return Take(folder / whole.label(), whole, numbers)


def _folder_takes(
    folder: Path,
    follow: Follow | None,
    troubles: list[str] | None = None,
    walked: frozenset[tuple[int, int]] = frozenset(),
) -> list[Take]:
    """Walk a folder; a folder that cannot be read is an error, or with `troubles` a sentence there.

    Folders that are linked into themselves are walked once.
    """
    try:
        status = folder.stat()
        place = (status.st_dev, status.st_ino)
        if place in walked and place != (0, 0):
            return []
        entries = sorted(folder.iterdir(), key=lambda entry: entry.name)
    except OSError as error:
        trouble = f"The folder {folder} cannot be read: {error.strerror}."
        if troubles is None:
            raise MediaError(trouble) from error
        troubles.append(trouble)
        return []
    files = [one for one in entries if not one.name.startswith(".") and one.is_file()]
    takes = _group(_without_companions(files), FEWEST_IN_FOLDER, follow)
    for entry in entries:
        if entry.is_dir() and not entry.name.startswith(".") and entry.name.lower() != "proxy":
            takes += _folder_takes(entry, follow, troubles, walked | {place})
    return takes


def walk_folder(folder: Path, follow: Follow | None, troubles: list[str]) -> list[Take]:
    """Walk a folder that takes arrive in: what cannot be read inside it is told in `troubles`.

    Raises
    ------
    MediaError
        If the folder itself cannot be read.
    """
    before = len(troubles)
    takes = _folder_takes(folder, follow, troubles)
    own = [text for text in troubles[before:] if text.startswith(f"The folder {folder} cannot")]
    if own:
        raise MediaError(own[0])
    return takes


def _without_companions(files: Sequence[Path]) -> list[Path]:
    """Leave out what is no clip, and what ComfyUI writes beside a video of the same name."""
    videos = {one.stem: one for one in files if one.suffix.lower() in VIDEO_SUFFIXES}
    kept = []
    for one in files:
        suffix = one.suffix.lower()
        if suffix in AUDIO_SUFFIXES or suffix not in VIDEO_SUFFIXES | IMAGE_SUFFIXES:
            continue
        if suffix in IMAGE_SUFFIXES and one.stem in videos:
            continue
        silent = one.stem.removesuffix("-audio")
        twin = videos.get(silent)
        if suffix in VIDEO_SUFFIXES and silent != one.stem and twin is not None:
            continue
        kept.append(one)
    return kept


def _group(files: Sequence[Path], fewest: int, follow: Follow | None) -> list[Take]:
    groups: dict[tuple[Path, str, str, int], list[tuple[int, Path]]] = {}
    keys: dict[Path, tuple[Path, str, str, int]] = {}
    for one in files:
        match = _NUMBERED.match(one.name)
        if match and one.suffix.lower() in IMAGE_SUFFIXES:
            digits = match["number"]
            padding = len(digits) if digits[0] == "0" else 0
            key = (one.parent, match["prefix"], match["suffix"], padding)
            groups.setdefault(key, []).append((int(digits), one))
            keys[one] = key
    _join_unpadded(groups, keys)
    photos = {key for key, members in groups.items() if follow and _are_photos(members, fewest, follow)}
    takes: list[Take] = []
    done: set[tuple[Path, str, str, int]] = set()
    for one in files:
        key = keys.get(one, (one, "", "", 0))
        members = groups.get(key, [])
        numbers = tuple(sorted(number for number, _ in members))
        if key in photos or not _is_dense(numbers, fewest):
            takes.append(Take(one))
        elif key not in done:
            done.add(key)
            takes.append(_sequence(key[0], Pattern(key[1], key[2], key[3]), numbers))
    return takes


def _is_dense(numbers: Sequence[int], fewest: int) -> bool:
    """Whether these are enough numbers, without too many holes, for a sequence."""
    return len(numbers) >= fewest and len(numbers) * 2 >= numbers[-1] - numbers[0] + 1


def _are_photos(members: Sequence[tuple[int, Path]], fewest: int, follow: Follow) -> bool:
    files = [path for _, path in sorted(members)]
    if len(files) >= PHOTOS or not _is_dense([number for number, _ in sorted(members)], fewest):
        return False
    return files[0].suffix.lower() not in NO_PHOTOS and not follow(files)


def _join_unpadded(
    groups: dict[tuple[Path, str, str, int], list[tuple[int, Path]]],
    keys: dict[Path, tuple[Path, str, str, int]],
) -> None:
    """Put 1000 (which shows no padding) with 0999 (which does) where the width fits."""
    for key in [key for key in groups if key[3] == 0]:
        for number, one in list(groups[key]):
            padded = (*key[:3], len(str(number)))
            if padded in groups:
                groups[key].remove((number, one))
                groups[padded].append((number, one))
                keys[one] = padded
