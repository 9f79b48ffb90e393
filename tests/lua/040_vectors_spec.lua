-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
local recorded = require "tests.lua.recorded"
local vsk = require "vsk"

describe("what Linux posted", function()
  for _, path in ipairs(recorded.files) do
    local name = path:match "([^/]+)%.chains"

    it(name .. ": every TX chain is its packet", function()
      local count = 0
      for entry in recorded.chains(path) do
        if entry.queue == "tx" then
          local chain = recorded.post(entry).device:pop()
          local packet = assert(vsk.from_tx(chain))

          assert.equal(entry.indirect, chain.indirect)
          assert.equal(#entry.bytes, chain.readable)
          assert.equal(entry.bytes, packet:bytes())
          assert.equal(entry.bytes:sub(45), tostring(packet:buffer()))
          assert.is_true(packet == assert(vsk.parse(entry.bytes)))
          assert.is_true(packet:check())
          count = count + 1
        end
      end
      assert.is_true(count >= 10, count)
    end)

    it(name .. ": every chain's descriptors stand where they were recorded", function()
      for entry in recorded.chains(path) do
        local chain = recorded.post(entry).device:pop()

        assert.equal(#entry.descs, #chain.spans)
        for i, span in ipairs(chain.spans) do
          assert.same(entry.descs[i], { span.addr, span.len, span.write and "w" or "r" })
          assert.equal(entry.indirect, span.indirect)
        end
      end
    end)

    it(name .. ": every RX chain brings a packet to the driver's end", function()
      local count = 0
      for entry in recorded.chains(path) do
        if entry.queue == "rx" then
          local queue = recorded.post(entry)
          local chain = queue.device:pop()
          local out = assert(vsk.into_rx(chain))
          local payload = ("0123456789abcdef"):rep(out.room // 16 + 1):sub(1, out.room)
          out.src, out.dst, out.op = { 2, 1234 }, { 3, 1024 }, "RW"
          assert(out:write(payload))
          assert.equal(chain.writable, out:commit())
          queue.device:push(chain, out:commit())

          for packet, message in queue.driver:packets() do
            assert(packet, message)
            assert.equal(payload, packet.payload)
            assert.same({ 2, 1234 }, packet.src)
            assert.equal("RW", packet.op)
            count = count + 1
          end
        end
      end
      assert.equal(2, count)
    end)
  end

  it("has payloads that differ, direct and indirect chains, and long ones", function()
    local seen, longest, direct, indirect = {}, 0, 0, 0
    for _, path in ipairs(recorded.files) do
      for entry in recorded.chains(path) do
        if entry.bytes then seen[entry.bytes] = true longest = math.max(longest, #entry.bytes) end
        if entry.indirect then indirect = indirect + 1 else direct = direct + 1 end
      end
    end
    local different = 0
    for _ in pairs(seen) do different = different + 1 end

    assert.is_true(different >= 30 and longest > 60000 and direct > 10 and indirect > 10)
  end)
end)
