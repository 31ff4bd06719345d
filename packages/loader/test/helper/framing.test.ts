// SPDX-License-Identifier: Apache-2.0
import { sameBytes } from '@motte/test-helpers/bytes';
import { codeAndField } from '@motte/test-helpers/errors';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { frame, Unframer } from '@motte/loader/helper/framing';
import type { Message } from '@motte/loader/helper/framing';
import { MESSAGE, MESSAGE_MAGIC, MESSAGE_MAX } from '@motte/loader/protocol/messages';

test('messages come out as they went in, however the stream is cut', () => {
  const message = fc.record({
    type: fc.nat({ max: 0xff }),
    id: fc.nat({ max: 0xffffffff }),
    payload: fc.uint8Array({ maxLength: 300 }),
  });
  fc.assert(
    fc.property(
      fc.array(message, { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 64 }), { minLength: 1 }),
      (sent, cuts) => {
        const stream = Buffer.concat(sent.map(({ type, id, payload }) => frame(type, id, payload)));
        const unframer = new Unframer();
        const got: Message[] = [];
        for (let at = 0, i = 0; at < stream.length; i++) {
          const step = cuts[i % cuts.length] ?? 1;
          got.push(...unframer.push(stream.subarray(at, at + step)));
          at += step;
        }
        assert.is(got.length, sent.length);
        sent.forEach((one, i) => {
          assert.is(got[i]?.type, one.type);
          assert.is(got[i]?.id, one.id);
          sameBytes(got[i]?.payload ?? new Uint8Array(0), one.payload);
        });
        assert.is(unframer.pending, 0);
      },
    ),
  );
});

const ROWS = [
  {
    name: 'another magic',
    header: { magic: MESSAGE_MAGIC ^ 1, length: 0 },
    expected: 'HELPER_PROTOCOL MESSAGE.magic',
  },
  {
    name: 'a length past the limit',
    header: { magic: MESSAGE_MAGIC, length: MESSAGE_MAX + 1 },
    expected: 'HELPER_PROTOCOL MESSAGE.length',
  },
  {
    name: 'a length at the limit',
    header: { magic: MESSAGE_MAGIC, length: MESSAGE_MAX },
    expected: 'accepted',
  },
] as const;

for (const row of ROWS) {
  test(`a header with ${row.name}`, () => {
    const bytes = MESSAGE.write({ ...row.header, type: 1, id: 0 });
    assert.is(
      codeAndField(() => new Unframer().push(bytes)),
      row.expected,
    );
  });
}

test.run();
