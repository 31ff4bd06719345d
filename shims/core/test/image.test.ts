// SPDX-License-Identifier: Apache-2.0
// Files of the image in the shim's own C: every index that the tools make becomes the tree that it says, none harms the
// shim, and what is read is what was measured, whatever the host gives and however little memory there is.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeBlob } from '@motte/config/blob';
import { CONFIG_TYPES } from '@motte/config/blob-layout';
import { decodeIndex } from '@motte/config/file-index-decode';
import { CHUNK_BYTES } from '@motte/config/file-index-layout';
import { encodeIndex } from '@motte/config/file-index';
import type { IndexEntry } from '@motte/config/file-index';
import { foldersOf } from '@motte/config/image-rules';
import { codeOf } from '@motte/test-helpers/errors';
import { ROOT } from '@motte/test-helpers/vectors';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { nativeProgram } from './support/native.js';

const BEARSSL = join(ROOT, 'build/bearssl');
const SEED = 0x66696c65;

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();

function digestsOf(bytes: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES)
    parts.push(sha256(bytes.subarray(at, at + CHUNK_BYTES)));
  return new Uint8Array(Buffer.concat(parts));
}

/** A blob whose IMAGE record names `index`. */
function blobOf(index: Uint8Array): Uint8Array {
  const text = (value: string): Uint8Array => new TextEncoder().encode(value);
  const value = text(`${index.length}\0${Buffer.from(sha256(index)).toString('hex')}`);
  const records = [
    { type: CONFIG_TYPES.ARG, value: text('app') },
    { type: CONFIG_TYPES.IMAGE, value },
  ];
  return encodeBlob({ flags: 0, threads: 1, memory: 4096n, records });
}

interface Case {
  readonly blob: Uint8Array;
  readonly index: Uint8Array;
  readonly contents: Uint8Array;
  readonly commands: readonly string[];
}

const part = fc.stringMatching(/^[a-c.é-]{1,3}$/u).filter((name) => name !== '.' && name !== '..');
const path = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => `/${parts.join('/')}`);
const size = fc.oneof(
  fc.constantFrom(0, 1, 4096, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1),
  fc.nat({ max: 6 * CHUNK_BYTES }),
);

interface Made {
  readonly path: string;
  readonly what: 'file' | 'program' | 'link' | 'directory';
  readonly size: number;
}

const made: fc.Arbitrary<Made[]> = fc
  .uniqueArray(
    fc.record({ path, what: fc.constantFrom('file', 'file', 'program', 'link', 'directory'), size }),
    { selector: (one) => one.path, minLength: 1, maxLength: 8 },
  )
  .map((all) => {
    const paths = new Set(all.map((one) => one.path));
    return all.filter((one) => !foldersOf(one.path).some((folder) => paths.has(folder)));
  });

/** Entries, and what is in each file. */
function filesOf(some: readonly Made[]): { entries: IndexEntry[]; bytes: Map<string, Buffer> } {
  const bytes = new Map<string, Buffer>();
  const entries = some.map((one): IndexEntry => {
    if (one.what === 'link') return { kind: 'link', path: one.path, text: `to ${one.size}` };
    if (one.what === 'directory') return { kind: 'directory', path: one.path };
    const own = Buffer.alloc(one.size, createHash('sha512').update(one.path).digest());
    bytes.set(one.path, own);
    const executable = one.what === 'program';
    return { kind: 'file', path: one.path, executable, size: one.size, digests: digestsOf(own) };
  });
  return { entries, bytes };
}

/** What the driver tells of a tree, sorted. */
function treeOf(entries: readonly IndexEntry[]): string[] {
  const lines = new Set<string>();
  for (const entry of entries) {
    for (const folder of foldersOf(entry.path)) lines.add(`${folder}\t100\t555`);
    if (entry.kind === 'directory') lines.add(`${entry.path}\t100\t555`);
    else if (entry.kind === 'link') lines.add(`${entry.path}\t108\t777\t${entry.text}`);
    else lines.add(`${entry.path}\t102\t${entry.executable ? '555' : '444'}\t${entry.size}`);
  }
  return [...lines].sort();
}

function checksum(bytes: Uint8Array): number {
  let sum = 1;
  for (const byte of bytes) sum = (Math.imul(sum, 31) + byte) >>> 0;
  return sum;
}

const command = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.tuple(fc.constant('read' as const), fc.nat(), fc.nat(), fc.nat({ max: 3 * CHUNK_BYTES })),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(
      fc.constant('heap' as const),
      fc.constantFrom(16, 64, 128, 256, 4096),
      fc.constant(0),
      fc.constant(0),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(
      fc.constant('lie' as const),
      fc.nat({ max: 2 }),
      fc.integer({ min: 1, max: 6 }),
      fc.constant(0),
    ),
  },
);

if (!existsSync(BEARSSL)) console.log('skipped: files of the image: build/bearssl is not there');
else {
  const hash = ['hash/sha2small.c', 'codec/dec32be.c', 'codec/enc32be.c'].map((name) =>
    join(BEARSSL, 'src', name),
  );
  const include = ['-I', join(BEARSSL, 'inc'), '-I', join(BEARSSL, 'src')];
  const sources = ['test/c/image_driver.c', 'image/contents.c', 'image/index.c', 'config_blob.c'];
  const driver = nativeProgram('image_driver', [...include, ...sources, ...hash]);

  /** The lines of each case. */
  const run = (cases: readonly Case[]): string[][] => {
    const piece = (bytes: Uint8Array): Buffer =>
      Buffer.concat([Buffer.from(Uint32Array.of(bytes.length).buffer), bytes]);
    const input = cases.flatMap(({ blob, index, contents, commands }) =>
      [blob, index, contents, new TextEncoder().encode(commands.join('\n'))].map(piece),
    );
    const ran = driver([], Buffer.concat(input));
    assert.is(ran.stderr, '');
    assert.is(ran.status, 0);
    const out = ran.stdout.toString().split('begin\n').slice(1);
    assert.is(out.length, cases.length);
    return out.map((text) => text.split('\n').slice(0, -1));
  };
  const header = readFileSync(join(ROOT, 'shims/core/generated/hostcall_abi.h'), 'utf8');
  const refused = (name: 'IMAGE_INDEX' | 'IMAGE_CONTENTS'): string =>
    `refused ${Number(new RegExp(`#define REASON_${name} (0x[0-9a-f]+)`).exec(header)?.[1])}`;

  test('500 indexes become the trees that they say', () => {
    const samples = fc.sample(made, { numRuns: 500, seed: SEED }).map((some) => filesOf(some).entries);
    const cases = samples.map((entries) => {
      const index = encodeIndex(entries);
      return { blob: blobOf(index), index, contents: new Uint8Array(0), commands: [] };
    });
    run(cases).forEach((lines, i) => assert.equal(lines.sort(), treeOf(samples[i] ?? [])));
  });

  test('2000 damaged indexes: what the decoder accepts the shim accepts; what the shim accepts harms nothing', () => {
    const damaged = fc.tuple(
      made,
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 }),
      fc.nat(9),
    );
    const cases = fc.sample(damaged, { numRuns: 2000, seed: SEED }).map(([some, changes, cut]): Case => {
      const index = encodeIndex(filesOf(some).entries);
      for (const [at, value] of changes) index[at % index.length] = value;
      const cutIndex = index.subarray(0, cut === 0 ? index.length - 8 : index.length);
      return { blob: blobOf(cutIndex), index: cutIndex, contents: new Uint8Array(0), commands: [] };
    });
    const seen = { accepted: 0, refused: 0 };
    run(cases).forEach((lines, i) => {
      const { index } = cases[i] as Case;
      if (codeOf(() => decodeIndex(index)) === 'accepted')
        assert.equal(lines.sort(), treeOf(decodeIndex(index)));
      seen[lines.at(-1) === refused('IMAGE_INDEX') ? 'refused' : 'accepted']++;
    });
    assert.ok(seen.accepted > 100 && seen.refused > 300, JSON.stringify(seen));
  });

  test('an index with one bit changed is not the one that the blob names', () => {
    const index = encodeIndex(filesOf([{ path: '/a/b', what: 'file', size: 9 }]).entries);
    const cases = [...index.keys()].map((at) => ({
      blob: blobOf(index),
      index: index.map((byte, i) => (i === at ? byte ^ 1 : byte)),
      contents: new Uint8Array(0),
      commands: [],
    }));
    for (const lines of run(cases)) assert.equal(lines, [refused('IMAGE_INDEX')]);
  });

  test('300 sequences of reads, in little memory, of hosts that lie: the bytes that were measured, or the end', () => {
    const sequences = fc.sample(fc.tuple(made, fc.array(command, { minLength: 5, maxLength: 40 })), {
      numRuns: 300,
      seed: SEED,
    });
    const expected: string[][] = [];
    const cases = sequences.flatMap(([some, steps]): Case[] => {
      const { entries, bytes } = filesOf(some);
      const index = encodeIndex(entries);
      const order = decodeIndex(index).flatMap((entry) =>
        entry.kind === 'file' ? [bytes.get(entry.path) as Buffer] : [],
      );
      if (order.length === 0) return [];
      const answers: string[] = [];
      const commands = steps.map(([what, a, b, c]) => {
        if (what === 'heap') return `heap ${a}`;
        if (what === 'lie') return `lie ${'wse'[a]} ${b}`;
        const file = order[a % order.length] as Buffer;
        const at = b % (file.length + 1);
        const count = Math.min(c, file.length - at);
        const own = file.subarray(at, at + count);
        answers.push(`${count} ${count > 0 ? checksum(own) : 0}`);
        return `read ${a % order.length} ${at} ${count}`;
      });
      expected.push(answers);
      return [{ blob: blobOf(index), index, contents: Buffer.concat(order), commands }];
    });
    const seen = { whole: 0, refused: 0, errors: 0 };
    run(cases).forEach((lines, i) => {
      const tree = treeOf(decodeIndex((cases[i] as Case).index)).length;
      const answers = lines.slice(tree);
      const right = expected[i] ?? [];
      const end = answers.at(-1) === refused('IMAGE_CONTENTS') ? answers.pop() : undefined;
      answers.forEach((answer, j) => {
        if (answer === right[j]) return;
        // EIO, or what came before it.
        const [count] = answer.split(' ').map(Number);
        assert.ok(
          count === -5 || (count ?? 0) < Number.parseInt(right[j] ?? '', 10),
          `${answer}: ${right[j]}`,
        );
        seen.errors++;
      });
      if (end === undefined) assert.is(answers.length, right.length);
      seen[end === undefined ? 'whole' : 'refused']++;
    });
    assert.ok(seen.whole > 30 && seen.refused > 30 && seen.errors > 5, JSON.stringify(seen));
  });
}

test.run();
