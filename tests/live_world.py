"""A timeline in the test Resolve, and a stand-in for the installed command that says what a test wants."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from otio_ai_audit.resolve import live

from .resolve_host import Host, host_with
from .resolve_host_model import Item, Marker, Medium, Timeline

COMMAND = """
import json, os, sys, time
argv = sys.argv[2:]
folder = os.path.dirname(os.path.abspath(sys.argv[0]))
plan = json.load(open(os.path.join(folder, "plan.json"), encoding="utf-8"))
value = lambda name: argv[argv.index(name) + 1]
outputs = [argv[i + 1] for i, word in enumerate(argv) if word == "-o"]
told = json.load(open(value("--live"), encoding="utf-8"))
heard = {"live": told, "argv": argv, "env": dict(os.environ)}
json.dump(heard, open(os.path.join(folder, "heard.json"), "w"))
for line in plan.get("stderr", ()):
    print(line, file=sys.stderr, flush=True)
open(os.path.join(folder, "running"), "w").close()
while plan.get("wait") and os.path.exists(os.path.join(folder, "wait")):
    time.sleep(0.02)
if plan.get("code", 0) not in (0, 3):
    sys.exit(plan["code"])
first = told["timeline"]["start_frame"]
clips = {"V%d/%04d" % (i["track"], i["index"]): i for i in told["items"]}
ours = [m for m in told["markers"] if m["custom"].startswith("otio_ai_audit ") or "[audit " in m["note"]]
standing, quiet = [], set(told["deleted"])
for m in ours + told["gone"]:
    own = m["custom"].split()[2] if m["custom"] else m["color"]
    said = m["color"] == "Green" or m["note"].lower().startswith("ok")
    if said or m["color"] != own:
        quiet |= set(m["custom"].split()[3:])
        if m in ours:
            standing.append({"frame": m["frame"], "item": m["item"]})
markers = []
for f in plan["findings"]:
    item = clips.get(f["clip"])
    if item is None or f["id"] in quiet:
        continue
    if told["selected"] is not None and item["id"] not in told["selected"]:
        continue
    note = "%s [audit %s]" % (f["words"], f["id"])
    markers.append({"frame": item["start"] - first + f["into"], "frames": f["frames"], "color": f["color"],
                    "name": f["name"], "note": note, "ids": [f["id"]], "clip": f["clip"],
                    "custom": "otio_ai_audit 1 %s %s" % (f["color"], f["id"])})
markers.append({"frame": 0, "frames": 1, "color": "Cream", "name": "AUDIT 14:32", "clip": None,
                "ids": [plan["summary"]],
                "note": "Look at %d shots. [audit %s]" % (len(markers), plan["summary"]),
                "custom": "otio_ai_audit 1 Cream " + plan["summary"]})
about = {"name": told["timeline"]["name"], "rate": "24/1", "start_timecode": "01:00:00:00"}
result = {"schema": 1, "timeline": about,
          "clips": [{"id": id_, "timeline_start_frame": i["start"] - first, "frames": i["duration"]}
                    for id_, i in clips.items()],
          "markers": markers, "findings": plan.get("fixed", []),
          "live": {"timeline": told["timeline"]["id"], "items": {id_: i["id"] for id_, i in clips.items()},
                   "standing": standing}}
json.dump(result, open(outputs[0], "w", encoding="utf-8"))
open(outputs[1], "w").close()
sys.exit(plan.get("code", 0))
"""


def finding(
    clip: str, into: int = 5, frames: int = 3, color: str = "Lemon", name: str = "FLICKER"
) -> dict[str, Any]:
    id_ = hashlib.sha256(f"{clip} {into} {name}".encode()).hexdigest()[:6]
    return {"clip": clip, "into": into, "frames": frames, "color": color, "name": name, "id": id_,
            "words": f"Pulses in {clip}."}  # fmt: skip


class World:
    """A timeline of shots, a command, and what was said."""

    def __init__(self, folder: Path, shots: int = 4, **host: Any) -> None:
        self.folder = folder
        self.timeline = Timeline("Advert v3")
        self.shots: list[Item] = [
            self.timeline.clip(Medium(f"/takes/shot_{n:02d}.mp4"), 48, left=10 + n)
            for n in range(1, shots + 1)
        ]
        self.host: Host = host_with(self.timeline, **host)
        self.person = self.host.person
        self.said: list[str] = []
        self.script = folder / "command.py"
        self.script.write_text(COMMAND, encoding="utf-8")
        self.plan(
            finding("V1/0001"), finding("V1/0002"), finding("V1/0003", color="Rose", name="FLASH LIMIT")
        )

    def plan(self, *findings: dict[str, Any], **more: Any) -> None:
        plan = {"findings": list(findings), "summary": "5a5a5a", **more}
        (self.folder / "plan.json").write_text(json.dumps(plan), encoding="utf-8")

    def run(self, task: str = "audit", *, settings: dict[str, Any] | None = None, **more: Any) -> int:
        self.said = []
        more.setdefault("command", [sys.executable, str(self.script)])
        return live.main(
            task,
            resolve=more.pop("resolve", None) or self.host.resolve(),
            home=str(self.folder / "home é"),
            settings={"patience": 3.0, "window": False, **(settings or {})},
            say=self.said.append,
            **more,
        )

    def heard(self) -> dict[str, Any]:
        """What the command was told last."""
        return json.loads((self.folder / "heard.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]

    @property
    def home(self) -> Path:
        return self.folder / "home é" / self.timeline.id

    def ledger(self) -> dict[str, Any]:
        return json.loads((self.home / "ledger.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]

    def ours(self) -> dict[int, str]:
        """Frame → name of every marker of ours on the timeline."""
        return {at: m.name for at, m in sorted(self.timeline.markers.items()) if is_ours(m)}

    def at(self, shot: int, into: int = 5) -> int:
        """Timeline frame of a frame of a shot, as it lies now."""
        return self.shots[shot - 1].start - self.timeline.first + into


def is_ours(marker: Marker) -> bool:
    return marker.custom.startswith("otio_ai_audit ") or "[audit " in marker.note
