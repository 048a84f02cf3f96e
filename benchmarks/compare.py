"""Compare two pytest-benchmark JSON files of the same machine as ratios.

Usage: ``python -m benchmarks.compare BASE.json HEAD.json [--limit 1.5]``. Minimum times are compared,
since means follow the machine's other load; exits with 1 where a benchmark became slower than the limit.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path


def minimums(path: Path) -> dict[str, float]:
    """Benchmark name → minimum seconds."""
    data = json.loads(path.read_text(encoding="utf-8"))
    return {entry["fullname"]: entry["stats"]["min"] for entry in data["benchmarks"]}


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("base", type=Path)
    parser.add_argument("head", type=Path)
    parser.add_argument("--limit", type=float, default=1.5, help="largest ratio head ÷ base that passes")
    options = parser.parse_args(argv)
    base, head = minimums(options.base), minimums(options.head)
    slower = []
    print(f"{'head ÷ base':>11}  benchmark")
    for name in sorted(head):
        if name not in base:
            print(f"{'new':>11}  {name}")
            continue
        ratio = head[name] / base[name]
        print(f"{ratio:>11.2f}  {name}")
        if ratio > options.limit:
            slower.append(name)
    if slower:
        print(f"{len(slower)} benchmark(s) more than {options.limit} times slower than the base.")
    return 1 if slower else 0


if __name__ == "__main__":
    sys.exit(main())
