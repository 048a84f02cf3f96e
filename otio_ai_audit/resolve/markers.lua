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

-- --- where the shots are now ---------------------------------------------------------------------------

local function items_on(timeline, first)
  local rows = {}
  for track = 1, whole(try(timeline, "GetTrackCount", "video")) or 0 do
    local items = try(timeline, "GetItemListInTrack", "video", track)
    for _, item in ipairs(type(items) == "table" and items or {}) do
      local start, frames = whole(try(item, "GetStart")), whole(try(item, "GetDuration"))
      local pool = try(item, "GetMediaPoolItem")
      local look = pool == nil and try(item, "GetProperty")
      -- A transition is listed as an item too; it has no medium and no property.
      if start and frames and not (type(look) == "table" and next(look) == nil) then
        local name = tostring(try(item, "GetName") or "")
        rows[#rows + 1] =
          { item = item, pool = pool, track = track, name = name, start = start - first, frames = frames }
      end
    end
  end
  return rows
end

local function file_of(item)
  if item.file == nil then
    item.file = tostring(try(item.pool, "GetClipProperty", "File Name") or "")
  end
  return item.file
end

local function same_clip(shot, item)
  return shot.name == item.name or shot.file ~= "" and shot.file == file_of(item)
end

local function settle(shot, item, shift)
  shot.pieces = { { item = item, shift = shift } }
  shot.shift, item.shot = shift, shot
end

local function standing_still(shots, items)
  local at = {}
  for _, item in ipairs(items) do
    at[item.track .. "/" .. item.start] = item
  end
  for _, shot in ipairs(shots) do
    local item = at[shot.track .. "/" .. shot.start]
    if item and not shot.nested and item.frames == shot.frames and same_clip(shot, item) then
      settle(shot, item, 0)
    end
  end
end

local function by_label(items)
  -- Items that no shot has yet, by their name and by their file.
  local found = {}
  for _, item in ipairs(items) do
    if not item.shot then
      for _, label in ipairs({ item.name, file_of(item) ~= item.name and item.file or nil }) do
        found[label] = found[label] or {}
        table.insert(found[label], item)
      end
    end
  end
  return found
end

local function free_items(shot, labels, frames)
  local found = {}
  for _, item in ipairs(labels[shot.name] or shot.file ~= "" and labels[shot.file] or {}) do
    if not item.shot and (frames == nil or item.frames == frames) then
      found[#found + 1] = item
    end
  end
  return found
end

local function waiting(shots)
  -- How many shots of one name and length have not been found.
  local count = {}
  for _, shot in ipairs(shots) do
    if not shot.pieces then
      local key = shot.name .. "\n" .. shot.frames
      count[key] = (count[key] or 0) + 1
    end
  end
  return count
end

local function shifts(shots)
  -- For every shot, how far its nearest neighbours on its track have moved: the one before, the one after.
  local before, after, last = {}, {}, {}
  for index, shot in ipairs(shots) do
    before[index] = last[shot.track]
    last[shot.track] = shot.shift or last[shot.track]
  end
  last = {}
  for index = #shots, 1, -1 do
    local track = shots[index].track
    after[index] = last[track]
    last[track] = shots[index].shift or last[track]
  end
  for index = 1, #shots do
    before[index] = before[index] or after[index] or 0
    after[index] = after[index] or before[index]
  end
  return before, after
end

local function moved(shots, items)
  -- First those of which there is one only: they tell how far their neighbours went.
  local labels, rivals = by_label(items), waiting(shots)
  for _, shot in ipairs(shots) do
    if not shot.pieces and not shot.nested and rivals[shot.name .. "\n" .. shot.frames] == 1 then
      local found = free_items(shot, labels, shot.frames)
      if #found == 1 then
        settle(shot, found[1], found[1].start - shot.start)
      end
    end
  end
  local before, after = shifts(shots)
  for index, shot in ipairs(shots) do
    if not shot.pieces and not shot.nested then
      for _, item in ipairs(free_items(shot, labels, shot.frames)) do
        local shift = item.start - shot.start
        if item.track == shot.track and (shift == before[index] or shift == after[index]) then
          settle(shot, item, shift)
          break
        end
      end
    end
  end
end

local function piece_of(shot, item, before)
  -- How far the frames of a shot went that was trimmed or cut in pieces; nil where that is not sure.
  local left = shot.left and whole(try(item.item, "GetLeftOffset"))
  local begin, stop = shot.start + before, shot.start + before + shot.frames
  if left then
    local lost = left - shot.left
    if lost >= -shot.frames and lost < shot.frames then
      return item.start - shot.start - lost
    end
  elseif item.track == shot.track and item.start > begin and item.start + item.frames <= stop then
    return before
  end
  return nil
end

local function trimmed(shots, items)
  local labels, count = by_label(items), {}
  local before, after = shifts(shots)
  for _, shot in ipairs(shots) do
    count[shot.name] = (count[shot.name] or 0) + (shot.pieces and 0 or 1)
  end
  for index, shot in ipairs(shots) do
    if not shot.pieces and not shot.nested then
      local pieces = {}
      for _, item in ipairs(free_items(shot, labels)) do
        local shift = piece_of(shot, item, before[index])
        -- Of several shots of one clip only those are told apart that went where their neighbours went.
        local along = item.track == shot.track and (shift == before[index] or shift == after[index])
        if shift and (count[shot.name] == 1 or along) then
          pieces[#pieces + 1] = { item = item, shift = shift }
        else
          shot.why = "its cuts changed"
        end
      end
      shot.pieces = #pieces > 0 and pieces or nil
    end
  end
end

local function inside(shots, items)
  -- A shot in a compound clip goes where the item goes that holds it.
  local before = shifts(shots)
  for index, shot in ipairs(shots) do
    local first = shot.start + before[index]
    for _, item in ipairs(shot.nested and items or {}) do
      if item.track == shot.track and item.start <= first and first < item.start + item.frames then
        shot.pieces = { { item = item, shift = before[index] } }
      end
    end
  end
end

local function find_shots(timeline, first)
  local shots, items = DATA.shots, items_on(timeline, first)
  standing_still(shots, items)
  moved(shots, items)
  trimmed(shots, items)
  inside(shots, items)
  local found = 0
  for _, shot in ipairs(shots) do
    found = found + (shot.pieces and 1 or 0)
  end
  return found, #shots
end

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
