-- SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
local run = require "tests.lua.ring_model"

local ALL = 200000

local function play(packed, count)
  local seed = tonumber(os.getenv "VSK_SEED") or os.time() % (1 << 31)
  print(("%s ring: seed %d"):format(packed and "packed" or "split", seed))
  assert.is_true(run(seed, packed, count) >= count)
end

describe("both ends of a ring do what plain lists say:", function()
  for _, packed in ipairs { false, true } do
    local name = packed and "packed" or "split"

    it(name .. ", a seed that is always the same", function()
      assert.is_true(run(0, packed, 1000) >= 1000)
    end)

    it(name .. ", 20000 operations", function() play(packed, ALL // 10) end)

    it(name .. ", 200000 operations #full", function() play(packed, ALL) end)
  end
end)
