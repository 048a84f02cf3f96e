"""Signed C2PA manifests, read by the library of the Content Authenticity Initiative where it is installed.

Everything of that library that would ask the network is switched off: manifests that lie elsewhere are not
fetched, certificates are not asked about. What a manifest claims is told as a claim, with who signed it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from ..model import Provenance
from .values import as_generator

UUID = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
"""Of the box of a movie that holds a manifest (C2PA specification, section on BMFF)."""
HEAD = 256 << 10
"""Bytes at the beginning of a picture that hold a manifest, if there is one."""
OFFLINE = {
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False, "verify_trust": False},
    "core": {"allowed_network_hosts": []},
}
AI = ("trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia")
"""IPTC's digital source types of what a model made."""


def from_manifest(path: str | Path) -> Provenance:
    """Read the manifest inside a file; nothing where there is none, or the library is not installed."""
    library = _library()
    if library is None or not _may_hold(Path(path)):
        return Provenance()
    try:
        with (
            library.Context(library.Settings.from_dict(OFFLINE)) as context,
            library.Reader(str(path), context=context) as reader,
        ):
            data = json.loads(reader.json())
    except Exception:  # whatever a damaged manifest makes the library do: it says nothing
        return Provenance()
    return _read(data)


@cache
def _library() -> Any:
    try:
        import c2pa
    except (ImportError, OSError):
        return None
    return c2pa


def _may_hold(path: Path) -> bool:
    """Whether a file has a place for a manifest: a box in a movie, a chunk in a picture."""
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            head = file.read(HEAD)
            if head[4:8] != b"ftyp":
                return any(mark in head for mark in (b"caBX", b"c2pa", b"jumb", b"C2PA"))
            place = 0
            for _ in range(64):
                file.seek(place)
                box = file.read(32)
                if len(box) < 16:
                    return False
                length = int.from_bytes(box[:4], "big")
                wide = length == 1
                if box[4:8] == b"uuid" and UUID in box[8:32]:
                    return True
                length = int.from_bytes(box[8:16], "big") if wide else length
                place += length
                if length < 8 or place >= size:
                    return False
    except OSError:
        pass
    return False


def _read(data: Any) -> Provenance:
    manifests = data.get("manifests") if isinstance(data, dict) else None
    active = manifests.get(data.get("active_manifest")) if isinstance(manifests, dict) else None
    if not isinstance(active, dict):
        return Provenance()
    actions = list(_actions(active))
    made = any(str(action.get("digitalSourceType", "")).rsplit("/", 1)[-1] in AI for action in actions)
    agents = [_agent(action.get("softwareAgent")) for action in actions]
    info = active.get("claim_generator_info")
    agents += [_agent(one) for one in info if isinstance(info, list)] if isinstance(info, list) else []
    generator = next((name for agent in agents if (name := as_generator(agent)) is not None), None)
    signature = active.get("signature_info")
    issuer = signature.get("issuer") if isinstance(signature, dict) else None
    claims = [f"signed by {issuer}"] if isinstance(issuer, str) and issuer else []
    claims += ["declared as AI-generated"] if made else []
    if str(data.get("validation_state", "")).casefold() == "invalid":
        claims.append("the signature does not fit the file")
    if not claims and generator is None:
        return Provenance()
    return Provenance(generator=generator if made else None, sources=("C2PA",), claims=tuple(claims))


def _actions(manifest: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for assertion in manifest.get("assertions") or ():
        if isinstance(assertion, dict) and str(assertion.get("label", "")).startswith("c2pa.actions"):
            data = assertion.get("data")
            actions = data.get("actions") if isinstance(data, dict) else None
            yield from (action for action in actions or () if isinstance(action, dict))


def _agent(value: Any) -> str:
    return str(value.get("name", "")) if isinstance(value, dict) else str(value or "")
