"""Read an edit from disk: OpenTimelineIO here, whole timelines or single clips; others in `formats`."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import zipfile
from fractions import Fraction
from pathlib import Path, PurePosixPath
from typing import Any

import opentimelineio as otio
import platformdirs

from otio_ai_audit.adapters.resolve import is_resolve, normalised
from otio_ai_audit.errors import TimelineError
from otio_ai_audit.timeline.edit_file import EXPORT, OTHERS, choose
from otio_ai_audit.timeline.formats import READERS, read_other

READABLE = ".otio, .otioz, .otiod, .fcpxml, .fcpxmld, .xml (FCP 7), .edl, .aaf, .drt and .drp"
OTIO_SUFFIXES = (".otio", ".otioz", ".otiod", ".json")
EDIT_SUFFIXES = frozenset((*OTIO_SUFFIXES, *READERS)) - {".json"}
"""What is an edit and not a medium; `read` says which of them it cannot read."""


def read(path: Path, rate: Fraction | None = None, name: str | None = None) -> otio.schema.Timeline:
    """Read an edit.

    Parameters
    ----------
    path : Path
        An ``.otio`` file, an ``.otioz`` bundle or an ``.otiod`` folder. A lone clip, track or stack
        (as some tools keep them) is wrapped in a timeline; of a collection the only timeline is taken.
        Or a file in another format of `READABLE`.
    rate : Fraction or None
        Frames per second that the edit is counted in, for formats that do not say it (EDL).
    name : str or None
        Which timeline of a file that holds several; None takes the only one.

    Returns
    -------
    opentimelineio.schema.Timeline
        As the file has it; what Resolve wrote as plain OTIO (`adapters.resolve`), from which `write`
        gives back everything that is not ours unchanged. What could not be read is said in
        ``metadata["otio_ai_audit"]["notices"]``. Media inside an ``.otioz`` are unpacked by `plan`.

    Raises
    ------
    TimelineError
        If there is no such file, it is no edit that can be read here, or it has no clips.
    """
    path = Path(path)
    if path.suffix.lower() in OTIO_SUFFIXES or path.suffix.lower() not in READERS:
        tl = as_timeline(_parse(raw_text(path), path), path, name)
    else:
        tl = read_other(path, rate, name)
    if is_resolve(tl):
        tl = normalised(tl, Path(path.name.removesuffix(".json")).stem)
    if next(iter(tl.find_clips()), None) is None:
        raise TimelineError(f"{path.name} has no clips; export the timeline that you cut.")
    return tl


def raw_text(path: Path) -> str:
    """JSON text of an edit, out of its bundle where it is in one.

    Raises
    ------
    TimelineError
        As `read`.
    """
    suffix = path.suffix.lower()
    try:
        there = path.exists()
    except OSError as error:
        raise TimelineError(f"{path} cannot be read: {error.strerror or error}.") from error
    if not there:
        raise TimelineError(f"There is no file {path}; check the name.")
    if suffix in OTHERS:
        raise TimelineError(f"{path.name} is {OTHERS[suffix]}, not OpenTimelineIO. {EXPORT}")
    if suffix not in OTIO_SUFFIXES:
        raise TimelineError(f"{path.name} is no edit that can be read here ({READABLE}). {EXPORT}")
    try:
        if suffix == ".otioz":
            with zipfile.ZipFile(path) as bundle:
                return bundle.read("content.otio").decode("utf-8-sig")
        file = path / "content.otio" if suffix == ".otiod" or path.is_dir() else path
        return file.read_text(encoding="utf-8-sig")
    except (zipfile.BadZipFile, KeyError) as error:
        raise TimelineError(f"{path.name} is not an OTIO bundle; export it again as .otio.") from error
    except UnicodeDecodeError as error:
        raise TimelineError(f"{path.name} is not an OTIO file (it is not text). {EXPORT}") from error
    except OSError as error:
        raise TimelineError(f"{path} cannot be read: {error.strerror or error}.") from error


def _parse(text: str, path: Path) -> Any:
    try:
        return otio.adapters.read_from_string(text, "otio_json")
    except otio.exceptions.OTIOError as error:
        raise TimelineError(_why_not(text, path, error)) from error
    except (ValueError, TypeError, RuntimeError) as error:
        raise TimelineError(_why_not(text, path, error)) from error


def _why_not(text: str, path: Path, error: Exception) -> str:
    try:
        known = isinstance(json.loads(text), dict) and "OTIO_SCHEMA" in text
    except ValueError as fault:
        return f"{path.name} is not an OTIO file (no JSON: {fault}). {EXPORT}"
    if "schema version" in str(error):
        return (
            f"{path.name} was written by a newer or a damaged OTIO ({error}); export it again as plain .otio."
        )
    if not known:
        return f"{path.name} is JSON but not an OTIO timeline. {EXPORT}"
    return f"{path.name} cannot be read as OTIO ({error}); export it again."


def as_timeline(root: Any, path: Path, name: str | None = None) -> otio.schema.Timeline:
    """Return the timeline that a file holds, wrapping a fragment of one.

    Raises
    ------
    TimelineError
        If the file holds something else, no timeline of that name, or several and no name is given.
    """
    if isinstance(root, otio.schema.SerializableCollection):
        timelines = [one for one in root if isinstance(one, otio.schema.Timeline)]
        return timelines[choose([one.name for one in timelines], path, name)]
    if isinstance(root, otio.schema.Timeline):
        return root
    if not isinstance(root, otio.core.Item):
        if not isinstance(root, otio.core.SerializableObject):
            raise TimelineError(f"{path.name} is JSON but not an OTIO timeline. {EXPORT}")
        raise TimelineError(
            f"{path.name} holds no timeline but {root.schema_name()}; export the timeline as .otio."
        )
    tl = otio.schema.Timeline()
    if isinstance(root, otio.schema.Stack):
        tl.tracks = root
    elif isinstance(root, otio.schema.Track):
        tl.tracks.append(root)
    else:
        track = otio.schema.Track("Video 1")
        track.append(root)
        tl.tracks.append(track)
    return tl


def cache_folder() -> Path:
    """Folder for what can be made again; ``OTIO_AI_AUDIT_CACHE`` moves it."""
    named = os.environ.get("OTIO_AI_AUDIT_CACHE")
    return Path(named) if named else Path(platformdirs.user_cache_dir("otio-ai-audit", appauthor=False))


def unpack(bundle: Path, member: str, cache: Path | None = None) -> Path | None:
    """Unpack one media file of an ``.otioz`` into the cache, once; None where it is not in there.

    Parameters
    ----------
    bundle : Path
        The ``.otioz``.
    member : str
        Path inside, as the edit has it (``media/truck.mp4``).
    cache : Path or None
        Where to unpack; None is ``bundles`` in the user's cache folder.

    Raises
    ------
    TimelineError
        If the bundle is damaged or the cache cannot be written.
    """
    name = str(PurePosixPath(member))
    if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
        return None
    try:
        state = bundle.stat()
        mark = f"{bundle.resolve()} {state.st_size} {state.st_mtime_ns}"
        folder = (cache or cache_folder() / "bundles") / hashlib.sha256(mark.encode()).hexdigest()[:16]
        with zipfile.ZipFile(bundle) as archive:
            try:
                entry = archive.getinfo(name)
            except KeyError:
                return None
            target = folder.joinpath(*PurePosixPath(name).parts)
            if not target.is_file() or target.stat().st_size != entry.file_size:
                target.parent.mkdir(parents=True, exist_ok=True)
                part = target.with_name(f"{target.name}.{os.getpid()}.part")
                with archive.open(entry) as source, part.open("wb") as sink:
                    shutil.copyfileobj(source, sink, 1 << 20)
                part.replace(target)
            return target
    except zipfile.BadZipFile as error:
        raise TimelineError(f"{bundle.name} is a damaged bundle; export it again.") from error
    except OSError as error:
        raise TimelineError(f"{bundle.name} cannot be unpacked: {error.strerror or error}.") from error
