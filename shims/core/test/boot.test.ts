// SPDX-License-Identifier: Apache-2.0
// Config blob, arguments, environment, stack: the shim's C beside @motte/config (SECURITY.md, rules 2 and 3).
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeBlob } from '@motte/config/blob-decode';
import { CONFIG_FLAGS, CONFIG_TYPES } from '@motte/config/blob-layout';
import { encodeBlob } from '@motte/config/blob';
import type { ConfigBlob, ConfigRecord } from '@motte/config/blob';
import { nativeProgram } from './support/native.js';

const FORMAT = 'refused 4';
const ARGS = 'refused 5';
const ENV = 'refused 6';
const MESSAGE = 'refused 2';

interface Frame {
  readonly blob: Uint8Array;
  readonly args?: readonly string[];
  readonly env?: readonly string[];
  /** Instead of what the texts say. */
  readonly raw?: { args?: [count: number, bytes: string]; env?: [count: number, bytes: string] };
}

const program = nativeProgram('boot_frames', [
  'test/c/boot_frames.c',
  'config_blob.c',
  'arguments.c',
  'stack.c',
]);

function encodeFrame({ blob, args = [], env = [], raw = {} }: Frame): Buffer {
  const part = (texts: readonly string[], given?: [number, string]): [number, Buffer] =>
    given === undefined
      ? [texts.length, Buffer.from(texts.map((text) => `${text}\0`).join(''))]
      : [given[0], Buffer.from(given[1])];
  const [argCount, argBytes] = part(args, raw.args);
  const [envCount, envBytes] = part(env, raw.env);
  const head = Buffer.alloc(20);
  [blob.length, argCount, argBytes.length, envCount, envBytes.length].forEach((n, i) =>
    head.writeUInt32LE(n, 4 * i),
  );
  return Buffer.concat([head, blob, argBytes, envBytes]);
}

/** A line for each frame. */
function boot(frames: readonly Frame[]): string[] {
  const ran = program([], Buffer.concat(frames.map(encodeFrame)));
  assert.is(ran.stderr, '');
  const lines = ran.stdout.toString().replace(/\n$/, '').split('\n');
  assert.is(lines.length, frames.length);
  return lines;
}

const hex = (texts: readonly string[]): string =>
  texts.map((text) => Buffer.from(text).toString('hex')).join(',');
const found = (args: readonly string[], env: readonly string[]): string =>
  `args ${hex(args)} env ${hex(env)}`;

const record = (type: number, value: string): ConfigRecord => ({ type, value: Buffer.from(value) });
const make = (flags: number, ...records: ConfigRecord[]): Uint8Array =>
  encodeBlob({ flags, threads: 1, memory: 0x100000n, records });

const { ARG, ENV: VAR, ENV_UNMEASURED, FILE, LISTEN, CONNECT } = CONFIG_TYPES;
const plain = make(
  0,
  record(ARG, 'x'),
  record(VAR, 'A=1'),
  record(ENV_UNMEASURED, 'B'),
  record(ENV_UNMEASURED, 'C=d'),
);

const CASES: readonly [name: string, frame: Frame, expected: string][] = [
  ['what the blob fixes', { blob: plain }, found(['x'], ['A=1', 'C=d'])],
  [
    'unmeasured variables are the host’s',
    { blob: plain, env: ['C=', 'B=2'] },
    found(['x'], ['A=1', 'B=2', 'C=']),
  ],
  ['a fixed variable is not', { blob: plain, env: ['A=2'] }, ENV],
  ['nor is one that nobody declared', { blob: plain, env: ['LD_PRELOAD=x'] }, ENV],
  ['nor the prefix of one that is', { blob: plain, env: ['=B'] }, ENV],
  ['a variable without a value is none', { blob: plain, env: ['B'] }, ENV],
  ['each variable once', { blob: plain, env: ['B=1', 'B=2'] }, ENV],
  ['arguments are fixed', { blob: plain, args: ['y'] }, ARGS],
  [
    'arguments of the host',
    { blob: make(CONFIG_FLAGS.ARGS_HOST, record(ARG, 'x')), args: ['', 'é', 'a b'] },
    found(['x', '', 'é', 'a b'], []),
  ],
  [
    'environment of the host',
    { blob: make(CONFIG_FLAGS.ENV_HOST, record(ARG, 'x')), env: ['A=1', 'b==='] },
    found(['x'], ['A=1', 'b===']),
  ],
  ['but not twice', { blob: make(CONFIG_FLAGS.ENV_HOST, record(ARG, 'x')), env: ['A=1', 'A=1'] }, ENV],
  ['a count that is too high', { blob: plain, raw: { env: [2, 'B=1\0'] } }, MESSAGE],
  ['a count that is too low', { blob: plain, raw: { env: [1, 'B=1\0C=1\0'] } }, MESSAGE],
  ['a text without end', { blob: plain, raw: { env: [1, 'B=1\0C'] } }, MESSAGE],
  ['one text without end', { blob: plain, raw: { args: [0, 'B'] } }, MESSAGE],
];

for (const [name, frame, expected] of CASES) {
  test(name, () => {
    assert.equal(boot([frame]), [expected]);
  });
}

const text = (alphabet: string): fc.Arbitrary<string> =>
  fc.array(fc.constantFrom(...Array.from(alphabet)), { maxLength: 9 }).map((chars) => chars.join(''));
const unique = (list: readonly string[], key: (one: string) => string): string[] => {
  const seen = new Map(list.map((one) => [key(one), one]));
  return [...seen.keys()].sort().map((name) => seen.get(name) ?? '');
};
const nameOf = (one: string): string => one.split('=', 1)[0] ?? '';

/** Blobs of every kind of record. */
const anyBlob: fc.Arbitrary<Uint8Array> = fc
  .record({
    flags: fc.constantFrom(0, CONFIG_FLAGS.STDIN_NULL),
    args: fc.array(text('ab =/é'), { minLength: 1, maxLength: 4 }),
    env: fc.array(fc.tuple(text('AB'), text('xy=')), { maxLength: 4 }),
    free: fc.array(fc.tuple(text('CD'), fc.option(text('z='))), { maxLength: 4 }),
    files: fc.array(text('pq'), { maxLength: 2 }),
    ports: fc.array(fc.integer({ min: 1, max: 65_535 }), { maxLength: 2 }),
  })
  .map(({ flags, args, env, free, files, ports }) => {
    const fixed = unique(
      env.filter(([key]) => key !== '').map(([key, value]) => `${key}=${value}`),
      nameOf,
    );
    const open = unique(
      free.filter(([key]) => key !== '').map(([key, value]) => (value === null ? key : `${key}=${value}`)),
      nameOf,
    );
    const values = (type: number, list: readonly string[]): ConfigRecord[] =>
      list.map((one) => record(type, one));
    return make(
      flags,
      ...values(ARG, args),
      ...values(VAR, fixed),
      ...values(ENV_UNMEASURED, open),
      ...values(
        FILE,
        unique(
          files.map((path) => `/${path}\0ro`),
          (one) => one,
        ),
      ),
      ...values(
        LISTEN,
        ports.slice(0, 1).map((port) => ['n', 'tcp', `127.0.0.1:${port}`].join('\0')),
      ),
      ...values(
        CONNECT,
        unique(
          ports.map((port) => `h\0${port}`),
          (one) => one,
        ),
      ),
    );
  });

function expectedOf(blob: ConfigBlob): string {
  const texts = (type: number): string[] =>
    blob.records.filter((one) => one.type === type).map((one) => Buffer.from(one.value).toString());
  return found(texts(ARG), [...texts(VAR), ...texts(ENV_UNMEASURED).filter((one) => one.includes('='))]);
}

test('every blob that @motte/config makes is read as it was meant', () => {
  const blobs = fc.sample(anyBlob, { numRuns: 400, seed: 7 });
  assert.equal(
    boot(blobs.map((blob) => ({ blob }))),
    blobs.map((blob) => expectedOf(decodeBlob(blob))),
  );
});

function decodes(blob: Uint8Array): string | undefined {
  try {
    return expectedOf(decodeBlob(blob));
  } catch {
    return undefined;
  }
}

test('a changed byte is refused by both, or read the same by both', () => {
  const blobs = fc.sample(anyBlob, { numRuns: 12, seed: 11 });
  const changed = blobs.flatMap((blob) =>
    [...blob.keys()].flatMap((at) =>
      [0x01, 0x80, 0x3d].map((flip) => {
        const copy = Uint8Array.from(blob);
        copy[at] = (copy[at] ?? 0) ^ flip;
        return copy;
      }),
    ),
  );
  const lines = boot(changed.map((blob) => ({ blob })));
  let both = 0;
  for (const [i, line] of lines.entries()) {
    const expected = decodes(changed[i] ?? new Uint8Array());
    if (expected !== undefined) {
      // The C reads a file's mode, a protocol and a port as bytes: who uses them checks them.
      assert.is(line, expected, `blob ${i}`);
      both++;
    }
  }
  const refused = lines.filter((line) => line === FORMAT).length;
  // Both kinds must be there, or the test would show nothing.
  assert.ok(both > 100 && refused > lines.length / 3, `${both} read, ${refused} refused of ${lines.length}`);
});

test('lengths that lie are refused', () => {
  const shorter = plain.slice(0, plain.length - 8);
  const longer = new Uint8Array(plain.length + 8);
  longer.set(plain);
  assert.equal(boot([{ blob: shorter }, { blob: longer }, { blob: new Uint8Array(8) }]), [
    FORMAT,
    FORMAT,
    FORMAT,
  ]);
});

test.run();
