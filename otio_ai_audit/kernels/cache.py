"""Where compiled kernels are kept.

Numba's own cache notices neither a changed helper in another file nor changed flags: a stale
caller went on answering with old code. So the folder's name carries a hash of every source in this
package, of the version of the package and of numba's settings; a changed kernel has a new folder.
"""

from __future__ import annotations

import functools
import hashlib
import os
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


@functools.cache
def source_hash() -> str:
    """Hash of all kernel sources and the package's version, 12 hex digits."""
    digest = hashlib.sha256()
    try:
        digest.update(version("otio-ai-audit").encode())
    except PackageNotFoundError:  # a bare checkout on PYTHONPATH
        digest.update(b"0")
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode())
        digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:12]


def cache_dir() -> Path:
    """Folder of compiled kernels; moved by ``NUMBA_CACHE_DIR`` or ``OTIO_AI_AUDIT_CACHE``."""
    named = os.environ.get("NUMBA_CACHE_DIR")
    if named:
        base = Path(named)
    elif own := os.environ.get("OTIO_AI_AUDIT_CACHE"):
        base = Path(own) / "kernels"
    else:
        import platformdirs

        base = Path(platformdirs.user_cache_dir("otio-ai-audit", appauthor=False)) / "kernels"
    return base / f"kernels-{source_hash()}"
