"""ComfyUI's workflows in the form of the user interface: ``nodes``, ``links``, and values without names.

Newer programs name the widgets of a node beside its inputs; of older ones only what cannot mean anything
else is read: a number before a word such as ``randomize`` is a seed, the text of a text encoder is a text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ..model import Provenance, short_hash
from .graphs import from_graph
from .values import WEIGHTS

CONTROLS = ("fixed", "randomize", "increment", "decrement")
"""What becomes of a seed after a run; stands behind it."""
OFF = (2, 4)
"""Modes of nodes that do not run."""
_MOST_HOPS = 50


def is_canvas(data: Any) -> bool:
    """Whether this is a workflow in the form of the user interface."""
    return (
        isinstance(data, dict) and isinstance(data.get("nodes"), list) and isinstance(data.get("links"), list)
    )


def from_canvas(data: Mapping[str, Any], source: str) -> Provenance:
    """Read what a workflow of the user interface says for sure."""
    nodes = {str(node.get("id")): node for node in data["nodes"] if isinstance(node, dict)}
    links = dict(_links(data["links"]))
    kinds = {id_: str(node.get("type")) for id_, node in nodes.items()}
    shape = [f"node {kind}" for kind in kinds.values()]
    shape += [f"{kinds.get(a)} {b} -> {kinds.get(c)} {d}" for a, b, c, d in links.values()]
    graph = {
        id_: {"class_type": kinds[id_], "inputs": _inputs(node, nodes, links)}
        for id_, node in nodes.items()
        if node.get("mode") not in OFF
    }
    return replace(from_graph(graph, source), workflow=short_hash("\n".join(sorted(shape))))


def _links(links: list[Any]) -> Iterator[tuple[str, tuple[str, str, str, str]]]:
    """Yield (id, (from node, from slot, to node, to slot)) of links in both forms that there are."""
    for link in links:
        if isinstance(link, list) and len(link) >= 5:
            yield str(link[0]), (str(link[1]), str(link[2]), str(link[3]), str(link[4]))
        elif isinstance(link, dict):
            ends = ("origin_id", "origin_slot", "target_id", "target_slot")
            a, b, c, d = (str(link.get(name)) for name in ends)
            yield str(link.get("id")), (a, b, c, d)


def _inputs(
    node: Mapping[str, Any],
    nodes: Mapping[str, Mapping[str, Any]],
    links: Mapping[str, tuple[str, str, str, str]],
) -> dict[str, Any]:
    """Give the inputs of a node as the form of the API does."""
    found = _widgets(node)
    for one in _slots(node):
        link = links.get(str(one.get("link")))
        for _ in range(_MOST_HOPS):  # what only passes a link on is not there when a graph runs
            if link is None or str(nodes.get(link[0], {}).get("type")) != "Reroute":
                break
            link = next((links.get(str(slot.get("link"))) for slot in _slots(nodes[link[0]])), None)
        if link is not None:
            found[str(one.get("name"))] = [link[0], link[1]]
    return found


def _slots(node: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    slots = node.get("inputs")
    return [one for one in slots if isinstance(one, dict)] if isinstance(slots, list) else []


def _widgets(node: Mapping[str, Any]) -> dict[str, Any]:
    values = node.get("widgets_values")
    if isinstance(values, dict):
        return {str(name): value for name, value in values.items() if not isinstance(value, list)}
    if not isinstance(values, list):
        return {}
    after = [isinstance(value, str) and value in CONTROLS for value in values]
    plain = [
        value
        for n, value in enumerate(values)
        if not (after[n] and n and isinstance(values[n - 1], int)) and not isinstance(value, list | dict)
    ]
    names = [str(one["widget"].get("name")) for one in _slots(node) if isinstance(one.get("widget"), dict)]
    if names and len(names) == len(plain):
        return dict(zip(names, plain, strict=True))
    kind = str(node.get("type"))
    found: dict[str, Any] = {}
    for n, value in enumerate(values):
        if isinstance(value, int) and n + 1 < len(values) and after[n + 1]:
            found.setdefault("value" if kind == "PrimitiveNode" else "seed", value)
        elif isinstance(value, str) and WEIGHTS.search(value):
            found.setdefault("model_name", value)
    if values and isinstance(values[0], str) and re.search("text.?encode|^Primitive", kind, re.I):
        found["text"] = values[0]
    return found
