"""Small FCPXML documents that tests make themselves."""

from __future__ import annotations

from pathlib import Path

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE fcpxml>\n'
RESOURCES = """
        <format id="r24" frameDuration="100/2400s" width="1920" height="1080"/>
        <format id="r25" frameDuration="1/25s" width="1920" height="1080"/>
        <format id="r2398" frameDuration="1001/24000s" width="1920" height="1080"/>
        <format id="r2997" frameDuration="1001/30000s" width="1920" height="1080"/>
        <format id="still" name="FFVideoFormatRateUndefined"/>
        <effect id="title" name="Basic Title" uid=".../Basic Title.moti"/>
        <asset id="a" name="a" start="0s" duration="20s" hasVideo="1" hasAudio="1" format="r24">
            <media-rep kind="proxy-media" src="file:///takes/proxy/a.mov"/>
            <media-rep kind="original-media" src="file:///takes/a%20one.mp4"/>
        </asset>
        <asset id="b" name="b" src="file://localhost/D:/takes/b.mp4" start="3600s" duration="20s" hasVideo="1"
               format="r24"/>
        <asset id="c25" name="c" start="0s" duration="20s" hasVideo="1" format="r25">
            <media-rep kind="original-media" src="file:///takes/c25.mp4"/>
        </asset>
        <asset id="p" name="p" src="file:///takes/p.png" start="0s" duration="0s" hasVideo="1"
               format="still"/>
        <asset id="w" name="w" src="file:///takes/w.wav" start="0s" duration="20s" hasAudio="1"/>
"""


def sequence(
    spine: str, fmt: str = "r24", start: str = "3600s", duration: str = "10s", more: str = ""
) -> str:
    return f"""<sequence format="{fmt}" tcStart="{start}" tcFormat="NDF" duration="{duration}"{more}>
                <spine>{spine}</spine>
            </sequence>"""


def project(spine: str, name: str = "cut (Resolve)", **given: str) -> str:
    return f"""<project name="{name}">
            {sequence(spine, **given)}
        </project>"""


def document(*projects: str, resources: str = "", version: str = "1.10") -> str:
    inside = "\n        ".join(projects)
    return f"""{HEAD}<fcpxml version="{version}">
    <resources>{RESOURCES}{resources}    </resources>
    <library>
      <event name="event">
        {inside}
      </event>
    </library>
</fcpxml>
"""


def save(text: str, folder: Path, name: str = "cut.fcpxml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path
