// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { REASONS } from '@motte/hostcall/reasons';
import { codeAndField } from '@motte/test-helpers/errors';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Unframer } from '@motte/loader/helper/framing';
import { exitName } from '@motte/loader/kvm/exits';
import { decodeEnded, decodeStatistics } from '@motte/loader/helper/report';
import { CAUSES } from '@motte/loader/protocol/causes';
import { CALL_COUNT, ENDED, ENDED_HOW, STATISTICS } from '@motte/loader/protocol/ended';

function text(sentence: string): Uint8Array {
  const bytes = new Uint8Array(216);
  bytes.set(new TextEncoder().encode(sentence).subarray(0, 216));
  return bytes;
}

function ended(values: Parameters<typeof ENDED.write>[0]): Uint8Array {
  return Buffer.concat([ENDED.write(values), STATISTICS.write({})]);
}

const ROWS = [
  { name: 'exit 0', values: { ended: ENDED_HOW.EXITED }, expected: { ended: 'exited', status: 0 } },
  {
    name: 'exit 255',
    values: { ended: ENDED_HOW.EXITED, status: 255 },
    expected: { ended: 'exited', status: 255 },
  },
  {
    name: 'a signal',
    values: { ended: ENDED_HOW.SIGNALLED, status: 11 },
    expected: { ended: 'signalled', status: 11 },
  },
  {
    name: "the CPU's words",
    values: { ended: ENDED_HOW.TRAPPED, cause: CAUSES.ENTER_REFUSED.number, text: text('#GP(0): EENTER') },
    expected: {
      ended: 'trapped',
      status: 0,
      cause: 'ENTER_REFUSED',
      reason: `${CAUSES.ENTER_REFUSED.text}: #GP(0): EENTER`,
    },
  },
  {
    name: 'a refusal with its place',
    values: { ended: ENDED_HOW.REFUSED, status: REASONS.CONFIG_DIGEST.number, offset: 0x1234n },
    expected: {
      ended: 'refused',
      status: 0,
      cause: 'CONFIG_DIGEST',
      reason: `${REASONS.CONFIG_DIGEST.text} at shim offset 0x1234`,
    },
  },
  {
    name: 'a refusal that this version does not know',
    values: { ended: ENDED_HOW.REFUSED, status: 9999 },
    expected: {
      ended: 'refused',
      status: 0,
      cause: 'UNKNOWN_9999',
      reason: 'no reason that this version knows (9999)',
    },
  },
  {
    name: 'a text without NUL',
    values: { ended: ENDED_HOW.KILLED, cause: CAUSES.ABORTED.number, text: text('x'.repeat(300)) },
    expected: {
      ended: 'killed',
      status: 0,
      cause: 'ABORTED',
      reason: `${CAUSES.ABORTED.text}: ${'x'.repeat(216)}`,
    },
  },
] as const;

for (const row of ROWS) {
  test(`ENDED: ${row.name}`, () => {
    assert.equal(decodeEnded(ended(row.values)).end, row.expected);
  });
}

test('ENDED: another number is none', () => {
  assert.is(
    codeAndField(() => decodeEnded(ended({ ended: 6 }))),
    'HELPER_PROTOCOL ENDED.ended',
  );
});

test('STATISTICS: counts by call, and no byte more or less', () => {
  const bytes = Buffer.concat([
    STATISTICS.write({ entries: 5n, host_calls: 3n, call_count: 2 }),
    CALL_COUNT.write({ number: 1, count: 2n }),
    CALL_COUNT.write({ number: 231, count: 1n }),
  ]);
  const stats = decodeStatistics(bytes);
  assert.equal([stats.entries, stats.hostCalls], [5, 3]);
  assert.equal(
    [...stats.calls],
    [
      [1, 2],
      [231, 1],
    ],
  );
  for (const wrong of [bytes.subarray(0, -1), Buffer.concat([bytes, Buffer.alloc(16)])]) {
    assert.is(
      codeAndField(() => decodeStatistics(wrong)),
      'HELPER_PROTOCOL STATISTICS.call_count',
    );
  }
  assert.is(
    codeAndField(() => decodeStatistics(bytes.subarray(0, 100))),
    'STRUCT_TRUNCATED STATISTICS',
  );
});

test('STATISTICS: exits follow host calls', () => {
  const bytes = Buffer.concat([
    STATISTICS.write({ call_count: 1, exit_count: 2 }),
    CALL_COUNT.write({ number: 1, count: 2n }),
    CALL_COUNT.write({ number: 2, count: 3n }),
    CALL_COUNT.write({ number: 99, count: 4n }),
  ]);
  const { calls, exits } = decodeStatistics(bytes);
  assert.equal([...calls], [[1, 2]]);
  assert.equal(
    [...exits].map(([reason, count]) => `${exitName(reason)} ${count}`),
    ['io 3', 'exit_99 4'],
  );
});

test('whatever the helper sends is a report or a MotteError', () => {
  const sizes = fc.constantFrom(0, 1, ENDED.size - 1, ENDED.size, ENDED.size + STATISTICS.size);
  const any = sizes.chain((size) => fc.uint8Array({ minLength: size, maxLength: size + 64 }));
  fc.assert(
    fc.property(any, (bytes) => {
      for (const decode of [decodeEnded, decodeStatistics])
        assert.type(
          codeAndField(() => decode(bytes)),
          'string',
        );
      try {
        new Unframer().push(bytes);
      } catch (error) {
        assert.instance(error, MotteError);
      }
    }),
  );
});

test.run();
