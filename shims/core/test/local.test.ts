// SPDX-License-Identifier: Apache-2.0
// Sockets of AF_UNIX beside a plain model, result by result; after each command also how many there are, how many
// descriptors are under way, and what the queues hold, so that nothing is lost and nothing is kept.
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CIRCLES, SOCKETS } from './support/local-commands.js';
import { LocalModel } from './support/local-model.js';
import { nativeProgram } from './support/native.js';

const LOCAL = ['collect', 'connect', 'message', 'name', 'option', 'receive', 'scm', 'send', 'socket'];
const driver = nativeProgram('local_driver', [
  'test/c/local_driver.c',
  'test/c/local_world.c',
  'run.c',
  'socket.c',
  ...LOCAL.map((name) => `local/${name}.c`),
]);

function say(sequences: readonly (readonly string[])[]): string[] {
  const script = sequences.map((lines) => ['begin', ...lines, ''].join('\n')).join('');
  const ran = driver([], Buffer.from(script));
  assert.is(ran.stderr, '');
  assert.is(ran.status, 0);
  return ran.stdout.toString().split('\n');
}

/** Runs sequences, each from the start; says where the first one went wrong. */
function compare(sequences: readonly (readonly string[])[]): void {
  const said = say(sequences);
  let at = 0;
  for (const lines of sequences) {
    const [, message, rights] = /^begin (\d+) (\d+)$/.exec(said[at++] ?? '') ?? [];
    const model = new LocalModel(Number(message), Number(rights));
    lines.forEach((line, i) => {
      const got = said[at++] ?? '';
      const expected = model.run(line, got);
      if (got === expected) return;
      const before = lines.slice(0, i + 1).map((one) => `  ${one}`);
      throw new Error([`the model says${expected}, not${got}`, ...before].join('\n'));
    });
  }
}

const BATCH = 200;
const RUNS = [
  ['all calls', SOCKETS, 1200],
  ['descriptors in circles', CIRCLES, 1200],
] as const;

for (const [what, arbitrary, sequences] of RUNS) {
  test(`${what}: ${sequences} random sequences give what the model gives`, () => {
    for (let batch = 0; batch < sequences / BATCH; batch++)
      compare(fc.sample(arbitrary, { numRuns: BATCH, seed: 0x6c6f63 + batch }));
  });
}

for (const type of [1, 2, 5]) {
  for (const room of [0, 3000, 212_992]) {
    test(`type ${type}, SO_SNDBUF ${room}: the sender hears EAGAIN in time, and all that it sent arrives`, () => {
      const sends = Array.from({ length: 400 }, () => 'w 0 1500 0 -');
      const said = say([
        [`P 0 1 ${type}`, `o 0 ${room}`, ...sends, ...sends.map(() => 'r 1 1500 0'), 'c 0', 'c 1'],
      ]);
      const rows = said.map((line) => / = (-?\d+) \/ \d+ 0 (\d+)$/.exec(line)).filter((row) => row !== null);
      const results = rows.map(([, result]) => Number(result));
      const held = rows.map(([, , bytes]) => Number(bytes));
      const [sent, received] = [results.slice(2, 402), results.slice(402, 802)];
      const went = sent.filter((result) => result === 1500).length;
      assert.ok(went > 0 && went < 400, `${went} went`);
      assert.ok(sent.slice(0, went).every((result) => result === 1500));
      assert.ok(sent.slice(went).every((result) => result === -11));
      assert.ok(Math.max(...held) < Math.max(2 * room, 4608) + 2000, `${Math.max(...held)} bytes`);
      assert.is(received.filter((result) => result === 1500).length, went);
      assert.ok(received.slice(went).every((result) => result === -11));
      assert.is(held.at(-1), 0);
    });
  }
}

test.run();
