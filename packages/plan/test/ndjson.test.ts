// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bytesSource } from '@motte/binary/source';
import type { ByteSource } from '@motte/binary/source';
import { MotteError } from '@motte/binary/error';
import { fromBase64, toBase64 } from '@motte/plan/ndjson/base64';
import { hashRun } from '@motte/plan/ndjson/hash-run';
import { readPlan } from '@motte/plan/ndjson/read';
import { writePlan } from '@motte/plan/ndjson/write';
import type { PagePlan } from '@motte/plan/plan';
import { sgxKeepPlan } from '@motte/plan/sgx/keep';
import { vmKeepPlan } from '@motte/plan/vm/keep';
import { codeOf } from '@motte/test-helpers/errors';
import { sameBytes } from '@motte/test-helpers/bytes';
import { FILE, naiveStream, randomPlan, sampleExec, sampleShim, sampleVmShim, sha256 } from './samples.js';

const { shim, bytes: shimBytes } = sampleShim();
const { exec, bytes: execBytes } = sampleExec();
const plan: PagePlan = sgxKeepPlan({
  shim,
  exec,
  execName: 'app',
  threads: 1,
  memory: 4096n,
  version: 1,
  debug: false,
});
const lines = [...writePlan(plan, sha256)];

function opener(files: Readonly<Record<string, Uint8Array>>): (name: string) => ByteSource {
  return (name) => {
    const bytes = files[name];
    if (bytes === undefined) throw new Error(`not a file of this plan: ${name}`);
    return bytesSource(bytes);
  };
}

const open = opener({ shim: shimBytes, app: execBytes });

/** `lines` with members of one line changed; `undefined` removes a member. */
function changed(index: number, change: Readonly<Record<string, unknown>>): string[] {
  return lines.map((line, i) =>
    i === index ? JSON.stringify({ ...(JSON.parse(line) as object), ...change }) : line,
  );
}

test('the plan of a VM-based Keep is the same after it was written and read', () => {
  const { shim: vmShim, bytes } = sampleVmShim();
  const additions = { source: 'a test', efer: 0x1000n, cr4: 0x40n, registers: {}, features: 1n };
  for (const mode of [
    { tee: 'kvm', config: new Uint8Array(32).fill(7) },
    { tee: 'snp', cBit: 1n << 51n, additions },
  ] as const) {
    const made = vmKeepPlan({ shim: vmShim, exec, execName: 'app', threads: 3, memory: 1n << 20n, mode });
    const written = [...writePlan(made, sha256)];
    const again = readPlan(written, opener({ shim: bytes, app: execBytes }), sha256);
    assert.equal([again.tee, again.size], [mode.tee, made.size]);
    assert.equal([...writePlan(again, sha256)], written);
    const info = written.findIndex((line) => line.includes('"section":"vm info"'));
    for (const [name, change] of [
      [
        'without VM_INFO',
        (all: string[]) => all.map((line) => line.replace('"section":"vm info"', '"section":"x"')),
      ],
      ['with its vCPUs first', (all: string[]) => [all.at(-1) ?? '', ...all.slice(0, -1), all.at(-1) ?? '']],
      [
        'with an SGX page',
        (all: string[]) => all.map((line, i) => (i === info ? line.replace('"reg"', '"tcs"') : line)),
      ],
    ] as const) {
      const spoiled = change(written).map((line, i) => line.replace(/^\{"index":\d+/, `{"index":${i}`));
      assert.is(
        codeOf(() => readPlan(spoiled, opener({ shim: bytes, app: execBytes }), sha256)),
        'PLAN_INVALID',
        `${mode.tee} ${name}`,
      );
    }
  }
});

test('any plan is the same after it was written and read', () => {
  fc.assert(
    fc.property(randomPlan, (random) => {
      const written = [...writePlan(random, sha256)];
      const again = readPlan(written, opener({ f: FILE }), sha256);
      assert.equal([...writePlan(again, sha256)], written);
      assert.is(again.size, random.size);
      sameBytes(naiveStream(again), naiveStream(random), 'records');
    }),
    { numRuns: 150 },
  );
});

test('a line has the members that the command promises', () => {
  const parsed = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  const names = ['index', 'address', 'pages', 'kind', 'permissions', 'measured', 'source', 'bytes', 'sha256'];
  for (const line of parsed)
    assert.equal(
      Object.keys(line).filter((key) => key !== 'data'),
      names,
    );
  const data = parsed.find(({ source }) => JSON.stringify(source).includes('"app","section":"PT_LOAD 2"'));
  assert.equal(data?.['source'], {
    file: 'app',
    section: 'PT_LOAD 2',
    offset: exec.loads[2]?.offset,
    lead: 0xe80,
  });
  assert.equal([data?.['address'], data?.['permissions'], data?.['bytes']], ['0x203000', 'rw-', 0x1200]);
});

test('a changed file is refused wherever the plan reads it, and nowhere else', () => {
  const covered = new Set<number>();
  for (const run of plan.runs) {
    const { file, offset, lead = 0 } = run.source;
    if (file === 'app') for (let i = 0; i < run.bytes.size - lead; i++) covered.add(offset + i);
  }
  assert.ok(covered.size > 0x900 && covered.size < execBytes.length);
  for (let at = 0; at < execBytes.length; at += 61) {
    const other = execBytes.slice();
    other[at] = (other[at] ?? 0) ^ 0x20;
    const found = codeOf(() => readPlan(lines, opener({ shim: shimBytes, app: other }), sha256));
    assert.is(found, covered.has(at) ? 'PLAN_SOURCE_CHANGED' : 'accepted', `0x${at.toString(16)}`);
  }
  const short = opener({ shim: shimBytes, app: execBytes.subarray(0, 0x1000) });
  assert.is(
    codeOf(() => readPlan(lines, short, sha256)),
    'PLAN_SOURCE_CHANGED',
  );
});

test('the error of a changed file names it, both digests and the offset', () => {
  const other = execBytes.slice();
  other[exec.loads[1]?.offset ?? 0] = 0xff;
  try {
    readPlan(lines, opener({ shim: shimBytes, app: other }), sha256);
    assert.unreachable();
  } catch (error) {
    assert.ok(error instanceof MotteError);
    assert.match(error.message, /app PT_LOAD 1: the file has changed since the plan was written/u);
    assert.match(error.message, /expected sha256 [0-9a-f]{64}, found [0-9a-f]{64}, at offset 0x/u);
  }
});

test('a line that is not as written is refused', () => {
  const index = plan.runs.findIndex(({ source }) => source.section === 'keep info');
  const at = (change: Readonly<Record<string, unknown>>): string[] => changed(index, change);
  const line = JSON.parse(lines[index] ?? '') as { source: object; sha256: string; data: string };
  const source = (change: object): string[] => at({ source: { ...line.source, ...change } });
  const cases: readonly (readonly [string, readonly string[], string])[] = [
    ['no JSON', [...lines.slice(0, 3), '{', ...lines.slice(4)], 'PLAN_LINE'],
    ['no object', ['[]', ...lines.slice(1)], 'PLAN_LINE'],
    ['an empty line', [...lines, ''], 'PLAN_LINE'],
    ['a line missing', lines.filter((_, i) => i !== 2), 'PLAN_LINE'],
    ['two lines swapped', [lines[1] ?? '', lines[0] ?? '', ...lines.slice(2)], 'PLAN_LINE'],
    ['no line', [], 'PLAN_INVALID'],
    [
      'no SECS',
      lines.slice(1).map((text, i) => JSON.stringify({ ...(JSON.parse(text) as object), index: i })),
      'PLAN_INVALID',
    ],
    ['another member', at({ extra: 1 }), 'PLAN_LINE'],
    ['no pages', at({ pages: 0 }), 'PLAN_LINE'],
    ['pages of a fraction', at({ pages: 1.5 }), 'PLAN_LINE'],
    ['negative pages', at({ pages: -1 }), 'PLAN_LINE'],
    ['an address in decimal', at({ address: 24576 }), 'PLAN_LINE'],
    ['an address in upper case', at({ address: '0x6A00' }), 'PLAN_LINE'],
    ['an address with zeros before', at({ address: '0x06000' }), 'PLAN_LINE'],
    ['an address within a page', at({ address: '0x6010' }), 'PLAN_INVALID'],
    ['an address that is taken', at({ address: '0x1000' }), 'PLAN_INVALID'],
    ['an address outside', at({ address: '0x800000' }), 'PLAN_INVALID'],
    ['another kind', at({ kind: 'va' }), 'PLAN_LINE'],
    ['a second SECS', at({ kind: 'secs' }), 'PLAN_INVALID'],
    ['permissions of no form', at({ permissions: 'rx' }), 'PLAN_LINE'],
    ['W without R', at({ permissions: '-w-' }), 'PLAN_INVALID'],
    ['a TCS with permissions', at({ kind: 'tcs' }), 'PLAN_INVALID'],
    ['measured as a text', at({ measured: 'true' }), 'PLAN_LINE'],
    ['unmeasured with a digest', at({ measured: false }), 'PLAN_LINE'],
    ['measured without one', at({ sha256: null }), 'PLAN_LINE'],
    ['a short digest', at({ sha256: line.sha256.slice(2) }), 'PLAN_LINE'],
    ['another digest', at({ sha256: line.sha256.replace(/^../u, 'zz').replace('zz', '00') }), 'PLAN_LINE'],
    ['data of another length', at({ data: `${line.data}AAAA` }), 'PLAN_LINE'],
    ['empty data', at({ data: '' }), 'PLAN_LINE'],
    ['data that is not base64', at({ data: '*' }), 'PLAN_LINE'],
    ['more bytes than pages', at({ bytes: 4097 }), 'PLAN_LINE'],
    ['fewer bytes than data', at({ bytes: 1 }), 'PLAN_LINE'],
    ['no source', at({ source: 'app' }), 'PLAN_LINE'],
    ['a source without a file', source({ file: '' }), 'PLAN_LINE'],
    ['a source with more', source({ line: 1 }), 'PLAN_LINE'],
    ['a negative offset', source({ offset: -1 }), 'PLAN_LINE'],
    [
      'no data, and a file that has other bytes',
      [...at({ data: undefined, source: { file: 'app', section: '', offset: 0 } })],
      'PLAN_SOURCE_CHANGED',
    ],
    [
      'an offset past the end',
      [...at({ data: undefined, source: { file: 'app', section: '', offset: 1e12 } })],
      'PLAN_SOURCE_CHANGED',
    ],
    [
      'a lead of a page',
      [...at({ data: undefined, source: { file: 'app', section: '', offset: 0, lead: 4096 } })],
      'PLAN_LINE',
    ],
  ];
  for (const [name, text, expected] of cases)
    assert.is(
      codeOf(() => readPlan(text, open, sha256)),
      expected,
      name,
    );
  assert.is(
    codeOf(() => readPlan(lines, open, sha256)),
    'accepted',
  );
});

test('damaged text never ends in anything but a MotteError', () => {
  fc.assert(
    fc.property(
      fc.nat({ max: lines.length - 1 }),
      fc.nat(),
      fc.string({ maxLength: 6 }),
      fc.nat({ max: 6 }),
      (index, at, insert, remove) => {
        const line = lines[index] ?? '';
        const from = at % line.length;
        const text = line.slice(0, from) + insert + line.slice(from + remove);
        // `open` throws a plain Error for a name that is not one of the files: the caller's affair.
        codeOf(() => readPlan(lines.with(index, text), () => bytesSource(execBytes), sha256));
      },
    ),
    { numRuns: 1000 },
  );
});

test('16 GiB of zeros are one short line, written and read in no time', () => {
  const big = sgxKeepPlan({
    shim,
    exec,
    execName: 'app',
    threads: 1,
    memory: 16n << 30n,
    version: 1,
    debug: false,
  });
  const started = performance.now();
  const text = [...writePlan(big, sha256)];
  const again = readPlan(text, open, sha256);
  assert.ok(performance.now() - started < 1000);
  assert.is(again.runs.at(-1)?.pages, 1 << 22);
  assert.ok((text.at(-1)?.length ?? 0) < 250);
});

test('fill patterns are written once, however long', () => {
  const pages = 4096;
  const run = { ...plan.runs.at(-1), address: 0x400000n, pages, measured: true };
  const fill: PagePlan = {
    tee: 'sgx',
    size: 1n << 36n,
    runs: [
      ...sgxKeepPlan({
        shim,
        exec,
        execName: 'app',
        threads: 1,
        memory: 16n << 30n,
        version: 2,
        debug: false,
      }).runs.slice(0, 1),
      {
        ...run,
        kind: 'reg',
        permissions: { read: true, write: true, execute: false },
        bytes: {
          size: pages * 4096,
          read: (offset, into) =>
            into.forEach((_, i) => (into[i] = [0xcc, 0xbb, 0xaa, 0x99][(offset + i) % 4] ?? 0)),
        },
        source: { file: 'keep', section: 'fill', offset: 0, inline: true },
      },
    ],
  };
  const size = 32n << 30n;
  const written = [...writePlan({ ...fill, size }, sha256)];
  assert.ok((written[1]?.length ?? 0) < 350, written[1]);
  const again = readPlan(written, open, sha256);
  const [, a] = fill.runs;
  const [, b] = again.runs;
  assert.ok(a !== undefined && b !== undefined);
  sameBytes(hashRun(again, b, sha256), hashRun(fill, a, sha256));
});

test('base64 is strict', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      const text = toBase64(bytes);
      assert.is(text, Buffer.from(bytes).toString('base64'));
      const back = fromBase64(text);
      assert.ok(back !== undefined);
      sameBytes(back, bytes);
    }),
  );
  for (const text of ['A', 'AA', 'AAA', 'AB==', 'AAB=', 'AA=A', 'A===', 'AAAA=', 'AA A', 'AA-_'])
    assert.is(fromBase64(text), undefined, text);
  const long = Uint8Array.from({ length: 100_001 }, (_, i) => i & 0xff);
  assert.is(toBase64(long), Buffer.from(long).toString('base64'));
});

test.run();
