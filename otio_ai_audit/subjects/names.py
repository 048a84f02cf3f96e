"""Subjects hinted at by names: clips whose names lead with the same word that says something.

``truck_drive_v007`` and ``truck_front_v004`` are both of a truck; ``shot_010_v2`` and ``shot_020_v1`` are of
nothing known. A hint is only given where it can hardly be wrong; what looks alike is found without it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from .match import plain

PROJECT_SHARE = 0.9
"""A word that more of the clips lead with is the project's name: it tells no clip from another…"""
PROJECT_CLIPS = 6
"""… where there are at least so many clips."""

_EMPTY = """
a an and at by for from in into my of on or our out over the their to with shot shots sh sc scn
scene scenes seq sequence clip clips take takes tk cam camera angle reel tape slate v ver vers
version versions rev final fin comp comps export exported render rendered rendering output result
results video videos vid movie film image images img pic pics picture pictures photo photos frame
frames still stills screenshot capture recording footage file media asset assets untitled unnamed
default copy dup draft wip temp tmp test tests try demo sample example proxy optimized upscale
upscaled upscaling enhanced interp interpolated fix fixed grade graded raw src source orig original
plate bg fg background foreground master main edit cut selects select sel best good bad alt option
opt approved client ad advert spot commercial teaser trailer promo intro outro part hero broll roll
stock download wide medium close closeup up cu ecu mcu ws ms ls mls els pov ots insert establishing
aerial drone dolly pan tilt tracking zoom static handheld slow slowmo timelapse int ext day night
gen gens generated generation generative ai prompt seed comfyui comfy animatediff runway runwayml
kling sora veo luma dream machine pika pixverse hailuo minimax wan wanx hunyuan hunyuanvideo ltx
ltxv ltxvideo mochi genmo cogvideo cogvideox seedance seedream dreamina jimeng vidu krea higgsfield
haiper moonvalley midjourney mj flux sdxl sd svd stable diffusion firefly dalle imagen ideogram
leonardo nano grok imagine heygen synthesia invideo topaz magnific freepik dsc dscf dscn dcim mvi
gopr dji pxl mov vlc obs layout anim animation animatic previs previz lighting fx cg cgi vfx roto
paint prep precomp overlay inside outside interior exterior normal offline online retime stabilized
denoised turnover
"""
EMPTY = frozenset(_EMPTY.split())
"""Words that say nothing of what is seen: of editing, of cameras, of the programs that made the clip."""

_MODIFIERS = """
red orange yellow green blue purple pink brown black white grey gray silver gold golden dark light
big small large little tiny huge old young new tall short fat thin first second third left right
other another
"""
MODIFIERS = frozenset(_MODIFIERS.split())
"""Words that mean something only with the next one: a red truck is not a red car."""

_SUFFIX = re.compile(r"\.[A-Za-z][A-Za-z0-9]{1,4}$")
_NUMBERING = re.compile(r"\[\d+-\d+\]|%0?\d*d|#+")
_JOINTS = re.compile(r"[\W_]+|(?<=[a-zß-öø-ÿ])(?=[A-ZÀ-ÖØ-Þ])")


def words_of(name: str) -> tuple[str, ...]:
    """Words of a name that say something, in order: no numbers, versions, suffixes or common words.

    A word before digits (``truck02``) counts without them; codes of letters and digits (``A001C003``) do not.
    """
    stem = _NUMBERING.sub(" ", _SUFFIX.sub("", name.strip()))
    found: list[str] = []
    held = ""
    for part in _JOINTS.split(stem):
        word = re.sub(r"\d+$", "", part)
        key = plain(word)
        if not word or any(char.isdigit() for char in word):
            continue
        if key in MODIFIERS:
            held = f"{held} {word}".strip()
        elif key not in EMPTY and (len(word) >= 3 or not word.isascii()):
            found.append(f"{held} {word}".strip())
            held = ""
    return tuple(found)


def groups(names: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Group takes whose names lead with the same word.

    Parameters
    ----------
    names
        Take → its names (clip name, file names); the first that has a word speaks.

    Returns
    -------
    dict
        Take → name of its group, as the first take spells it; groups of at least two only.
    """
    words = {take: next((w for w in map(words_of, given) if w), ()) for take, given in names.items()}
    keys = {take: tuple(map(plain, found)) for take, found in words.items()}
    project = _project(keys)
    members: dict[str, list[tuple[str, str]]] = {}
    for take, key in keys.items():
        at = len(project) if key[: len(project)] == project else 0
        if len(key) > at:
            members.setdefault(key[at], []).append((take, words[take][at].lower()))
    return {take: found[0][1] for found in members.values() if len(found) >= 2 for take, _ in found}


def _project(keys: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Leading words that nearly all clips share."""
    project: tuple[str, ...] = ()
    while len(keys) >= PROJECT_CLIPS:
        depth = len(project) + 1
        counts: dict[tuple[str, ...], int] = {}
        for key in keys.values():
            if len(key) >= depth:
                counts[key[:depth]] = counts.get(key[:depth], 0) + 1
        head, most = max(counts.items(), key=lambda item: item[1], default=((), 0))
        if most <= PROJECT_SHARE * len(keys):
            break
        project = head
    return project
