// SPDX-License-Identifier: Apache-2.0
// Writes the seeds of the fuzz targets: for each row a good call, and a good request. Run by hand when rows change.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = dirname(fileURLToPath(import.meta.url));
const TESTS = join(resolve(HERE, '..'), 'packages/hostcall/dist/test/support');
const { ROWS } = await import(join(TESTS, 'rows.js'));
const { bytesOf, littleEndian } = await import(join(TESTS, 'content.js'));
const { extent, reach } = await import(join(TESTS, 'model.js'));
const { goodCase } = await import(join(TESTS, 'lies.js'));
const { goodRequest } = await import(join(TESTS, 'keep-lies.js'));
const { HOSTCALL_BLOCK } = await import(join(TESTS, '../../src/block.js'));

const ELEMENTS = 3;
const BUFFER_BYTES = 24;

function write(target, name, parts) {
  const folder = join(HERE, 'corpus', target);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), Buffer.concat(parts.map((part) => Buffer.from(part))));
}

/** As hostcall_guest.c takes it: row, arguments, buffers, then the answer. */
function guestSeed(row, index) {
  const one = goodCase(row, index, ELEMENTS, ELEMENTS);
  const given = extent(row, one.args, one.buffers);
  const args = Array.from({ length: 6 }, (_, i) => {
    const value = row.args[i]?.kind === 'value-result' ? BigInt(ELEMENTS) : (one.args[i] ?? 0n);
    return value >= 0n && value < 64n ? [Number(value)] : [0x80, ...littleEndian(value, 8)];
  });
  const buffers = one.buffers.map((buffer) =>
    row.args[buffer.arg].kind === 'value-result'
      ? new Uint8Array(4)
      : bytesOf(buffer.content, buffer.size).subarray(0, BUFFER_BYTES),
  );
  const data = bytesOf(one.lie.data, reach(given, 'out'));
  const answer = [[0], littleEndian(one.lie.result, 8), littleEndian(BigInt(one.lie.outLength), 4), data];
  write('hostcall_guest', row.name, [[index], ...args, ...buffers, ...answer]);
}

/** As hostcall_host.c takes it: header, the handler's answers, data. */
function hostSeed(row, index) {
  const { one, given } = goodRequest(row, index);
  const header = HOSTCALL_BLOCK.write({
    version: 1,
    sequence: one.sequence,
    number: one.number,
    in_length: one.inLength,
    ...Object.fromEntries(one.args.map((value, i) => [`arg${i}`, BigInt.asUintN(64, value)])),
  });
  const answers = new Uint8Array(112);
  const fills = row.args.filter((arg) => arg.kind === 'buffer' && arg.direction !== 'in').length;
  const lengths = row.args.filter((arg) => arg.kind === 'value-result').length;
  answers.set(littleEndian(one.script.result, 8), fills * 32 + lengths * 4);
  write('hostcall_host', row.name, [header, answers, bytesOf(one.data, reach(given, 'in'))]);
}

for (const [index, row] of ROWS.entries()) {
  guestSeed(row, index);
  hostSeed(row, index);
}
