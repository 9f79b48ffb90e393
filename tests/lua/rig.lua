-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
--- What the specs share.
local busted = require "busted"
local vsk = require "vsk"

local rig = {}

--- The code that a raised message begins with, behind its position.
function rig.raised(call, ...)
  local results = table.pack(pcall(call, ...))
  if results[1] then return "nothing" end
  return tostring(results[2]):match "([EB][RA][RD]_[A-Z_]+): " or tostring(results[2])
end

--- The code of a call that gives nil, message, code.
function rig.refused(found, message, code)
  if found ~= nil and found ~= false then return "nothing" end
  return type(message) == "string" and message ~= "" and code or "no message"
end

--- Say why the rules of the protocol do not bind a CID in the spec that runs, or nobody.
function rig.lawless(why, cid)
  busted.publish({ "lawless" }, why, cid)
end

-- Options of a ring, by its format, and the formats in order.
rig.formats = {
  split = {}, packed = { packed = true }, ["split in order"] = { in_order = true },
  ["packed in order"] = { packed = true, in_order = true },
}
rig.format_names = { "split", "packed", "split in order", "packed in order" }
local form = rig.formats.split

--- Let rig.queue make rings of a format.
function rig.use(name)
  form = rig.formats[name]
end

--- A queue in a memory of its own, 0xAA all over, and the memory.
function rig.queue(options)
  local memory = vsk.memory(1 << 20, { fill = 0xAA })
  local all = {}
  for _, from in ipairs { form, options or { size = 16 } } do
    for name, value in pairs(from) do all[name] = value end
  end
  return vsk.queue(memory, all), memory
end

--- A packet with something in every field.
function rig.packet(fields)
  local packet = vsk.packet {
    src = { 3, 1024 }, dst = { 2, 1234 }, op = "RW", buf_alloc = 262144, fwd_cnt = 7,
    payload = "hello",
  }
  for name, value in pairs(fields or {}) do packet[name] = value end
  return packet
end

--- Write descriptors over the first slots of a ring, and offer the chain at slot 0; in a packed
-- ring, the list of id 0.
function rig.forge(queue, descs)
  for i, desc in ipairs(descs) do queue:set_desc(i - 1, desc) end
  for _ = 1, queue.packed and #descs or 1 do queue.driver:offer(0) end
end

--- The bytes of a descriptor, for indirect tables.
function rig.desc(addr, len, flags, next)
  flags, next = flags or 0, next or 0
  if form.packed then flags, next = next, flags end
  return string.pack("<I8I4I2I2", addr, len, flags, next)
end

--- Collect everything that nothing refers to any more.
function rig.collect()
  collectgarbage()
  collectgarbage()
end

--- Begin a Lua program in a process of its own: what it prints, and a function that waits for its
-- end: whether it was clean, and what it printed since.
function rig.start(program, ...)
  local script = os.tmpname()
  local file = assert(io.open(script, "w"))
  file:write(program)
  file:close()
  local words = { "lua5.4", script, ... }
  local output = io.popen(table.concat(words, " ") .. " 2>&1")
  return output, function()
    local text = output:read "a"
    local clean, how, code = output:close()
    os.remove(script)
    return clean == true and how == "exit" and code == 0, text
  end
end

--- Run a Lua program in a process of its own: whether it ended cleanly, and what it printed.
function rig.child(program, ...)
  local _, finish = rig.start(program, ...)
  return finish()
end

return rig
