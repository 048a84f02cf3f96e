"""Find the media of an edit on this machine: paths from other machines, moved folders, proxies.

Order: `--map`, the path itself, `--media-root` by file name, the edit's own folder; then, where the
original is nowhere, a proxy beside one of those places.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from urllib.parse import unquote

from otio_ai_audit.errors import TimelineError, UsageError

PathMap = tuple[str, str]


def _suffixes(names: str) -> frozenset[str]:
    return frozenset(f".{name}" for name in names.split())


VIDEO_SUFFIXES = _suffixes(
    "mp4 mov mxf mkv webm avi m4v mpg mpeg mts m2ts ts wmv gif braw r3d y4m m2v ogv 3gp flv vob dv 264 265 "
    "h264 h265 hevc av1 ivf nut"
)
IMAGE_SUFFIXES = _suffixes("png jpg jpeg tif tiff exr dpx webp bmp tga psd jp2 hdr cin heic avif sgi")
AUDIO_SUFFIXES = _suffixes("wav mp3 aac m4a flac aif aiff ogg opus caf ac3 wma")

_DRIVE = re.compile(r"^[A-Za-z]:([\\/]|$)")
_SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]+)://")
_PROXY = re.compile(r"[ ._-]?proxy$", re.IGNORECASE)


def parse_map(text: str) -> PathMap:
    """Split the ``OLD=NEW`` of a ``--map`` option.

    Raises
    ------
    UsageError
        If there is no ``=`` or nothing before it.
    """
    old, equals, new = text.partition("=")
    if not equals or not old.strip() or not new.strip():
        raise UsageError(f"“{text}” should be OLD=NEW, for example --map D:\\takes=/mnt/takes")
    return old.strip(), new.strip()


def is_windows(path: str) -> bool:
    """Whether a path is written the Windows way: a drive, a UNC share or backslashes."""
    return bool(_DRIVE.match(path)) or path.startswith("\\\\") or ("\\" in path and "/" not in path)


def components(path: str) -> list[str]:
    """Parts of a path, whichever system wrote it; a leading empty part marks a POSIX root."""
    parts = re.split(r"[\\/]", path) if is_windows(path) else path.split("/")
    kept = [part for part in parts[1:] if part and part != "."]
    return [parts[0], *kept] if parts[0] != "." else kept


def file_name(path: str) -> str:
    """Last part of a path, whichever system wrote it."""
    parts = components(path.rstrip("/\\"))
    return parts[-1] if parts else path


def rewrite(path: str, maps: Iterable[PathMap]) -> list[str]:
    """Replace the longest matching prefix; whole folders only, Windows prefixes in any case and slash.

    Parameters
    ----------
    path : str
        A path as the edit has it.
    maps : Iterable[PathMap]
        Pairs of old and new prefix; the two may belong to different systems.

    Returns
    -------
    list[str]
        The rewritten paths, longest prefix first; empty where no prefix matches.
    """
    parts = components(path)
    found = []
    for old, new in maps:
        prefix = components(old.rstrip("/\\") or old)
        if len(prefix) > len(parts):
            continue
        either_windows = is_windows(old) or is_windows(path)
        head = parts[: len(prefix)]
        if _same(head, prefix, either_windows):
            mark = "\\" if is_windows(new) else "/"
            rest = mark.join(parts[len(prefix) :])
            base = new.rstrip("/\\")
            found.append((len(prefix), f"{base}{mark}{rest}" if rest else base))
    return [mapped for _, mapped in sorted(found, key=lambda item: -item[0])]


def _same(one: Sequence[str], two: Sequence[str], ignore_case: bool) -> bool:
    if ignore_case:
        return [part.casefold() for part in one] == [part.casefold() for part in two]
    return list(one) == list(two)


def local_candidates(url: str) -> list[str]:
    """Paths that a media URL or raw path may mean, likeliest first.

    Resolve writes raw paths. Others write ``file://`` URLs, some percent-encoded, some not (OTIO's
    own helper), so ``#``, ``?`` and ``%20`` are taken both ways.

    Raises
    ------
    TimelineError
        If the URL is not of a file (``https://…``).
    """
    scheme = _SCHEME.match(url)
    if not scheme:
        decoded = unquote(url)
        return [url] if decoded == url else [url, decoded]
    if scheme[1].lower() != "file":
        raise TimelineError(f"{url} is not a local file; download it and relink the clip.")
    body = url[len(scheme[0]) :]
    paths = []
    for text in (unquote(body), body):
        host, slash, rest = text.partition("/")
        if _DRIVE.match(text):
            path = text
        elif host and host.lower() != "localhost":
            path = f"\\\\{host}\\{rest}".replace("/", "\\") if slash else host
        else:
            path = rest if _DRIVE.match(rest) else f"/{rest}"
        if path not in paths:
            paths.append(path)
    return paths


def usable(path: str) -> bool:
    """Whether a path can name a file on this system at all."""
    return os.name == "nt" or not is_windows(path)


def _plain(name: str) -> str:
    """One spelling of a name, whatever the case and the Unicode normal form of its disk."""
    return unicodedata.normalize("NFC", name).casefold()


@dataclass
class Index:
    """File names below some folders, read once when first asked."""

    roots: tuple[Path, ...]
    _files: dict[str, list[Path]] | None = field(default=None, repr=False)
    _stems: dict[str, list[Path]] | None = field(default=None, repr=False)

    def _read(self) -> dict[str, list[Path]]:
        if self._files is None:
            self._files = {}
            for root in self.roots:
                if not root.is_dir():
                    raise TimelineError(f"The media root {root} is not a folder; check --media-root.")
                for folder, folders, names in os.walk(root, followlinks=False):
                    folders.sort()
                    for name in sorted(names):
                        self._files.setdefault(_plain(name), []).append(Path(folder, name))
        return self._files

    def find(self, path: str) -> Path | None:
        """Find a file by name; several of that name are told apart by the folders above them.

        Raises
        ------
        TimelineError
            If the folders do not tell them apart.
        """
        if not self.roots:
            return None
        found = self._read().get(_plain(file_name(path)), [])
        exact = [one for one in found if one.name == file_name(path)] or found
        return closest(path, list(dict.fromkeys(exact)))

    def with_stem(self, stem: str) -> list[Path]:
        """List the files whose name without suffix is this one, in its plain spelling."""
        if self._stems is None:
            self._stems = {}
            for paths in self._read().values():
                for one in paths:
                    self._stems.setdefault(_plain(one.stem), []).append(one)
        return list(self._stems.get(stem, ()))

    def folders_with(self, pattern: re.Pattern[str]) -> list[Path]:
        """List the folders that hold files whose name matches a pattern."""
        if not self.roots:
            return []
        folders = {
            one.parent for paths in self._read().values() for one in paths if pattern.fullmatch(one.name)
        }
        return sorted(folders)


def closest(path: str, found: Sequence[Path]) -> Path | None:
    """Choose the candidate that shares most trailing folders with a path.

    Raises
    ------
    TimelineError
        If the best two share equally many: the message lists them.
    """
    if len(found) < 2:
        return found[0] if found else None
    wanted = [_plain(part) for part in components(path)]
    scores = []
    for one in found:
        have = [_plain(part) for part in one.parts]
        same = 0
        for a, b in zip(reversed(wanted), reversed(have), strict=False):
            if a != b:
                break
            same += 1
        scores.append(same)
    best = max(scores)
    winners = [one for one, score in zip(found, scores, strict=True) if score == best]
    if len(winners) > 1:
        listed = "; ".join(str(one) for one in winners[:6])
        more = f" and {len(winners) - 6} more" if len(winners) > 6 else ""
        raise TimelineError(
            f"{file_name(path)} is there {len(winners)} times and the edit’s path {path} fits none better: "
            f"{listed}{more}. Give a narrower --media-root or a --map OLD=NEW."
        )
    return winners[0]


@dataclass(frozen=True)
class Found:
    """Where a file was found; `proxy` where it stands in for the original."""

    path: Path
    proxy: bool = False


class Relinker:
    """Finds files for one plan; answers are remembered, folders are listed once."""

    def __init__(
        self,
        maps: Sequence[PathMap] = (),
        roots: Sequence[Path] = (),
        bases: Sequence[Path] = (),
        proxies: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.maps = tuple(maps)
        self.proxies = proxies
        self.index = Index(tuple(roots))
        self.bases = tuple(bases)
        self.denied: set[str] = set()
        """URLs whose folder may not be entered."""
        self._known: dict[str, Found | None] = {}
        self._listed: dict[str, tuple[str, ...]] = {}
        self._by_stem: dict[str, dict[str, list[str]]] = {}

    def find(self, url: str) -> Found | None:
        """Find one file.

        Raises
        ------
        TimelineError
            If it is found several times and nothing tells the places apart, or is no local file.
        """
        if url not in self._known:
            self._known[url] = self._search(url)
        return self._known[url]

    def find_stem(self, stem: str) -> Path | None:
        """Find a video or picture by its name without suffix, below the media roots or beside the edit.

        Raises
        ------
        TimelineError
            If there are several.
        """
        wanted = _plain(stem)
        found = self.index.with_stem(wanted) if self.index.roots else []
        for base in () if found else self.bases:
            found += [base / name for name in self.names_in(base) if _plain(Path(name).stem) == wanted]
        movies = [one for one in found if one.suffix.lower() in VIDEO_SUFFIXES]
        return closest(stem, movies or [one for one in found if one.suffix.lower() in IMAGE_SUFFIXES])

    def places(self, url: str) -> list[Path]:
        """Absolute paths where a file may lie, without looking: mapped, as written, beside the edit."""
        paths: list[Path] = []
        spellings = local_candidates(url)
        for spelling in spellings:
            paths += [Path(mapped) for mapped in rewrite(spelling, self.maps) if usable(mapped)]
        for spelling in spellings:
            if usable(spelling):
                one = Path(spelling)
                paths += [one] if one.is_absolute() else [base / one for base in self.bases]
        return [Path(os.path.normpath(path)) for path in dict.fromkeys(paths)]

    def beside(self, url: str) -> list[Path]:
        """Where a file would lie if the edit had been moved together with its media."""
        paths = []
        for spelling in local_candidates(url):
            parts = components(spelling)
            tails = [parts[-count:] for count in range(1, min(len(parts), 12))]
            paths += [base.joinpath(*tail) for base in self.bases for tail in tails]
        return list(dict.fromkeys(paths))

    def names_in(self, folder: Path) -> tuple[str, ...]:
        """Names in a folder, sorted; empty where it cannot be read."""
        key = str(folder)
        if key not in self._listed:
            try:
                self._listed[key] = tuple(sorted(entry.name for entry in os.scandir(folder)))
            except OSError:
                self._listed[key] = ()
        return self._listed[key]

    def _is_file(self, place: Path, url: str) -> bool:
        try:
            return place.is_file()
        except PermissionError:
            self.denied.add(url)
            return False
        except (OSError, ValueError):
            return False

    def _search(self, url: str) -> Found | None:
        places = self.places(url)
        for place in places:
            if self._is_file(place, url):
                return Found(place)
        for spelling in local_candidates(url):
            indexed = self.index.find(spelling)
            if indexed is not None:
                return Found(indexed)
        beside = self.beside(url)
        for place in beside:
            if self._is_file(place, url):
                return Found(place)
        for linked in (self.proxies.get(spelling) for spelling in (url, *local_candidates(url))):
            for place in self.places(linked) if linked else ():
                if self._is_file(place, url):
                    return Found(place, proxy=True)
        for place in (*places, *beside):
            proxy = self.proxy_of(place)
            if proxy is not None:
                return Found(proxy, proxy=True)
        return None

    def proxy_of(self, original: Path) -> Path | None:
        """Find a proxy of a file that is gone: ``Proxy/`` beside it, ``…_proxy`` or another suffix."""
        if original.suffix.lower() in IMAGE_SUFFIXES:
            return None
        stem = _plain(original.stem)
        for folder in (original.parent / "Proxy", original.parent / "proxy", original.parent):
            for name in self._stems(folder).get(stem, ()):
                if folder != original.parent or name != original.name:
                    return folder / name
        return None

    def _stems(self, folder: Path) -> dict[str, list[str]]:
        """Videos in a folder by what they may stand in for: their stem, without ``_proxy``."""
        key = str(folder)
        if key not in self._by_stem:
            stems: dict[str, list[str]] = {}
            for name in self.names_in(folder):
                stem, suffix = os.path.splitext(name)
                if suffix.lower() in VIDEO_SUFFIXES:
                    for meant in {_plain(stem), _plain(_PROXY.sub("", stem))}:
                        stems.setdefault(meant, []).append(name)
            self._by_stem[key] = stems
        return self._by_stem[key]
