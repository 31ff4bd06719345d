-- SPDX-License-Identifier: Apache-2.0
local function fib(n) return n < 2 and n or fib(n - 1) + fib(n - 2) end
print(_VERSION, fib(24))

local words = {}
for word in ([[the quick brown fox jumps over the lazy dog]]):gmatch('%a+') do
  words[#words + 1] = word:upper()
end
table.sort(words)
print(table.concat(words, ' '))

local co = coroutine.wrap(function()
  for i = 1, 3 do coroutine.yield(('%d:%5.2f'):format(i, math.sqrt(i))) end
end)
print(co(), co(), co())

local live = setmetatable({}, { __mode = 'k' })
for i = 1, 200000 do live[{ i, tostring(i) }] = i end
collectgarbage()
local left = 0
for _ in pairs(live) do left = left + 1 end
print('after collecting', left)

print(select(2, pcall(error, { code = 7 })).code, pcall(error, 'text', 0))
print(select('#', table.unpack({}, 1, 100)), string.rep('ab', 3, '-'), 1 << 62, 7 // 2, 2 ^ 0.5)
print(os.getenv('K'), type(os.time()), io.open('/nowhere/file'))
