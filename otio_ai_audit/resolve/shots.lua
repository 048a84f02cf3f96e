-- Where the audited shots are now: moved, trimmed, cut in pieces, or gone.

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
