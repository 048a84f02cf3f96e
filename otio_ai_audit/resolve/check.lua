-- Audit Check: says which way of otio-ai-audit works in this DaVinci Resolve.
--
-- Put it beside the other menu scripts and choose Workspace > Scripts > Audit Check. It sets one marker
-- (Cream, AUDIT CHECK) on the first free frame of the open timeline, in place of its earlier one, and prints
-- the same. It needs nothing but markers, so it also runs where scripts may do little else.

--@ common.lua

local NAME = "AUDIT CHECK"
local PREFIX = "otio_ai_audit 1 Cream"

local function lane_of(product, version)
  -- Sentences for a person: what works here, and where to click.
  local major, minor = string.match(version, "^(%d+)%.(%d+)")
  major, minor = tonumber(major), tonumber(minor)
  local files = "File > Export > Timeline (OpenTimelineIO), run otio-ai-audit audit on it, then right-click"
    .. " the timeline in the Media Pool > Timelines > Import > Timeline Markers from EDL"
  if string.find(string.lower(product), "studio", 1, true) then
    return "Works here: Workspace > Scripts > Audit Timeline. From outside too: otio-ai-audit resolve audit."
  end
  if major == nil then
    return "Works everywhere: " .. files .. "."
  end
  if major > 21 or (major == 21 and minor >= 1) then
    return "This edition lists no Python scripts, so use files: " .. files .. ". Experimental: -o markers.lua."
  end
  return "Works here: Workspace > Scripts > Audit Timeline. If it is not listed, use files: " .. files .. "."
end

local function main()
  local api = find_resolve()
  local project = try(try(api, "GetProjectManager"), "GetCurrentProject")
  local timeline = try(project, "GetCurrentTimeline")
  local product = tostring(try(api, "GetProductName") or "DaVinci Resolve")
  local version = tostring(try(api, "GetVersionString") or "")
  local shown = version == "" and product or product .. " " .. version
  local text = "Lua works in " .. shown .. ". " .. lane_of(product, version)
  say(text)
  if timeline == nil then
    return say("Open a timeline and run this again to see it as a marker.")
  end
  local rows = markers_on(timeline)
  if rows == nil then
    return say("Resolve does not answer; close its dialogs and run this again.")
  end
  local taken = {}
  for _, row in ipairs(rows) do
    -- Only a note that nobody touched has the id that is the hash of its words.
    local body, id = string.match(row.note, "^(.-)%s*%[audit (%x+)%]$")
    local ours = row.name == NAME and row.color == "Cream" and body ~= nil and own_id(body) == id
    if not (ours and try(timeline, "DeleteMarkerAtFrame", row.frame)) then
      taken[row.frame] = true
    end
  end
  local frame = free_frame(taken, length_of(timeline))
  local id = own_id(text)
  local row = { frame = frame, frames = 1, color = "Cream", name = NAME, note = text .. " [audit " .. id .. "]" }
  row.custom = PREFIX .. " " .. id
  if frame == nil or not add_marker(timeline, row) then
    say("No marker could be set: the timeline needs a clip, and a frame without a marker.")
  end
end

main()
