"""Where generated media come from: what generators leave in files and beside them.

Read are ComfyUI's graphs (in tags of movies, PNG, JPEG and WebP), the parameters of A1111 and its kin, JSON
of other programs and services in tags or in a file beside the medium, and signed C2PA manifests. Nothing is
guessed: what is not said, or said in a way that could mean something else, is unknown.
"""

from __future__ import annotations

from .manifests import from_manifest
from .redaction import public
from .sidecars import from_sidecar, sidecars_of
from .tags import from_tags, join

__all__ = ["from_manifest", "from_sidecar", "from_tags", "join", "public", "sidecars_of"]
