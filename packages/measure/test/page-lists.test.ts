// SPDX-License-Identifier: Apache-2.0
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { MotteError } from '@motte/binary/error';
import { toHex } from '@motte/binary/hex';
import { bytesSource, readBytes } from '@motte/binary/source';
import { readSnpPageLists } from '@motte/measure/snp-page-lists';
import { readTdxPageLists } from '@motte/measure/tdx-page-lists';
import { codeAndField } from '@motte/test-helpers/errors';

const POOL = Uint8Array.from({ length: 600 }, (_, i) => i & 0xff);
const ADD = { op: 'TDH.MEM.PAGE.ADD', gpa: '0x1000' };
const EXTEND = { op: 'TDH.MR.EXTEND', gpa: 0x1100, chunk_offset: '344' };
const LIST = { name: 'a', steps: [ADD, EXTEND] };
const FILE = { chunks: 'pool.bin', lists: [LIST] };

type Lists = ReturnType<typeof readTdxPageLists>;

function read(json: unknown): Lists {
  return readTdxPageLists(json, (name) => {
    assert.is(name, 'pool.bin');
    return bytesSource(POOL);
  });
}

test('lists are read with the bytes that they name, as often as one likes', () => {
  const note = { note: 'n', final: 'f' };
  const step = { ...ADD, digest_if_finalized_now: '00' };
  const [first, second] = read({ ...FILE, lists: [LIST, { ...note, name: 'b c', steps: [step] }] });
  assert.is(first?.name, 'a');
  for (let time = 0; time < 2; time++) {
    const found = [...(first?.operations ?? [])];
    assert.equal(found, [
      { op: 'add', gpa: 0x1000n },
      { op: 'extend', gpa: 0x1100n, chunk: POOL.subarray(344, 600) },
    ]);
  }
  assert.equal([second?.name, ...(second?.operations ?? [])], ['b c', { op: 'add', gpa: 0x1000n }]);
  assert.is(read({ lists: [{ name: 'a', steps: [] }] }).length, 1);
});

const steps = (...list: readonly unknown[]): unknown => ({ ...FILE, lists: [{ ...LIST, steps: list }] });

for (const [name, json, field] of [
  ['no object', [], 'file'],
  ['an unknown member', { ...FILE, pages: 'x' }, 'pages'],
  ['no lists', { chunks: 'pool.bin' }, 'lists'],
  ['an empty array of lists', { ...FILE, lists: [] }, 'lists'],
  ['a list that is none', { ...FILE, lists: [1] }, 'lists[0]'],
  ['a list without a name', { ...FILE, lists: [{ steps: [] }] }, 'lists[0].name'],
  ['a name of two lines', { ...FILE, lists: [{ ...LIST, name: 'a\nb' }] }, 'lists[0].name'],
  ['an empty name', { ...FILE, lists: [{ ...LIST, name: '' }] }, 'lists[0].name'],
  ['a name twice', { ...FILE, lists: [LIST, LIST] }, 'lists[1].name'],
  ['an unknown member of a list', { ...FILE, lists: [{ ...LIST, initial: '' }] }, 'lists[0].initial'],
  ['chunks that are no name', { ...FILE, chunks: 1 }, 'chunks'],
  ['an unknown operation', steps({ ...ADD, op: 'TDH.MEM.PAGE.AUG' }), 'lists[0].steps[0].op'],
  ['a member of the other operation', steps({ ...ADD, chunk_offset: 0 }), 'lists[0].steps[0].chunk_offset'],
  ['no address', steps(ADD, { op: ADD.op }), 'lists[0].steps[1].gpa'],
  ['a page within a page', steps({ ...ADD, gpa: 0x1100 }), 'lists[0].steps[0].gpa'],
  ['a chunk within a chunk', steps({ ...EXTEND, gpa: 0x1180 }), 'lists[0].steps[0].gpa'],
  ['an address beyond 52 bits', steps({ ...ADD, gpa: '0x10000000000000' }), 'lists[0].steps[0].gpa'],
  ['an address below zero', steps({ ...ADD, gpa: -4096 }), 'lists[0].steps[0].gpa'],
  ['an address with a fraction', steps({ ...ADD, gpa: 4096.5 }), 'lists[0].steps[0].gpa'],
  ['an address that JSON cannot hold', steps({ ...ADD, gpa: 2 ** 60 }), 'lists[0].steps[0].gpa'],
  ['a chunk past the end', steps({ ...EXTEND, chunk_offset: 345 }), 'lists[0].steps[0].chunk_offset'],
  ['no offset', steps({ op: EXTEND.op, gpa: 0 }), 'lists[0].steps[0].chunk_offset'],
  ['a chunk of no file', { lists: [LIST] }, 'lists[0].steps[1].chunk_offset'],
] as const) {
  test(`a list is refused: ${name}`, () => {
    assert.is(
      codeAndField(() => read(json)),
      `PAGE_LIST ${field}`.trim(),
    );
  });
}

const PAGES = bytesSource(Uint8Array.from({ length: 2 * 4096 }, (_, i) => (i * 7) & 0xff));
const NORMAL = { type: 'NORMAL', gpa: '0x1000', data_offset: 4096 };
const ZERO = { type: 'ZERO', gpa: 0x2000 };
const SNP = { pages: 'pool.bin', lists: [{ name: 'a', steps: [NORMAL, ZERO] }] };

function readSnp(json: unknown): ReturnType<typeof readSnpPageLists> {
  return readSnpPageLists(json, () => PAGES);
}

test('a list of SNP pages is a plan, from its first digest on', () => {
  const initial = 'ab'.repeat(48);
  const notes = { page_labels: {}, lists: [{ name: 'a', note: 'n', initial, final: '', steps: [] }] };
  assert.equal(toHex(readSnp(notes)[0]?.plan.start ?? new Uint8Array()), initial);
  const plan = readSnp({ ...SNP, lists: [{ name: 'a', steps: [{ ...NORMAL, digest: '' }, ZERO] }] })[0]?.plan;
  assert.ok(plan);
  assert.equal(
    plan.runs.map(({ gpa, pages, type, bytes }) => [gpa, pages, type, bytes.size]),
    [
      [0x1000n, 1, 'normal', 4096],
      [0x2000n, 1, 'zero', 0],
    ],
  );
  assert.equal(readBytes(plan.runs[0]?.bytes ?? PAGES, 0, 4096), readBytes(PAGES, 4096, 4096));
});

const snp = (...list: readonly unknown[]): unknown => ({ ...SNP, lists: [{ name: 'a', steps: list }] });

for (const [name, json, field] of [
  ['an unknown type', snp({ ...ZERO, type: 'LAUNCH' }), 'lists[0].steps[0].type'],
  ['a type in lower case', snp({ ...ZERO, type: 'zero' }), 'lists[0].steps[0].type'],
  ['a member of every object', snp({ ...ZERO, type: 'constructor' }), 'lists[0].steps[0].type'],
  ['a number for a type', snp({ ...ZERO, type: 3 }), 'lists[0].steps[0].type'],
  ['contents that are not measured', snp({ ...ZERO, data_offset: 0 }), 'lists[0].steps[0].data_offset'],
  ['no contents', snp({ type: 'VMSA', gpa: 0 }), 'lists[0].steps[0].data_offset'],
  ['contents past the end', snp({ ...NORMAL, data_offset: 4097 }), 'lists[0].steps[0].data_offset'],
  ['contents before the start', snp({ ...NORMAL, data_offset: -1 }), 'lists[0].steps[0].data_offset'],
  ['contents of no file', { lists: SNP.lists }, 'lists[0].steps[0].data_offset'],
  ['a page within a page', snp(NORMAL, { ...ZERO, gpa: 0x2001 }), 'lists[0].steps[1].gpa'],
  ['a page beyond 52 bits', snp({ ...ZERO, gpa: '0x10000000000000' }), 'lists[0].steps[0].gpa'],
  ['an unknown member', snp({ ...ZERO, pages: 2 }), 'lists[0].steps[0].pages'],
  ['a short digest', { lists: [{ name: 'a', initial: '00', steps: [] }] }, 'lists[0].initial'],
  ['no digest', { lists: [{ name: 'a', initial: 'zz'.repeat(48), steps: [] }] }, 'lists[0].initial'],
] as const) {
  test(`a list of SNP pages is refused: ${name}`, () => {
    assert.is(
      codeAndField(() => readSnp(json)),
      `PAGE_LIST ${field}`,
    );
  });
}

test('what was found is told in a few characters', () => {
  try {
    read({ ...FILE, chunks: Array.from({ length: 1000 }, () => 'long') });
    assert.unreachable();
  } catch (error) {
    assert.ok(error instanceof MotteError);
    assert.match(error.message, /expected a text, found \["long",.{0,40}…\)$/u);
  }
});

test.run();
