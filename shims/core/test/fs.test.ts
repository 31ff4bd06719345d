// SPDX-License-Identifier: Apache-2.0
// The file system within the Keep beside a plain model, result by result.
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { FILES, PATHS, SCARCE } from './support/fs-commands.js';
import { FsModel } from './support/fs-model.js';
import { nativeProgram } from './support/native.js';

const SOURCES = [
  'change',
  'contents',
  'cwd',
  'data',
  'list',
  'lock',
  'name',
  'node',
  'open',
  'page',
  'path',
  'special',
  'stamp',
]
  .concat(['proc', 'proc_numbers', 'proc_process', 'proc_text', 'start', 'tree'])
  .map((name) => `fs/${name}.c`);
const driver = nativeProgram('fs_driver', ['test/c/fs_driver.c', 'heap.c', 'limits.c', 'pipe.c', ...SOURCES]);

/** Runs sequences, each from the start; says where the first one went wrong. */
function compare(sequences: readonly (readonly string[])[]): void {
  const script = sequences.map((lines) => ['begin', ...lines, ''].join('\n')).join('');
  const ran = driver([], Buffer.from(script));
  assert.is(ran.stderr, '');
  assert.is(ran.status, 0);
  const said = ran.stdout.toString().split('\n');
  let at = 0;
  for (const lines of sequences) {
    const model = new FsModel();
    assert.is(said[at++], 'begin');
    lines.forEach((line, i) => {
      const got = said[at++] ?? '';
      const expected = model.run(line, got);
      if (got === expected) return;
      const story = lines.slice(0, i + 1).map((text, j) => `  ${text}  => ${said[at - 1 - i + j]}`);
      assert.unreachable(`the model says ${expected}\n${story.join('\n')}`);
    });
  }
}

const BATCH = 200;
const RUNS = [
  ['paths and links', PATHS, 1200],
  ['names and contents', FILES, 1200],
  ['memory that runs out', SCARCE, 600],
] as const;

for (const [what, arbitrary, sequences] of RUNS) {
  test(`${what}: ${sequences} random sequences give what the model gives`, () => {
    for (let batch = 0; batch < sequences / BATCH; batch++)
      compare(fc.sample(arbitrary, { numRuns: BATCH, seed: 0x6b656570 + batch }));
  });
}

test.run();
