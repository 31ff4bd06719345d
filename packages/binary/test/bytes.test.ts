// SPDX-License-Identifier: Apache-2.0
import * as assert from 'uvu/assert';
import fc from 'fast-check';
import { test } from 'uvu';
import { fromHex, toHex } from '../src/hex.js';
import { alignUp, checkRange, nextPowerOfTwo, toSafeNumber } from '../src/range.js';
import { bytesSource, readBytes, sliceSource } from '../src/source.js';
import { ERRORS, isErrorCode } from '../src/errors/table.js';
import { MotteError } from '../src/error.js';

test('hex round trip, and refusals that name the offset', () => {
  fc.assert(fc.property(fc.uint8Array(), (b) => assert.equal(fromHex(toHex(b)), b)));
  assert.throws(() => fromHex('0g'), /expected hex digits only, found "g", at offset 0x1/);
  assert.throws(() => fromHex('abc'), /two digits a byte/);
  assert.throws(() => fromHex('ab', 'mrenclave', 32), /mrenclave: .*expected 64 hex digits, found 2/);
});

test('ranges: overflow is found, not wrapped', () => {
  checkRange(0n, 10n, 10n, 'x');
  assert.throws(() => checkRange(1n, 10n, 10n, 'x'), /x: .*0x1 \+ 0xa/);
  assert.throws(() => checkRange((1n << 64n) - 1n, 2n, 1n << 64n, 'x'), /x: /);
  assert.throws(() => toSafeNumber(1n << 53n, 'p_filesz', 0x20), /p_filesz: .*at offset 0x20/);
  assert.throws(() => alignUp((1n << 64n) - 1n, 4096n), /2\^64/);
  assert.equal([0n, 1n, 2n, 3n, 4096n, 4097n].map(nextPowerOfTwo), [1n, 1n, 2n, 4n, 4096n, 8192n]);
});

test('a source never reads past its end, a slice never past its own', () => {
  const source = bytesSource(Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7));
  const slice = sliceSource(source, 2, 3);
  assert.equal(readBytes(slice, 1, 2), Uint8Array.of(3, 4));
  assert.throws(() => readBytes(slice, 1, 3), /expected 3 bytes, found 2, at offset 0x1/);
  assert.throws(() => slice.read(-1, new Uint8Array(1)));
  assert.throws(() => sliceSource(source, 6, 3));
});

test('every code has a class, a reason and a fix; an error carries them and its cause', () => {
  for (const [name, entry] of Object.entries(ERRORS)) {
    assert.match(name, /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/);
    assert.ok([1, 2, 3, 4, 6, 7, 64].includes(entry.exit), name);
    assert.match(entry.reason, /^[A-Z].*\.$/s, name);
    assert.match(entry.fix, /\.$/, name);
  }
  assert.not.ok(isErrorCode('ENOENT'));
  assert.not.ok(isErrorCode('toString'));
  const cause = new Error('below');
  const error = new MotteError('RANGE_OVERFLOW', { field: 'f', expected: 1, found: 16n, offset: 255, cause });
  assert.is(error.cause, cause);
  assert.is(error.exit, 2);
  assert.equal(error.toJSON(), {
    code: 'RANGE_OVERFLOW',
    message: error.message,
    field: 'f',
    expected: '1',
    found: '0x10',
    offset: '0xff',
  });
});

test.run();
