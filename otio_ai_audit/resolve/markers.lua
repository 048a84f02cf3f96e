-- Markers of otio-ai-audit for one timeline, as a menu script.
--
-- EXPERIMENTAL: nobody has run this in a live DaVinci Resolve yet. It is for the free edition since 21.1, which
-- lists no Python scripts any more.
--
-- How to use it: put this file into Resolve's folder Fusion/Scripts/Utility (otio-ai-audit resolve doctor says
-- where that is), open the timeline that was audited, and choose it under Workspace > Scripts.
--
-- It finds the shots as they are now and sets the markers there, in place of earlier ones of otio-ai-audit. What
-- you made green, began with "ok", coloured otherwise or wrote into stays, and nobody else's marker is touched.
-- A Cream marker on the first free frame says what was written and what could not. It needs nothing but markers.

--@ data

--@ common.lua

local PREFIX = "otio_ai_audit"
local OURS = { Lemon = true, Fuchsia = true, Sky = true, Rose = true, Cream = true }

local function by_id(note, custom)
  -- Ids in custom data and at the end of the note, and the words before that end.
  local ids, body, listed, after = {}, string.match(note, "^(.*)%[audit ([%x%s,]+)%]%s*(.-)%s*$")
  for id in string.gmatch(listed or "", "%x%x%x%x%x%x") do
    ids[id] = true
  end
  local color, rest = string.match(custom, "^" .. PREFIX .. " %d+ (%a+)(.*)$")
  for id in string.gmatch(rest or "", "%x%x%x%x%x%x") do
    ids[id] = true
  end
  return (color ~= nil or listed ~= nil) and ids or nil, body or note, after or "", color
end

local function judged(row)
  -- "": ours as we wrote it. "keep": a person said something with it. "theirs": not ours.
  local ids, body, after, color = by_id(row.note, row.custom)
  if ids == nil then
    return "theirs"
  end
  local begins = string.lower((string.gsub(row.note, "^%s+", "")))
  local said = string.find(begins, "^ok%f[^%w_]") or string.find(begins, "^okay%f[^%w_]")
  said = said or string.find(begins, "^not%s+ok%f[^%w_]") or string.find(begins, "^not%s+okay%f[^%w_]")
  local claimed = color and row.color ~= color or not color and not OURS[row.color]
  if row.color == "Green" or said or claimed then
    return "keep", ids
  end
  local known = DATA.known[row.note]
  if known == nil then
    known = after == "" and ids[own_id(body)] and "" or "keep"
  end
  return known, ids
end

--@ shots.lua

-- --- whether this is the timeline ------------------------------------------------------------------------

local function same_rate(told)
  local number = tonumber(string.match(tostring(told or ""), "^%s*([%d%.]+)"))
  -- Some builds cut 29.97 down to 29.
  return number == nil or math.abs(number - DATA.rate) < 0.01 or number == math.floor(DATA.rate)
end

local function wrong_timeline(timeline, first, found, count)
  local name = tostring(try(timeline, "GetName") or "")
  local told = try(timeline, "GetSetting", "timelineFrameRate")
  if not same_rate(told) then
    return "This timeline runs at " .. tostring(told) .. " frames per second, the audited one at " .. DATA.shown_rate
      .. "; open " .. DATA.name .. " and run this again."
  end
  local sure = name == DATA.name and (DATA.start == nil or first == DATA.start)
  if count > 0 and found * 2 < count and not (sure and found > 0) then
    return "Only " .. found .. " of " .. count .. " audited shots are on this timeline; open " .. DATA.name
      .. ", or export this one and audit it again."
  end
  return nil
end

-- --- writing ---------------------------------------------------------------------------------------------

local function room_of(marker)
  local shot = DATA.shots[marker.shot]
  if shot == nil or not shot.pieces then
    return nil, shot and shot.why or "not on the timeline any more"
  end
  for _, piece in ipairs(shot.pieces) do
    local start, stop, frame = piece.item.start, piece.item.start + piece.item.frames, marker.frame + piece.shift
    if start <= frame and frame < stop then
      return frame, start, stop
    end
  end
  return nil, "the place was cut away"
end

local function next_free(taken, frame, start, stop)
  for candidate = frame, stop - 1 do
    if not taken[candidate] then
      return candidate
    end
  end
  for candidate = frame - 1, start, -1 do
    if not taken[candidate] then
      return candidate
    end
  end
  return nil
end

local function same(one, other)
  for _, key in ipairs({ "frame", "frames", "color", "name", "note", "custom" }) do
    if one[key] ~= other[key] then
      return false
    end
  end
  return true
end

local function without_same(going, coming)
  -- What stands there already exactly so is left alone.
  local at, stays, fresh = {}, {}, {}
  for _, row in ipairs(going) do
    at[row.frame] = row
  end
  for _, row in ipairs(coming) do
    if at[row.frame] and same(at[row.frame], row) then
      stays[row.frame] = true
    else
      fresh[#fresh + 1] = row
    end
  end
  local leaving = {}
  for _, row in ipairs(going) do
    if not stays[row.frame] then
      leaving[#leaving + 1] = row
    end
  end
  return leaving, fresh
end

local function made(marker, free, frame, stop)
  local custom = PREFIX .. " 1 " .. marker.color .. " " .. marker.ids
  if marker.plain then
    -- The last id is the hash of our words: while it fits, nobody wrote into the note.
    custom = custom .. " " .. own_id((string.gsub(marker.note, "%[audit [%x ]+%]%s*$", "")))
  end
  local frames = math.max(1, math.min(frame + marker.frames, stop) - free)
  return
    { frame = free, frames = frames, color = marker.color, name = marker.name, note = marker.note, custom = custom }
end

local function plan(rows)
  -- What goes, what comes and what cannot; nothing is changed yet.
  local going, coming, lost, taken, heard, kept = {}, {}, {}, {}, {}, 0
  for _, row in ipairs(rows) do
    local what, ids = judged(row)
    if what == "" then
      going[#going + 1] = row
    else
      taken[row.frame] = true
      kept = kept + (what == "keep" and 1 or 0)
      for id in pairs(ids or {}) do
        heard[id] = true
      end
    end
  end
  for _, marker in ipairs(DATA.markers) do
    local silent = true
    for id in string.gmatch(marker.ids, "%x+") do
      silent = silent and heard[id]
    end
    if not silent then
      local frame, start, stop = room_of(marker)
      local free = frame and next_free(taken, frame, start, stop)
      if free then
        taken[free] = true
        coming[#coming + 1] = made(marker, free, frame, stop)
      else
        lost[#lost + 1] = marker.label .. " (" .. (frame and "no free frame" or start) .. ")"
      end
    end
  end
  return going, coming, lost, kept
end

local function carry_out(timeline, going, coming)
  -- All or nothing: if Resolve refuses half-way, what was there comes back.
  local gone, come = {}, {}
  local function undo()
    local whole_again = true
    for _, row in ipairs(come) do
      whole_again = try(timeline, "DeleteMarkerAtFrame", row.frame) == true and whole_again
    end
    for _, row in ipairs(gone) do
      whole_again = add_marker(timeline, row) and whole_again
    end
    return whole_again
  end
  for _, row in ipairs(going) do
    if try(timeline, "DeleteMarkerAtFrame", row.frame) ~= true then
      return false, undo()
    end
    gone[#gone + 1] = row
  end
  for _, row in ipairs(coming) do
    if not add_marker(timeline, row) and not add_marker(timeline, row) then
      return false, undo()
    end
    come[#come + 1] = row
  end
  return true
end

local function summarise(timeline, name, parts, length)
  -- One marker says what happened, since nobody opens the console.
  local taken = {}
  for _, row in ipairs(markers_on(timeline) or {}) do
    taken[row.frame] = true
  end
  local body, frame = words(parts[2]), free_frame(taken, length)
  local id = own_id(body)
  local row = { frame = frame, frames = 1, color = "Cream", name = name, custom = PREFIX .. " 1 Cream " .. id }
  row.note = parts[1] .. body .. parts[3] .. " [audit " .. id .. "]"
  return frame ~= nil and add_marker(timeline, row)
end

local function listed(rows)
  local text = table.concat(rows, ", ", 1, math.min(#rows, 5))
  return #rows > 5 and text .. " and " .. (#rows - 5) .. " more" or text
end

local STOPPED = "AUDIT STOPPED"

local function stopped(timeline, why, length)
  -- Only what an earlier stop said is replaced.
  say(why)
  local going = {}
  for _, row in ipairs(markers_on(timeline) or {}) do
    if row.name == STOPPED and judged(row) == "" then
      going[#going + 1] = row
    end
  end
  carry_out(timeline, going, {})
  if not summarise(timeline, STOPPED, { "", why, "" }, length) then
    say("No marker could be set to say so.")
  end
end

local function main()
  local api = find_resolve()
  local timeline = try(try(try(api, "GetProjectManager"), "GetCurrentProject"), "GetCurrentTimeline")
  if timeline == nil then
    return say("Open the timeline " .. DATA.name .. " and run this again.")
  end
  local first, length, rows = whole(try(timeline, "GetStartFrame")), length_of(timeline), markers_on(timeline)
  if first == nil or rows == nil then
    return say("Resolve does not answer; close its dialogs and run this again.")
  end
  local wrong = wrong_timeline(timeline, first, find_shots(timeline, first))
  if wrong then
    return stopped(timeline, wrong, length)
  end
  local going, coming, lost, kept = plan(rows)
  local count = #coming
  going, coming = without_same(going, coming)
  local done, back = carry_out(timeline, going, coming)
  if not done then
    local state = back and "the timeline is as it was" or "some markers may be missing: use Edit > Undo"
    return stopped(timeline, "Resolve refused a marker; " .. state .. ". Close its dialogs and run this again.", length)
  end
  local told = { "Markers written: " .. count .. "." }
  if #lost > 0 then
    told[#told + 1] = "Could not be placed: " .. listed(lost) .. "."
  end
  if kept > 0 then
    told[#told + 1] = "Left as they are: " .. kept .. "."
  end
  local summary, text = DATA.summary, table.concat(told, " ")
  say(text)
  if not summarise(timeline, summary.name, { summary.before, summary.body .. " " .. text, summary.after }, length) then
    say("The summary marker could not be set.")
  end
end

main()
