// SPDX-License-Identifier: Apache-2.0
import { BOOT, BOOT_MAGIC, DATA_SIZE } from '@motte/hostcall/block';
import { sameBytes } from '@motte/test-helpers/bytes';
import { codeAndField } from '@motte/test-helpers/errors';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bootMessage } from '@motte/loader/boot';

const BLOB = new Uint8Array(64).map((_, i) => i);

test('blob, arguments and environment follow BOOT, each text ended by NUL', () => {
  const bytes = bootMessage(BLOB, { args: ['a', '', 'zwölf'], env: ['K=V'] });
  const boot = BOOT.readStrict(bytes);
  assert.equal(
    [boot.magic, boot.config_length, boot.args_count, boot.args_length, boot.env_count, boot.env_length],
    [BOOT_MAGIC, 64, 3, 10, 1, 4],
  );
  sameBytes(bytes.subarray(BOOT.size), Buffer.concat([BLOB, Buffer.from('a\0\0zwölf\0K=V\0')]));
});

const ROWS = [
  { name: 'NUL in an argument', args: ['a\0b'], env: [], expected: 'LOAD_OPTION args' },
  { name: 'NUL in a variable', args: [], env: ['K=\0'], expected: 'LOAD_OPTION env' },
  {
    name: 'the last byte that fits',
    args: ['x'.repeat(DATA_SIZE - BOOT.size - BLOB.length - 1)],
    env: [],
    expected: 'accepted',
  },
  {
    name: 'one byte too many',
    args: ['x'.repeat(DATA_SIZE - BOOT.size - BLOB.length)],
    env: [],
    expected: 'LOAD_OPTION args and env',
  },
];

for (const row of ROWS) {
  test(`boot message: ${row.name}`, () => {
    assert.is(
      codeAndField(() => bootMessage(BLOB, row)),
      row.expected,
    );
  });
}

test.run();
