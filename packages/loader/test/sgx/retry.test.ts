// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { driverError, OPERATION } from '@motte/loader/sgx/errors';
import { STALLS, unlessInterrupted, untilDone } from '@motte/loader/sgx/retry';
import type { Partial } from '@motte/loader/native';

const PAGE = 4096;

interface Row {
  readonly name: string;
  /** What the driver answers, call after call; the last one again and again. */
  readonly answers: readonly Partial[];
  /** Bytes done and left of each call, or the error's code. */
  readonly calls?: readonly (readonly [number, number])[];
  readonly error?: string;
}

const all = (count: number, code: string | null = null): Partial => ({ count, code });

// 4 pages are asked for in every row.
const ROWS: readonly Row[] = [
  { name: 'all at once', answers: [all(4 * PAGE)], calls: [[0, 4 * PAGE]] },
  {
    name: 'a page at a time',
    answers: [all(PAGE)],
    calls: [
      [0, 4 * PAGE],
      [PAGE, 3 * PAGE],
      [2 * PAGE, 2 * PAGE],
      [3 * PAGE, PAGE],
    ],
  },
  {
    name: 'a signal before the first page',
    answers: [all(0, 'EINTR'), all(4 * PAGE)],
    calls: [
      [0, 4 * PAGE],
      [0, 4 * PAGE],
    ],
  },
  {
    name: 'a signal after two pages, told as an error',
    answers: [all(2 * PAGE, 'EINTR'), all(2 * PAGE)],
    calls: [
      [0, 4 * PAGE],
      [2 * PAGE, 2 * PAGE],
    ],
  },
  {
    name: 'EAGAIN after the last page is no call too many',
    answers: [all(4 * PAGE, 'EAGAIN')],
    calls: [[0, 4 * PAGE]],
  },
  { name: 'a full EPC after one page', answers: [all(PAGE, 'ENOMEM')], error: 'SGX_EPC_EXHAUSTED' },
  { name: 'a page twice', answers: [all(0, 'EBUSY')], error: 'SGX_PAGE_TWICE' },
  { name: 'a lost EPC', answers: [all(0, 'EIO')], error: 'SGX_EPC_LOST' },
  { name: 'an error after the last page', answers: [all(4 * PAGE, 'EIO')], error: 'SGX_EPC_LOST' },
  { name: 'no progress and no error', answers: [all(0)], error: 'SGX_DRIVER' },
  { name: 'no progress but signals', answers: [all(0, 'EINTR')], error: 'SGX_DRIVER' },
  { name: 'more than was asked for', answers: [all(5 * PAGE)], error: 'SGX_DRIVER' },
  { name: 'half a page', answers: [all(PAGE / 2)], error: 'SGX_DRIVER' },
  { name: 'no number', answers: [all(Number.NaN)], error: 'SGX_DRIVER' },
  { name: 'less than nothing', answers: [all(-PAGE)], error: 'SGX_DRIVER' },
];

for (const row of ROWS) {
  test(`untilDone: ${row.name}`, () => {
    const calls: (readonly [number, number])[] = [];
    const run = (): void =>
      untilDone(OPERATION.ADD_PAGES, 4 * PAGE, (done, left) => {
        calls.push([done, left]);
        const answer = row.answers[Math.min(calls.length, row.answers.length) - 1];
        if (answer === undefined) throw new Error('a row without answers');
        return answer;
      });
    if (row.error === undefined) {
      run();
      assert.equal(calls, row.calls);
    } else {
      assert.throws(run, (error: unknown) => error instanceof MotteError && error.code === row.error);
      assert.ok(calls.length <= STALLS);
    }
  });
}

test('untilDone: nothing to do is no call', () => {
  untilDone(OPERATION.ADD_PAGES, 0, () => {
    throw new Error('a call for nothing');
  });
});

const failing = (code: string): Error => Object.assign(new Error(code), { code });
const codeOf = (error: unknown): string | undefined => (error as { code?: string }).code;

test('unlessInterrupted: repeats after EINTR, not for ever, and nothing else', () => {
  let calls = 0;
  const result = unlessInterrupted(
    OPERATION.INIT,
    () => {
      if (++calls < 3) throw failing('EINTR');
      return 'done';
    },
    codeOf,
  );
  assert.is(result, 'done');
  assert.is(calls, 3);
  calls = 0;
  const stuck = (): never => {
    calls++;
    throw failing('EINTR');
  };
  assert.throws(
    () => unlessInterrupted(OPERATION.INIT, stuck, codeOf),
    (error: unknown) => error instanceof MotteError && error.code === 'SGX_DRIVER',
  );
  assert.is(calls, STALLS);
  calls = 0;
  const refused = (): never => {
    calls++;
    throw failing('EPERM');
  };
  assert.throws(
    () => unlessInterrupted(OPERATION.INIT, refused, codeOf),
    (error: unknown) => error instanceof MotteError && error.found === 'EPERM',
  );
  assert.is(calls, 1);
});

test('driverError: names operation and code, and says what to do where that is known', () => {
  const denied = driverError(OPERATION.OPEN, 'EACCES');
  assert.is(denied.code, 'SGX_DRIVER');
  assert.match(denied.message, 'usermod -aG sgx');
  assert.match(driverError(OPERATION.INIT, 'ENOTTY').message, 'Linux 5.11');
  assert.match(driverError(OPERATION.INIT, 'EXDEV').message, 'dmesg');
  assert.is(driverError(OPERATION.CREATE, 'ENOMEM').exit, 6);
});

test.run();
