---@meta _
-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
-- luacheck: ignore 211 212 241

---One thing that passed; tostring gives its line.
---@class vsk.Entry
---@field number integer counted from the beginning
---@field time number seconds
---@field kind string what passed: PACKET, USED, KICK, ...
---@field line string all of it in words
---@field guest integer CID of the guest whose device it is about
---@field queue string? rx, tx or event
---@field head integer? of PACKET, USED and REFUSED: the chain's name
---@field written integer of USED: bytes; of STATUS: the register; of RENEWED: the size
---@field status string? of REFUSED: the rule
---@field packet vsk.Packet? a copy
local Entry = {}

---What passed, in order.
---@class vsk.Trace
---@field [integer] vsk.Entry entries in order, from 1
---@operator len: integer
local Trace = {}

---Draw what passed, from one number up to before another, as a ladder of text.
---@param first? integer
---@param finish? integer
---@param options? {kinds?: string[]}
---@return string
function Trace:ladder(first, finish, options) end

---Keep the account of credit of every connection whose REQUEST is in the trace: a text for each.
---@return string[]
function Trace:ledgers() end

---Go through all packets in it.
---@return fun(): vsk.Packet?
function Trace:packets() end

---Write the packets as pcapng, or all lines where path ends in .txt.
---@param path string
---@return true|nil ok
---@return string? message
---@return integer? errno
function Trace:save(path) end

---Write a script, in "python" or "lua", that says all of it again, and fails where it differs.
---@param language? string
---@param options? {guest?: integer}
---@return string
function Trace:script(language, options) end
