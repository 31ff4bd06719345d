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
import { CONFIG_HEADER, CONFIG_MAX, CONFIG_RECORD, CONFIG_TYPES } from '../src/blob-layout.js';
import { decodeBlob } from '../src/blob-decode.js';
import { configBlob, encodeBlob } from '../src/blob.js';
import type { ConfigRecord } from '../src/blob.js';
import type { KeepConfig } from '../src/keep-config.js';
import { configs, plain } from './support/configs.js';
import { defaultConfig, parseKeepToml } from '../src/keep-toml.js';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

const SAMPLE = parseKeepToml(`
args = ["x", ""]
stdin = "null"
[env]
B = "2"
A1 = "1"
A = "0"
H = { default = "h", measured = false }
[[files]]
path = "/b"
host = "b"
[[files]]
path = "/a"
host = "somewhere"
mode = "rw"
[[listen]]
name = "echo"
address = "127.0.0.1:7000"
[[connect]]
host = "db.local"
port = 5432
`);

test('the default blob, byte by byte', () => {
  const record = `0100 0000 05000000 ${toHex(text('hello'))} 000000`;
  const header = `4d4f545445434631 01000000 50000000 00000000 01000000 01000000 00000000 0000001000000000`;
  const expected = `${header} ${'00'.repeat(24)} ${record}`.replaceAll(' ', '');
  assert.is(toHex(configBlob(defaultConfig(), 'hello')), expected);
});

test('records are in the order of the blob, whatever the order in Keep.toml', () => {
  const { flags, records } = decodeBlob(configBlob(SAMPLE, 'app'));
  assert.is(flags, 4);
  const decoder = new TextDecoder();
  assert.equal(
    records.map(({ type, value }) => `${type} ${decoder.decode(value).replaceAll('\0', '|')}`),
    [
      '1 app',
      '1 x',
      '1 ',
      '2 A=0',
      '2 A1=1',
      '2 B=2',
      '3 H=h',
      '4 /a|rw',
      '4 /b|ro',
      '5 echo|tcp|127.0.0.1:7000',
      '6 db.local|5432',
    ],
  );
});

test('what the host chooses does not change the blob', () => {
  const elsewhere = { ...SAMPLE, files: SAMPLE.files.map((file) => ({ ...file, host: '/elsewhere' })) };
  sameBytes(configBlob(elsewhere, 'app'), configBlob(SAMPLE, 'app'));
});

const shuffled = (config: KeepConfig): KeepConfig => ({
  ...config,
  env: config.env === 'host' ? 'host' : config.env.toReversed(),
  files: config.files.toReversed(),
  listen: config.listen.toReversed(),
  connect: config.connect.toReversed(),
});

test('every configuration is encoded and decoded back, and the order it is written in does not matter', () => {
  fc.assert(
    fc.property(configs, plain, (config, argv0) => {
      const blob = configBlob(config, argv0);
      sameBytes(encodeBlob(decodeBlob(blob)), blob);
      sameBytes(configBlob(shuffled(config), argv0), blob);
    }),
    fuzzParameters(300),
  );
});

test('every changed byte gives another blob or is refused: what is accepted is canonical', () => {
  const whole = configBlob(SAMPLE, 'app');
  let refused = 0;
  const tries = (bytes: Uint8Array): void => {
    try {
      sameBytes(encodeBlob(decodeBlob(bytes)), bytes);
    } catch (error) {
      assert.instance(error, MotteError, String(error));
      refused++;
    }
  };
  for (let at = 0; at < whole.length; at++) {
    for (const bit of [1, 2, 0x10, 0x80]) {
      const bytes = whole.slice();
      bytes[at] = (bytes[at] ?? 0) ^ bit;
      tries(bytes);
    }
    tries(whole.slice(0, at));
  }
  assert.ok(refused > whole.length, `${refused} refused of ${5 * whole.length}`);
  fc.assert(
    fc.property(
      configs,
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
      (config, changes) => {
        const bytes = configBlob(config, 'app');
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        tries(bytes);
      },
    ),
    fuzzParameters(500),
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), tries), fuzzParameters(300));
});

const arg = { type: CONFIG_TYPES.ARG, value: text('a') };
const rec = (type: number, value: string): ConfigRecord => ({ type, value: text(value) });
for (const [what, flags, records] of [
  ['no record', 0, []],
  ['no argv[0]', 0, [rec(2, 'A=1')]],
  ['types that descend', 0, [arg, rec(4, '/a\0ro'), rec(2, 'A=1')]],
  ['an unknown type', 0, [arg, rec(8, 'a')]],
  ['a file index without a digest', 0, [arg, rec(7, '64')]],
  ['a file index with a short digest', 0, [arg, rec(7, `64\0${'a'.repeat(63)}`)]],
  ['a file index with a digest in capitals', 0, [arg, rec(7, `64\0${'A'.repeat(64)}`)]],
  ['a file index of no bytes', 0, [arg, rec(7, `0\0${'a'.repeat(64)}`)]],
  ['a file index that is too long', 0, [arg, rec(7, `16777217\0${'a'.repeat(64)}`)]],
  ['two file indexes', 0, [arg, rec(7, `64\0${'a'.repeat(64)}`), rec(7, `72\0${'b'.repeat(64)}`)]],
  ['a variable twice', 0, [arg, rec(2, 'A=1'), rec(2, 'A=2')]],
  ['variables that descend', 0, [arg, rec(2, 'B=1'), rec(2, 'A=2')]],
  ['variables in the order of their records instead of their names', 0, [arg, rec(2, 'A1=1'), rec(2, 'A=2')]],
  ['a variable without =', 0, [arg, rec(2, 'A')]],
  ['a variable without a name', 0, [arg, rec(3, '=1')]],
  ['a variable both fixed and the host’s', 0, [arg, rec(2, 'A=1'), rec(3, 'A')]],
  ['a second argument where the host gives them', 1, [arg, arg]],
  ['a variable where the host gives all', 2, [arg, rec(2, 'A=1')]],
  ['a NUL in an argument', 0, [rec(1, 'a\0b')]],
  ['text that is not UTF-8', 0, [{ type: 1, value: Uint8Array.of(0xc0, 0x80) }]],
  ['a mode that is none', 0, [arg, rec(4, '/a\0xx')]],
  ['a grant with too few parts', 0, [arg, rec(5, 'echo\0tcp')]],
  ['a port that is none', 0, [arg, rec(6, 'h\x0007')]],
  ['a path twice', 0, [arg, rec(4, '/a\0ro'), rec(4, '/a\0rw')]],
] as const) {
  test(`${what} is refused by the encoder and the decoder`, () => {
    const encode = (): Uint8Array => encodeBlob({ flags, threads: 1, memory: 4096n, records });
    assert.is(codeOf(encode), 'CONFIG_BLOB');
    const values = records.map((record) => {
      const bytes = new Uint8Array(8 + Math.ceil(record.value.length / 8) * 8);
      new DataView(bytes.buffer).setUint16(0, record.type, true);
      new DataView(bytes.buffer).setUint32(4, record.value.length, true);
      bytes.set(record.value, 8);
      return bytes;
    });
    const length = values.reduce((sum, bytes) => sum + bytes.length, CONFIG_HEADER.size);
    const magic = CONFIG_HEADER.read(configBlob(SAMPLE, 'app')).magic;
    const header = { magic, version: 1, length, flags, records: records.length, threads: 1, memory: 4096n };
    const blob = Uint8Array.from([CONFIG_HEADER.write(header), ...values].flatMap((bytes) => [...bytes]));
    assert.is(
      codeOf(() => decodeBlob(blob)),
      'CONFIG_BLOB',
    );
  });
}

test('the largest blob is accepted, one byte more is not', () => {
  const room = CONFIG_MAX - CONFIG_HEADER.size - 16 - 8;
  const fits = { ...defaultConfig(), args: ['x'.repeat(room)] };
  assert.is(decodeBlob(configBlob(fits, 'a')).records.length, 2);
  const more = { ...defaultConfig(), args: ['x'.repeat(room + 1)] };
  assert.is(
    codeOf(() => configBlob(more, 'a')),
    'CONFIG_TOO_LARGE',
  );
});

test('a lone surrogate and a NUL in argv are refused by name', () => {
  for (const bad of ['\ud800', 'a\0b']) {
    assert.is(
      codeOf(() => configBlob(defaultConfig(), bad)),
      'CONFIG_TEXT',
    );
  }
});

test('one flipped byte of each reserved field is refused, and the field is named', () => {
  const blob = configBlob(SAMPLE, 'app');
  for (const [table, base] of [
    [CONFIG_HEADER, 0],
    [CONFIG_RECORD, CONFIG_HEADER.size],
  ] as const) {
    const fields = table.fields.filter(isReserved);
    assert.ok(fields.length > 0);
    for (const field of fields) {
      const at = base + field.at + fieldSize(field.type) - 1;
      const error = refusalOf(() => decodeBlob(blob.map((byte, i) => (i === at ? byte ^ 0x80 : byte))));
      assert.equal(
        [error.code, error.field, Number(error.offset)],
        ['STRUCT_RESERVED', `${table.name}.${field.name}`, at],
      );
    }
  }
});

test.run();
