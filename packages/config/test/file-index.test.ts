// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { toHex } from '@motte/binary/hex';
import { fieldSize, isReserved } from '@motte/binary/layout';
import { sameBytes } from '@motte/test-helpers/bytes';
import { codeOf, refusalOf } from '@motte/test-helpers/errors';
import { fuzzParameters } from '@motte/test-helpers/fuzz';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeBlob } from '../src/blob-decode.js';
import { CONFIG_TYPES } from '../src/blob-layout.js';
import { configBlob } from '../src/blob.js';
import { decodeIndex } from '../src/file-index-decode.js';
import { CHUNK_BYTES, FILE_ENTRY, FILE_INDEX } from '../src/file-index-layout.js';
import { encodeIndex } from '../src/file-index.js';
import type { IndexEntry } from '../src/file-index.js';
import { parseKeepToml } from '../src/keep-toml.js';
import { entries } from './support/entries.js';

const file = (path: string, size = 0, executable = false): IndexEntry => ({
  kind: 'file',
  path,
  executable,
  size,
  digests: new Uint8Array(32 * Math.ceil(size / CHUNK_BYTES)).fill(0xd1),
});

test('a small index, byte by byte', () => {
  const index = encodeIndex([
    file('/usr/b', 3, true),
    { kind: 'link', path: '/usr/c', text: 'b' },
    { kind: 'directory', path: '/usr/a' },
  ]);
  const hex = (text: string): string => toHex(new TextEncoder().encode(text));
  const expected = [
    '4d4f545445464931 01000000 88000000 03000000 00000000 0300000000000000',
    `0000000000000000 6d410000 0600 0000 ${hex('/usr/a')} 0000`,
    `0300000000000000 6d810000 0600 0000 ${hex('/usr/b')} 0000 ${'d1'.repeat(32)}`,
    `0100000000000000 ffa10000 0600 0000 ${hex('/usr/c')} ${hex('b')} 00`,
  ];
  assert.is(toHex(index), expected.join('').replaceAll(' ', ''));
});

test('every index is encoded and decoded back, and the order of its entries does not matter', () => {
  fc.assert(
    fc.property(entries, (some) => {
      const bytes = encodeIndex(some);
      sameBytes(encodeIndex(some.toReversed()), bytes);
      sameBytes(encodeIndex(decodeIndex(bytes)), bytes);
    }),
    fuzzParameters(300),
  );
});

test('every changed byte gives another index or is refused: what is accepted is canonical', () => {
  const tries = (bytes: Uint8Array): boolean => {
    try {
      sameBytes(encodeIndex(decodeIndex(bytes)), bytes);
      return false;
    } catch (error) {
      assert.instance(error, MotteError, String(error));
      return true;
    }
  };
  const whole = encodeIndex([
    file('/a/f', 5),
    file('/a/g', CHUNK_BYTES + 1),
    { kind: 'link', path: '/a/l', text: 'f' },
  ]);
  let refused = 0;
  for (let at = 0; at < whole.length; at++) {
    for (const bit of [1, 2, 0x10, 0x80])
      refused += Number(tries(whole.map((byte, i) => (i === at ? byte ^ bit : byte))));
    assert.ok(tries(whole.slice(0, at)), `cut at ${at}`);
  }
  // All that is not a digest, a letter of a name or a size within its chunk.
  assert.ok(refused > whole.length, `${refused} refused`);
  fc.assert(
    fc.property(
      entries,
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
      (some, changes) => {
        const bytes = encodeIndex(some);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        tries(bytes);
      },
    ),
    fuzzParameters(500),
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), tries), fuzzParameters(300));
});

for (const [what, some] of [
  ['nothing', []],
  ['a relative path', [file('a')]],
  ['a path with ..', [file('/a/../b')]],
  ['a path with .', [file('/a/./b')]],
  ['an empty name', [file('/a//b')]],
  ['a slash at the end', [file('/a/')]],
  ['the root', [{ kind: 'directory', path: '/' }]],
  ['a NUL', [file('/a\0')]],
  ['a lone surrogate', [file('/\ud800')]],
  ['a name of 256 bytes', [file(`/${'é'.repeat(128)}`)]],
  ['a path of 4096 bytes', [file('/abcdefg'.repeat(512))]],
  ['a device', [file('/dev/null')]],
  ['something in /proc', [file('/proc/self/x')]],
  ['something in /tmp', [file('/tmp/x')]],
  ['/var itself', [file('/var')]],
  ['a file below the program', [file('/exec/a')]],
  ['a path twice', [file('/a'), file('/a', 1)]],
  ['a file in a file', [file('/a'), file('/a/b')]],
  [
    'a file in a link, with one between them',
    [{ kind: 'link', path: '/a', text: 'b' }, file('/a-'), file('/a/b')],
  ],
  ['a file in an empty directory', [{ kind: 'directory', path: '/a' }, file('/a/b/c')]],
  ['an empty link', [{ kind: 'link', path: '/a', text: '' }]],
  ['a link of 4096 bytes', [{ kind: 'link', path: '/a', text: 'x'.repeat(4096) }]],
  [
    'a digest too few',
    [{ kind: 'file', path: '/a', executable: false, size: 1, digests: new Uint8Array(0) }],
  ],
] as const satisfies readonly (readonly [string, readonly IndexEntry[]])[]) {
  test(`${what} is refused`, () => {
    assert.is(
      codeOf(() => encodeIndex(some)),
      'FILE_INDEX',
    );
  });
}

test('names that are long but not too long, and one within /var, are taken', () => {
  const some = [
    file(`/${'x'.repeat(255)}`),
    file(`${`/${'y'.repeat(254)}`.repeat(16)}/${'z'.repeat(14)}`),
    file('/var/lib/a'),
  ];
  assert.is(decodeIndex(encodeIndex(some)).length, 3);
});

test('65536 files are taken, one more is not', () => {
  const many = (count: number): IndexEntry[] => Array.from({ length: count }, (_, i) => file(`/d/${i}`));
  assert.is(decodeIndex(encodeIndex(many(65536))).length, 65536);
  assert.is(
    codeOf(() => encodeIndex(many(65537))),
    'FILE_INDEX',
  );
});

test('one flipped byte of each reserved field is refused, and the field is named', () => {
  const index = encodeIndex([file('/a')]);
  for (const [table, base] of [
    [FILE_INDEX, 0],
    [FILE_ENTRY, FILE_INDEX.size],
  ] as const) {
    const fields = table.fields.filter(isReserved);
    assert.ok(fields.length > 0);
    for (const field of fields) {
      const at = base + field.at + fieldSize(field.type) - 1;
      const error = refusalOf(() => decodeIndex(index.map((byte, i) => (i === at ? byte ^ 0x80 : byte))));
      assert.equal([error.code, error.field], ['STRUCT_RESERVED', `${table.name}.${field.name}`]);
    }
  }
});

const KEEP = parseKeepToml(`
[[files]]
path = "/srv/data"
host = "data"
[[image]]
path = "/srv"
source = "srv"
[[image]]
path = "/etc/app.conf"
source = "app.conf"
`);

const indexOf = (...some: IndexEntry[]): Parameters<typeof configBlob>[2] => ({
  bytes: encodeIndex(some),
  sha256: new Uint8Array(32).fill(0xab),
  entries: decodeIndex(encodeIndex(some)),
});

test('the config blob has the length and the digest of the index', () => {
  const index = indexOf(file('/srv/www/index.html'), file('/etc/app.conf'));
  const last = decodeBlob(configBlob(KEEP, 'app', index)).records.at(-1);
  assert.is(last?.type, CONFIG_TYPES.IMAGE);
  assert.is(new TextDecoder().decode(last?.value), `${index?.bytes.length}\0${'ab'.repeat(32)}`);
});

for (const [what, index] of [
  ['no index', undefined],
  ['an index without one of the files', indexOf(file('/srv/a'))],
  ['an index with another file', indexOf(file('/srv/a'), file('/etc/app.conf'), file('/etc/other'))],
  ['a file at a grant', indexOf(file('/srv/data'), file('/etc/app.conf'))],
  ['a file below a grant', indexOf(file('/srv/data/a'), file('/etc/app.conf'))],
] as const) {
  test(`${what} is refused`, () => {
    assert.is(
      codeOf(() => configBlob(KEEP, 'app', index)),
      'FILE_INDEX',
    );
  });
}

test('a grant below a file is refused, a grant below a directory is not', () => {
  const keep = parseKeepToml(`
[[files]]
path = "/a/b/data"
host = "data"
[[image]]
path = "/a"
source = "a"
`);
  assert.is(
    codeOf(() => configBlob(keep, 'app', indexOf(file('/a/b')))),
    'FILE_INDEX',
  );
  configBlob(keep, 'app', indexOf(file('/a/b/c')));
});

test('an index without [[image]] is refused', () => {
  assert.is(
    codeOf(() => configBlob(parseKeepToml(''), 'app', indexOf(file('/a')))),
    'FILE_INDEX',
  );
});

test.run();
