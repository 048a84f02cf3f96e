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
from typing import Any, BinaryIO

from ..model import Provenance
from .plain import AI
from .values import as_generator

UUID = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
"""Of the box of a movie that holds a manifest (C2PA specification, section on BMFF)."""
HEAD = 256 << 10
"""Bytes at the beginning of a picture that hold a manifest, if there is one."""
OFFLINE = {
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False, "verify_trust": False},
    "core": {"allowed_network_hosts": []},
}
BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")
"""What a movie of boxes may begin with."""
MOST_BOXES = 64
MOST_CHUNKS = 4096
LONGEST = 200
"""Characters of a name."""
AI_TYPES = ("trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia")
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
            if head[4:8] in BOXES:
                return any(name == b"uuid" and UUID in start for name, start in _boxes(file, size))
            if head[:4] == b"RIFF":
                return any(name == b"C2PA" for name in _chunks(file, size))
            return any(mark in head for mark in (b"caBX", b"c2pa", b"jumb"))
    except (OSError, ValueError):
        return False


def _boxes(file: BinaryIO, size: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield names and beginnings of the boxes of a movie."""
    place = 0
    for _ in range(MOST_BOXES):
        file.seek(place)
        box = file.read(32)
        if len(box) < 16:
            return
        yield box[4:8], box[8:]
        length = int.from_bytes(box[:4], "big")
        length = int.from_bytes(box[8:16], "big") if length == 1 else length
        place += length
        if length < 8 or place >= size:
            return


def _chunks(file: BinaryIO, size: int) -> Iterator[bytes]:
    """Yield names of the chunks of a RIFF file, where a manifest comes last."""
    place = 12
    for _ in range(MOST_CHUNKS):
        file.seek(place)
        chunk = file.read(8)
        if len(chunk) < 8:
            return
        yield chunk[:4]
        length = int.from_bytes(chunk[4:], "little")
        place += 8 + length + length % 2
        if place >= size:
            return


def _read(data: Any) -> Provenance:
    manifests = data.get("manifests") if isinstance(data, dict) else None
    if not isinstance(manifests, dict):
        return Provenance()
    lineage = list(_lineage(manifests, data.get("active_manifest")))
    made = [agent for manifest in reversed(lineage) for agent in _ai_agents(manifest)]
    failures = _failures(data)
    fits = not any("mismatch" in code for code in failures)
    issuer = _part(lineage[0], "signature_info").get("issuer") if lineage else None
    claims = [f"signed by {issuer[:LONGEST]}"] if isinstance(issuer, str) and issuer else []
    claims += [AI] if made else []
    if not claims:
        return Provenance()
    if failures:
        claims.append("the manifest breaks rules" if fits else "the signature does not fit the file")
    generator = next((name for agent in made if (name := agent[:LONGEST])), None) if fits else None
    return Provenance(generator=generator, sources=("C2PA",), claims=tuple(claims))


def _failures(data: Mapping[str, Any]) -> list[str]:
    """Give the codes of all that is wrong; a summary that tells no more counts as a mismatch."""
    results = _part(_part(data, "validation_results"), "activeManifest")
    codes = [str(one.get("code", "")) for one in _list(results, "failure")]
    invalid = str(data.get("validation_state", "")).casefold() == "invalid"
    return codes or (["mismatch"] if invalid else [])


def _lineage(manifests: Mapping[str, Any], label: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the active manifest, then those of what the file was made from, step by step."""
    seen: set[str] = set()
    while isinstance(label, str) and label not in seen and isinstance(manifests.get(label), dict):
        seen.add(label)
        yield manifests[label]
        parents = [
            one for one in _list(manifests[label], "ingredients") if one.get("relationship") == "parentOf"
        ]
        label = parents[0].get("active_manifest") if parents else None


def _ai_agents(manifest: Mapping[str, Any]) -> Iterator[str]:
    """Yield who made what a manifest declares as made by a model, action by action; empty: not named."""
    claimed = [_name(one) for one in _list(manifest, "claim_generator_info")]
    for assertion in _list(manifest, "assertions"):
        if not str(assertion.get("label", "")).startswith("c2pa.actions"):
            continue
        data = _part(assertion, "data")
        agents = _list(data, "softwareAgents")
        for action in _list(data, "actions"):
            if str(action.get("digitalSourceType", "")).rsplit("/", 1)[-1] not in AI_TYPES:
                continue
            number = action.get("softwareAgentIndex")
            listed = agents[number] if isinstance(number, int) and 0 <= number < len(agents) else None
            said = _name(action.get("softwareAgent") or listed)
            known = (as_generator(name) for name in (said, *claimed))
            yield next((name for name in known if name is not None), said)


def _list(held: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = held.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _part(held: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = held.get(name)
    return found if isinstance(found, dict) else {}


def _name(value: Any) -> str:
    found = value.get("name") if isinstance(value, dict) else value
    return found.strip() if isinstance(found, str) else ""
