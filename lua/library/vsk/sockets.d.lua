---@meta _
-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
-- luacheck: ignore 211 212 241

---How a device is served, and the device itself.
---@class vsk.ServeOptions : vsk.DeviceOptions
---@field device? vsk.Device instead of hooks: one that vsk.device made
---@field connect? boolean be the client of who listens
---@field fd? integer a socket that listens or is connected, instead of a path
---@field signals? boolean SIGTERM and SIGINT let run return
---@field protocol? integer vhost-user features offered, a mask of vsk.protocol
---@field trace? integer entries that are kept
---@field capture? string a file, or "-"
---@field log? fun(words: string, code: vsk.Code) is told what happens, also by hooks

---How a guest attaches, and the guest itself.
---@class vsk.AttachOptions : vsk.GuestOptions
---@field guest? vsk.Guest instead of options: one that vsk.guest made
---@field cid? integer where the device tells none
---@field memory? integer bytes
---@field queues? 2|3 how many to hand over: 2 are without the event queue
---@field mem_slots? boolean announce memory by ADD_MEM_REG
---@field protocol? integer vhost-user features accepted, a mask of vsk.protocol
---@field timeout? number seconds for the device to answer
---@field trace? integer entries that are kept
---@field capture? string a file, or "-"
---@field log? fun(words: string, code: vsk.Code) is told what happens

---A device on a vhost-user socket; front ends come and go, one at a time.
---@class vsk.Server
---@field device vsk.Device the device that is served
---@field trace vsk.Trace what passed, where trace or capture was asked for
---@field sessions integer front ends that have come so far
---@field connected boolean one is there
---@field live boolean a driver is ready: packets may flow
---@field protocol integer vhost-user features that the front end has set
local Server = {}

---End it: connections are over, the socket file is removed.
---@return true?
---@return string? message
---@return integer? errno of the capture
function Server:close() end

---Do what there is to do, without waiting.
---@return true?
---@return string? message
---@return vsk.Code? code
function Server:dispatch() end

---Name the descriptor that is readable when dispatch has something to do.
---@return integer
function Server:fileno() end

---Serve until something is true, or for so many seconds, or until stop.
---@param condition? fun(): any
---@param within? number seconds
---@return true|nil ok
---@return string? message
---@return vsk.Code? code
function Server:run(condition, within) end

---Let run return soon; for hooks.
---@return true
function Server:stop() end
