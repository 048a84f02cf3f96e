"""Resolve's speed curves as straight pieces."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

STEPS = 12
"""Pieces of an eased stretch."""


def straight(keys: Sequence[Sequence[float]]) -> list[tuple[float, float]]:
    """Turn the keys of a speed curve into points with straight lines between them.

    Parameters
    ----------
    keys
        ``[timeline_s, source_s, smooth, in_x, in_y, out_x, out_y]`` in order of time, at least one;
        the handles of a cubic Bézier curve are in seconds from their key and may be left out.

    Returns
    -------
    list of (float, float)
        Timeline and source seconds, in strictly rising timeline time.
    """
    points = [(keys[0][0], keys[0][1])]
    for one, two in pairwise(keys):
        out_x, out_y = (one[5], one[6]) if len(one) > 6 else (0.0, 0.0)
        in_x, in_y = (two[3], two[4]) if len(two) > 4 else (0.0, 0.0)
        if out_x or out_y or in_x or in_y:
            xs = (one[0], one[0] + out_x, two[0] + in_x, two[0])
            ys = (one[1], one[1] + out_y, two[1] + in_y, two[1])
            for step in range(1, STEPS):
                point = (_bezier(xs, step / STEPS), _bezier(ys, step / STEPS))
                if points[-1][0] < point[0] < two[0]:
                    points.append(point)
        if two[0] > points[-1][0]:
            points.append((two[0], two[1]))
    return points


def _bezier(points: Sequence[float], part: float) -> float:
    rest = 1 - part
    return (
        rest**3 * points[0]
        + 3 * rest**2 * part * points[1]
        + 3 * rest * part**2 * points[2]
        + part**3 * points[3]
    )
