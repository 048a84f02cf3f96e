"""Edits: read, plan, relink, mark and write. The only room that imports opentimelineio."""

from __future__ import annotations

from otio_ai_audit.timecode import timecode_to_frames as timecode_to_frames
from otio_ai_audit.timecode import to_timecode as to_timecode
from otio_ai_audit.timeline.bare import from_media as from_media
from otio_ai_audit.timeline.choose import attach as attach
from otio_ai_audit.timeline.choose import markers_for as markers_for
from otio_ai_audit.timeline.fcp7_write import write_fcp7 as write_fcp7
from otio_ai_audit.timeline.fcpxml import write_fcpxml as write_fcpxml
from otio_ai_audit.timeline.found import Found as Found
from otio_ai_audit.timeline.found import FoundMedia as FoundMedia
from otio_ai_audit.timeline.found import find_media as find_media
from otio_ai_audit.timeline.live import RELINK as RELINK
from otio_ai_audit.timeline.live import left_aside as left_aside
from otio_ai_audit.timeline.live import live_markers as live_markers
from otio_ai_audit.timeline.live import live_said as live_said
from otio_ai_audit.timeline.live import matched as matched
from otio_ai_audit.timeline.live import proxies_of as proxies_of
from otio_ai_audit.timeline.live import read_live as read_live
from otio_ai_audit.timeline.live import with_standing as with_standing
from otio_ai_audit.timeline.mark import read_markers as read_markers
from otio_ai_audit.timeline.mark import with_markers as with_markers
from otio_ai_audit.timeline.marker_edl import IMPORT_HINT as IMPORT_HINT
from otio_ai_audit.timeline.marker_edl import read_marker_edl as read_marker_edl
from otio_ai_audit.timeline.marker_edl import write_marker_edl as write_marker_edl
from otio_ai_audit.timeline.master import plan_master as plan_master
from otio_ai_audit.timeline.plan import PlanOptions as PlanOptions
from otio_ai_audit.timeline.plan import plan as plan
from otio_ai_audit.timeline.read import EDIT_SUFFIXES as EDIT_SUFFIXES
from otio_ai_audit.timeline.read import read as read
from otio_ai_audit.timeline.relink import IMAGE_SUFFIXES as IMAGE_SUFFIXES
from otio_ai_audit.timeline.relink import file_name as file_name
from otio_ai_audit.timeline.relink import parse_map as parse_map
from otio_ai_audit.timeline.relink import rewrite as rewrite
from otio_ai_audit.timeline.retime import frames_of as frames_of
from otio_ai_audit.timeline.selects import Selects as Selects
from otio_ai_audit.timeline.selects import arrange_selects as arrange_selects
from otio_ai_audit.timeline.selects import select_clips as select_clips
from otio_ai_audit.timeline.selects import select_findings as select_findings
from otio_ai_audit.timeline.selects import select_uses as select_uses
from otio_ai_audit.timeline.selects_otio import selects_otio as selects_otio
from otio_ai_audit.timeline.selects_otio import write_selects as write_selects
from otio_ai_audit.timeline.subjects import Said as Said
from otio_ai_audit.timeline.subjects import subjects_said as subjects_said
from otio_ai_audit.timeline.takes import shot_and_take as shot_and_take
from otio_ai_audit.timeline.write import write as write
