// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { codeAndField } from '@motte/test-helpers/errors';
import { tempFolder } from '@motte/test-helpers/temp';
import { ROOT } from '@motte/test-helpers/vectors';
import { DATA_SIZE } from '../src/block.js';
import { ERRNO, errnoBitmap } from '../src/errno.js';
import { files } from '../src/generate.js';
import { lintTable } from '../src/lint.js';
import { maxBytes, placed, room } from '../src/place.js';
import { PLATFORM_CALLS } from '../src/row.js';
import type { Arg, BufferArg, LengthArg, Row } from '../src/row.js';
import { SERVED } from '../src/served.js';
import { TABLE } from '../src/table.js';
import { CC, compile, generateInto, lacking, WARNINGS } from './support/harness.js';
import { ROWS } from './support/rows.js';

const LENGTH: LengthArg = { kind: 'length', name: 'count', max: 16, over: 'cut' };
const OUT: BufferArg = {
  kind: 'buffer',
  name: 'buf',
  direction: 'out',
  size: { by: 'count', each: 1 },
  filled: 'result',
};
const GOOD: Row = {
  number: 400,
  name: 'good',
  component: 'test',
  doc: '',
  args: [OUT, LENGTH],
  result: { kind: 'count', of: 'count' },
  errnos: [],
};

function withArgs(...args: Arg[]): Row[] {
  return [{ ...GOOD, args }];
}

test('the table and the shapes pass', () => {
  lintTable(TABLE);
  lintTable(ROWS);
  lintTable([GOOD]);
});

const BROKEN: readonly { name: string; rows: readonly Row[]; field: string }[] = [
  { name: 'a number used twice', rows: [GOOD, { ...GOOD, name: 'other' }], field: 'good' },
  {
    name: 'a constant used twice',
    rows: ['one', 'two'].map((name) => ({
      ...GOOD,
      name,
      args: [OUT, LENGTH, { kind: 'constant', name: 'X', value: 1 }],
    })),
    field: 'two',
  },
  { name: 'a name used twice', rows: [GOOD, { ...GOOD, number: 401 }], field: 'good' },
  { name: 'no C name', rows: [{ ...GOOD, name: 'not-c' }], field: 'not-c' },
  {
    name: 'an argument that the C uses',
    rows: withArgs(OUT, { ...LENGTH }, { kind: 'handle', name: 'result' }),
    field: 'good.result',
  },
  {
    name: 'seven arguments',
    rows: withArgs(OUT, LENGTH, ...'abcde'.split('').map((name) => ({ kind: 'handle', name }) as const)),
    field: 'good',
  },
  {
    name: 'an argument named twice',
    rows: withArgs(OUT, LENGTH, { kind: 'handle', name: 'buf' }),
    field: 'good',
  },
  { name: 'a buffer without its length', rows: withArgs(OUT), field: 'good.buf' },
  {
    name: 'a length without a buffer',
    rows: withArgs(OUT, LENGTH, { ...LENGTH, name: 'stray' }),
    field: 'good.stray',
  },
  {
    name: 'a length without a bound',
    rows: withArgs({ ...OUT, bulk: true }, { ...LENGTH, max: Number.POSITIVE_INFINITY }),
    field: 'good.count',
  },
  {
    name: 'a checked structure too large for a stack',
    rows: withArgs({ ...OUT, size: { bytes: 520 }, filled: 'whole', fields: [] }),
    field: 'good.buf',
  },
  {
    name: 'a copy too large for a stack',
    rows: withArgs(OUT, { ...LENGTH, max: 0x4001 }),
    field: 'good.buf',
  },
  {
    name: 'buffers beyond the data area',
    rows: withArgs({ ...OUT, bulk: true }, { ...LENGTH, max: DATA_SIZE + 1 }),
    field: 'good',
  },
  {
    name: 'buffers beyond the data area together',
    rows: withArgs(
      { ...OUT, bulk: true },
      { ...LENGTH, max: DATA_SIZE },
      { ...OUT, name: 'more', size: { bytes: 1 }, filled: 'whole' },
    ),
    field: 'good',
  },
  {
    name: 'a buffer of no size',
    rows: withArgs({ ...OUT, size: { bytes: 0 }, filled: 'whole' }),
    field: 'good.buf',
  },
  {
    name: 'elements that are no units',
    rows: withArgs({ ...OUT, size: { by: 'count', each: 12 }, fields: [] }, LENGTH),
    field: 'good.buf',
  },
  {
    name: 'an input that a result fills',
    rows: withArgs({ ...OUT, direction: 'in' }, LENGTH),
    field: 'good.buf',
  },
  {
    name: 'a result that counts something else',
    rows: [{ ...GOOD, result: { kind: 'zero' } }],
    field: 'good.buf',
  },
  {
    name: 'a field outside its element',
    rows: withArgs(
      { ...OUT, size: { by: 'count', each: 8 }, fields: [{ at: 8, name: 'x', type: 'u8' as 'u16' }] },
      LENGTH,
    ),
    field: 'good.buf.x',
  },
  {
    name: 'a field that is not aligned',
    rows: withArgs(
      { ...OUT, size: { by: 'count', each: 8 }, fields: [{ at: 2, name: 'x', type: 'u32' }] },
      LENGTH,
    ),
    field: 'good.buf.x',
  },
  {
    name: 'an output compared with what was not sent',
    rows: withArgs(
      { ...OUT, size: { by: 'count', each: 8 }, fields: [{ at: 0, name: 'x', type: 'u32', same: true }] },
      LENGTH,
    ),
    field: 'good.buf.x',
  },
  {
    name: 'events of a descriptor that is none',
    rows: withArgs(
      {
        ...OUT,
        direction: 'inout',
        filled: 'whole',
        size: { by: 'count', each: 8 },
        fields: [{ at: 4, name: 'x', type: 'u16', within: { at: 6, also: 0, handle: 0 } }],
      },
      LENGTH,
    ),
    field: 'good.buf.x',
  },
  { name: 'bulk with checks', rows: withArgs({ ...OUT, bulk: true, fields: [] }, LENGTH), field: 'good.buf' },
  {
    name: 'an empty range',
    rows: withArgs(OUT, LENGTH, { kind: 'value', name: 'v', type: 'i32', check: { range: [1n, 0n] } }),
    field: 'good.v',
  },
  {
    name: 'a range of the Keep of unchecked length',
    rows: withArgs(OUT, LENGTH, { kind: 'keep-offset', name: 'o', length: 'count' }),
    field: 'good.o',
  },
  {
    name: 'a negative success',
    rows: [{ ...GOOD, args: [], result: { kind: 'range', from: -1n, to: 0n } }],
    field: 'good.result',
  },
  {
    name: 'a count of nothing',
    rows: [{ ...GOOD, args: [], result: { kind: 'count', of: 'count' } }],
    field: 'good.result',
  },
  {
    name: 'a part of nothing',
    rows: [{ ...GOOD, args: [], result: { kind: 'part', of: 'count', step: 1 } }],
    field: 'good.result',
  },
  {
    name: 'events of nothing',
    rows: [{ ...GOOD, args: [], result: { kind: 'non-zero', of: 'buf', at: 0, type: 'u16' } }],
    field: 'good.result',
  },
];

for (const { name, rows, field } of BROKEN) {
  test(`refused: ${name}`, () => {
    assert.is(
      codeAndField(() => lintTable(rows)),
      `HOSTCALL_TABLE ${field}`,
    );
  });
}

test('every buffer has a bound, and all of a call fit the data area', () => {
  for (const row of TABLE) {
    const places = placed(row);
    assert.ok(
      places.every((place) => Number.isSafeInteger(place.max) && place.max > 0),
      row.name,
    );
    assert.ok(places.reduce((sum, place) => sum + room(place.max), 0) <= DATA_SIZE, row.name);
    for (const arg of row.args)
      if (arg.kind === 'buffer') assert.ok(maxBytes(row, arg) <= DATA_SIZE, row.name);
  }
});

test('the bitmap of errnos', () => {
  assert.equal(errnoBitmap(['EPERM', 'EDQUOT']), [(1n << 1n) | (1n << 38n), 1n << 58n, 0n]);
});

const HEADERS = '/usr/include';

function defines(file: string, prefix: string): Map<string, number> {
  const text = readFileSync(join(HEADERS, file), 'utf8');
  return new Map(
    [...text.matchAll(new RegExp(`#define\\s+${prefix}(\\w+)\\s+(\\d+)`, 'g'))].map((m) => [
      m[1] ?? '',
      Number(m[2]),
    ]),
  );
}

/** Rows that take over more than one of Linux's calls have the number of the one that they are made of. */
const NETWORK: Readonly<Record<string, string>> = {
  accept: 'accept4',
  send: 'sendto',
  receive: 'recvfrom',
  name: 'getsockname',
  option: 'getsockopt',
  set_option: 'setsockopt',
};

test("numbers and errnos are those of the kernel's headers", () => {
  if (!existsSync(join(HEADERS, 'asm-generic/errno.h'))) {
    console.log('skipped: errnos against the kernel: no linux-libc-dev');
    return;
  }
  const errnos = new Map([...defines('asm-generic/errno-base.h', ''), ...defines('asm-generic/errno.h', '')]);
  for (const [name, number] of Object.entries(ERRNO)) assert.is(number, errnos.get(name), name);
  const numbers = defines('x86_64-linux-gnu/asm/unistd_64.h', '__NR_');
  for (const row of TABLE) {
    // ioctl_tcgets is one use of ioctl; net_socket is socket for a network of the host's.
    const name = row.name
      .replace(/^(ioctl|fcntl)_.*/u, '$1')
      .replace(/^net_(.*)/u, (_, of: string) => NETWORK[of] ?? of);
    if (row.number < PLATFORM_CALLS) assert.is(row.number, numbers.get(name), row.name);
    else assert.not(numbers.has(row.name), row.name);
  }
  // The headers of this machine may be older than a call.
  const newest = Math.max(...numbers.values());
  for (const one of SERVED.filter(({ number }) => number <= newest))
    assert.is(one.number, numbers.get(one.name), one.name);
  assert.ok(SERVED.filter(({ number }) => number > newest).length < 3);
});

test('what is served is what the shim is made of', () => {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'shims/core/components.json'), 'utf8')) as {
    components: { name: string; syscalls?: Record<string, number> }[];
  };
  const shim = manifest.components.flatMap(({ name, syscalls }) =>
    Object.entries(syscalls ?? {}).map(([call, number]) => `${number} ${call} ${name}`),
  );
  const own = SERVED.map((one) => `${one.number} ${one.name} ${one.component}`);
  const missing = shim.filter((one) => !own.includes(one));
  assert.equal(missing, [], 'src/served.ts lacks calls that the shim serves');
  const extra = own.filter((one) => !shim.includes(one));
  assert.equal(extra, [], 'src/served.ts has calls that the shim does not serve');
  const names = new Set(TABLE.map((row) => row.name));
  for (const one of SERVED)
    for (const call of one.calls ?? []) assert.ok(names.has(call), `${one.name}: ${call}`);
  const used = new Set(SERVED.flatMap((one) => one.calls ?? []));
  // What a debug shim tells is of all of them; those of threads and of a VM's memory come with the shim's.
  const asked = TABLE.filter((row) => !['debug', 'threads', 'vm'].includes(row.component));
  for (const { name } of asked) assert.ok(used.has(name), `${name} serves no system call`);
});

test('the committed files are those of the table', () => {
  for (const [path, content] of Object.entries(files()))
    assert.ok(readFileSync(join(ROOT, path), 'utf8') === content, `${path}: run npm run generate`);
});

const FREESTANDING = ['-ffreestanding', '-O2', '-fPIE', '-mgeneral-regs-only'] as const;

if (lacking() !== '') console.log(`skipped: compiling the generated C: ${lacking()}`);
else
  test("every row's C compiles as the shim's and the loader's does", () => {
    const core = generateInto(tempFolder('motte-hostcall-c'));
    const object = [`-I${core}/generated`, `-I${core}/include`, '-o', '/dev/null', '-c'];
    for (const name of new Set(ROWS.map((row) => row.component)))
      compile(CC, [...WARNINGS, ...FREESTANDING, ...object, `${core}/generated/hostcall_${name}.c`]);
    compile(CC, [...WARNINGS, '-O2', ...object, `${core}/generated/hostcall_host.c`]);
  });

test.run();
