// SPDX-License-Identifier: Apache-2.0
// Which files execve takes within a Keep, and with which errno it refuses the others: the shim's C beside a plain model, and
// beside what the tools check of the first program.
import { checkExec } from '@motte/elf/exec';
import { readElf } from '@motte/elf/read';
import { codeOf } from '@motte/test-helpers/errors';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { EXEC_CASES } from './support/exec-changes.js';
import { FAULT, encodeCase, goodFile } from './support/exec-file.js';
import type { ExecCase } from './support/exec-file.js';
import { expected, ruleNames } from './support/exec-model.js';
import type { Said } from './support/exec-model.js';
import { nativeProgram } from './support/native.js';

const driver = nativeProgram('exec_driver', ['test/c/exec_driver.c', 'exec_elf.c', 'exec_file.c']);
const SEED = 0x65786563;
const CASES = 12_000;

function say(cases: readonly ExecCase[]): string[] {
  const ran = driver([], Buffer.concat(cases.map(encodeCase)));
  assert.is(ran.stderr, '');
  assert.is(ran.status, 0);
  return ran.stdout.toString().trimEnd().split('\n');
}

const sample = fc.sample(EXEC_CASES, { numRuns: CASES, seed: SEED });
const said = say(sample);
const wanted = sample.map(expected);

test(`${CASES} files, changed in headers, bytes and what is said of them: as the model`, () => {
  assert.is(said.length, CASES);
  wanted.forEach(({ line, broken }, i) => {
    if (said[i] === line) return;
    const { bytes, ...rest } = sample[i] as ExecCase;
    const detail = JSON.stringify(rest, (_, value: unknown) =>
      typeof value === 'bigint' ? String(value) : value,
    );
    const head = Buffer.from(bytes.subarray(0, 512)).toString('hex');
    throw new Error(
      `case ${i}: ${said[i]}, the model says ${line} (${broken.join(', ')})\n${detail}\n${head}`,
    );
  });
});

test('among them are files that are run, every error, and for each rule one that breaks it alone', () => {
  const lines = new Set(wanted.map(({ line }) => line.split(' ').slice(0, 2).join(' ')));
  for (const line of ['0 0', '0 -8', '0 -5', '0 -12', '-13 0', '-26 0', '-13 -8'])
    assert.ok(lines.has(line), line);
  const alone = new Set(wanted.filter(({ broken }) => broken.length === 1).map(({ broken }) => broken[0]));
  const { header, parts } = goodFile();
  const missing = ruleNames(header, parts).filter((name) => !alone.has(name));
  assert.equal(missing, []);
});

/** What the tools refuse besides: sections, what is reserved, and tables that the running program looks at by itself. */
const BESIDES = [
  'ELF_DYNAMIC',
  'ELF_NUMBERING',
  'ELF_RELOCATION',
  'ELF_SECTION_NAMES',
  'ELF_SEGMENT_ORDER',
  'NUMBER_UNSAFE',
  'STRUCT_RESERVED',
];

/** What the tools leave to the plan, which is of a Keep's size, and to nobody. */
const LIMITS = ['the end of user space', 'number of program headers', 'length of the dynamic section'];

test('what it takes the tools take as a first program, and the other way about', () => {
  let [both, neither] = [0, 0];
  sample.forEach(({ bytes, size, fault }, i) => {
    if (fault !== FAULT.NONE || size !== BigInt(bytes.length)) return;
    const runs = said[i]?.split(' ')[1] === '0';
    const code = codeOf(() => checkExec(readElf(bytes)));
    if (runs && code === 'accepted') both++;
    else if (runs) assert.ok(BESIDES.includes(code), `case ${i}: it runs, and the tools say ${code}`);
    else if (code !== 'accepted') neither++;
    else {
      const { broken } = wanted[i] as Said;
      assert.ok(
        broken.length > 0 && broken.every((name) => LIMITS.includes(name)),
        `case ${i}: the tools take it, and it does not run: ${broken.join(', ')}`,
      );
    }
  });
  assert.ok(both > CASES / 20 && neither > CASES / 5, `${both} and ${neither} of ${CASES}`);
});

test.run();
