// SPDX-License-Identifier: Apache-2.0
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { MotteError } from '@motte/binary/error';
import { bytesSource } from '@motte/binary/source';
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
  ['no object', [], ''],
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
