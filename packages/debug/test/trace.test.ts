// SPDX-License-Identifier: Apache-2.0
import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { codeOf } from '@motte/test-helpers/errors';
import type { ReadMemory } from '../src/memory.js';
import { CALLS } from '../src/trace/calls.js';
import { parseFilter } from '../src/trace/filter.js';
import { NAMES } from '../src/trace/names.js';
import { Tracer, lastLine } from '../src/trace/tracer.js';
import { unsupportedText } from '../src/trace/unsupported.js';

const AT = 0x10000n;

/** A memory of these bytes at AT, and nothing else. */
function memoryOf(bytes: Uint8Array): ReadMemory {
  return (address, length) => {
    const from = address - AT;
    const inside = from >= 0n && from < BigInt(bytes.length);
    return Promise.resolve(inside ? bytes.slice(Number(from), Number(from) + length) : new Uint8Array(0));
  };
}

const numberOf = (name: string): bigint => {
  const found = [...NAMES].find(([, each]) => each === name);
  if (found === undefined) throw new Error(name);
  return BigInt(found[0]);
};

interface Traced {
  readonly name: string;
  readonly args: readonly bigint[];
  readonly result: bigint;
  readonly memory?: Uint8Array;
  readonly line: string;
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const MINUS = (1n << 64n) - 1n;

const LINES: readonly Traced[] = [
  { name: 'getpid', args: [], result: 1n, line: 'getpid()                                = 1' },
  {
    name: 'connect',
    args: [3n, AT, 16n],
    result: -111n,
    memory: Uint8Array.from([2, 0, 0x1f, 0x90, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]),
    line: 'connect(3, {sa_family=AF_INET, sin_port=htons(8080), sin_addr=inet_addr("127.0.0.1")}, 16) = -1 ECONNREFUSED (Connection refused)',
  },
  {
    name: 'bind',
    args: [3n, AT, 28n],
    result: 0n,
    memory: Uint8Array.from([10, 0, 0, 80, 0, 0, 0, 0, ...Array<number>(15).fill(0), 1, 0, 0, 0, 0]),
    line: 'bind(3, {sa_family=AF_INET6, sin6_port=htons(80), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "::1", &sin6_addr), sin6_scope_id=0}, 28) = 0',
  },
  {
    name: 'bind',
    args: [3n, AT, 6n],
    result: 0n,
    memory: Uint8Array.from([1, 0, 0, 0x61, 0x62, 0x63]),
    line: 'bind(3, {sa_family=AF_UNIX, sun_path=@"abc"}, 6) = 0',
  },
  {
    name: 'socket',
    args: [2n, 0x80001n, 6n],
    result: 3n,
    line: 'socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_TCP) = 3',
  },
  {
    name: 'epoll_wait',
    args: [4n, AT, 8n, MINUS],
    result: 1n,
    memory: Uint8Array.from([5, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0]),
    line: 'epoll_wait(4, [{events=EPOLLIN|EPOLLOUT, data={u32=7, u64=7}}], 8, -1) = 1',
  },
  {
    name: 'poll',
    args: [AT, 2n, 5n],
    result: 1n,
    memory: Uint8Array.from([0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 0, 0, 4, 0, 0, 0]),
    line: 'poll([{fd=0, events=POLLIN}, {fd=1, events=POLLOUT}], 2, 5) = 1 ([{fd=0, revents=POLLIN}])',
  },
  {
    name: 'futex',
    args: [0x5000n, 128n, 2n, 0n, 0n, 0n],
    result: -11n,
    line: 'futex(0x5000, FUTEX_WAIT_PRIVATE, 2, NULL) = -1 EAGAIN (Resource temporarily unavailable)',
  },
  {
    name: 'openat',
    args: [MINUS - 99n, AT, 0x80000n],
    result: 3n,
    memory: text('/a\0'),
    line: 'openat(AT_FDCWD, "/a", O_RDONLY|O_CLOEXEC) = 3',
  },
  {
    name: 'write',
    args: [1n, AT, 40n],
    result: 40n,
    memory: new Uint8Array(40).fill(0x61),
    line: `write(1, "${'a'.repeat(32)}"..., 40) = 40`,
  },
  {
    name: 'fcntl',
    args: [1n, 3n],
    result: 0x8002n,
    line: 'fcntl(1, F_GETFL)                       = 0x8002 (flags O_RDWR|O_LARGEFILE)',
  },
  {
    name: 'mmap',
    args: [0n, 4096n, 3n, 0x22n, MINUS, 0n],
    result: 0x7f00n,
    line: 'mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f00',
  },
  {
    name: 'read',
    args: [0n, 0x99n, 10n],
    result: 4n,
    line: 'read(0, 0x99, 10)                       = 4',
  },
];

for (const { name, args, result, memory = new Uint8Array(0), line } of LINES) {
  test(line.slice(0, 60), async () => {
    let out = '';
    const tracer = new Tracer(memoryOf(memory), parseFilter(''), (part) => (out += part));
    const call = { tid: 1, number: numberOf(name), args: [...args, 0n, 0n, 0n, 0n, 0n, 0n].slice(0, 6) };
    await tracer.begin(call);
    await tracer.end(call, result);
    assert.is(out, `${line}\n`);
  });
}

test('a call of another thread in between', async () => {
  let out = '';
  const tracer = new Tracer(memoryOf(new Uint8Array(0)), parseFilter(''), (part) => (out += part));
  const call = (tid: number, name: string, ...args: bigint[]) => ({ tid, number: numberOf(name), args });
  const read = call(1, 'read', 0n, 0x99n, 1n);
  const getpid = call(2, 'getpid');
  await tracer.begin(read);
  await tracer.begin(getpid);
  await tracer.end(getpid, 1n);
  await tracer.end(read, 0n);
  await tracer.begin(call(2, 'exit_group', 0n));
  tracer.finish(lastLine({ ended: 'exited', status: 0 }));
  assert.is(
    out,
    'read(0,  <unfinished ...>\n' +
      '[pid     2] getpid()                    = 1\n' +
      '[pid     1] <... read resumed>"", 1)    = 0\n' +
      '[pid     2] exit_group(0)               = ?\n' +
      '+++ exited with 0 +++\n',
  );
});

test('what is filtered out is asked for no more', () => {
  const wants = (filter: string, name: string): boolean =>
    new Tracer(memoryOf(new Uint8Array(0)), parseFilter(filter), () => {}).wants(numberOf(name));
  assert.is(wants('%network,read', 'socket'), true);
  assert.is(wants('%network,read', 'read'), true);
  assert.is(wants('%network,read', 'write'), false);
  assert.is(wants('!%network', 'write'), true);
  assert.is(wants('!%network', 'bind'), false);
  assert.is(
    codeOf(() => parseFilter('%netwrk')),
    'USAGE_VALUE',
  );
});

test('every row is of a call that Linux has', () => {
  const known = new Set(NAMES.values());
  for (const name of CALLS.keys()) assert.ok(known.has(name), name);
});

test('whatever a program passes makes one line of bounded length', async () => {
  const word = fc.oneof(
    fc.bigInt({ min: 0n, max: MINUS }),
    fc.bigInt({ min: AT, max: AT + 600n }),
    fc.constantFrom(0n, 1n, 2n, MINUS, MINUS - 99n),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...CALLS.keys()),
      fc.array(word, { minLength: 6, maxLength: 6 }),
      fc.oneof(fc.bigInt({ min: -133n, max: 200n }), fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n })),
      fc.uint8Array({ minLength: 600, maxLength: 600 }),
      async (name, args, result, bytes) => {
        let out = '';
        const tracer = new Tracer(memoryOf(bytes), parseFilter(''), (part) => (out += part));
        const call = { tid: 1, number: numberOf(name), args };
        await tracer.begin(call);
        await tracer.end(call, result);
        assert.is(out.split('\n').length, 2, out);
        assert.ok(out.length < 20_000, `${out.length} characters`);
      },
    ),
    { numRuns: 2000 },
  );
});

test('an unsupported call', () => {
  const told = { number: 425n, args: [8n, 0x7f00n, 0n, 0n, 0n, 0n], result: -38n };
  assert.match(
    unsupportedText(told, 'f+0x1 (/exec)'),
    /^the program called io_uring_setup \(425\), .* at f\+0x1 \(\/exec\): /,
  );
  assert.match(
    unsupportedText({ ...told, number: 56n, result: -11n }, 'x'),
    /called clone \(56\), which wants more threads/,
  );
  assert.match(unsupportedText({ ...told, number: 9999n }, 'x'), /called syscall_0x270f \(9999\)/);
});

test.run();
