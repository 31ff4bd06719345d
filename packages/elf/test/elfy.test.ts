// SPDX-License-Identifier: Apache-2.0
// What the comparison with elfy sees, and why the fields that it leaves out are left out.
import { createRequire } from 'node:module';
import * as assert from 'uvu/assert';
import { test } from 'uvu';
import { ELFY_FIELDS, compareWithElfy } from '../src/elfy-fields.js';
import { readElf } from '../src/read.js';
import type { Elf } from '../src/types.js';
import { edit, sampleExec } from './samples.js';

interface Parsed {
  readonly osabi: unknown;
  readonly body: {
    readonly programs: readonly Readonly<Record<string, unknown>>[];
    readonly sections: readonly Readonly<Record<string, unknown>>[];
  };
}
const require = createRequire(import.meta.url);
const elfy = require('elfy') as { parse(bytes: Buffer): Parsed };
const parse = (file: Uint8Array): Parsed => elfy.parse(Buffer.from(file));

const SAMPLE = sampleExec();

test('agrees on what we wrote', () => {
  assert.equal(compareWithElfy(readElf(SAMPLE), parse(SAMPLE)), []);
});

test('sees each field of the list when it differs', () => {
  const parsed = parse(SAMPLE);
  const elf = readElf(SAMPLE);
  for (const { of, ours, elfy: name } of ELFY_FIELDS) {
    const change = (object: object): object => {
      const value: unknown = Reflect.get(object, ours);
      const other = typeof value === 'bigint' ? value ^ 7n : typeof value === 'number' ? value ^ 7 : 'other';
      // A type that both know: 1 and 6, or 2 for the file and 3 for the machine.
      const typed = name === 'type' ? (of === 'header' ? 2 : 1) : name === 'machine' ? 3 : other;
      return { ...object, [ours]: value === typed ? 2 : typed };
    };
    const wrong = {
      ...elf,
      header: of === 'header' ? change(elf.header) : elf.header,
      segments: of === 'program' ? elf.segments.map((s, i) => (i === 1 ? change(s) : s)) : elf.segments,
      sections: of === 'section' ? elf.sections.map((s, i) => (i === 1 ? change(s) : s)) : elf.sections,
    } as Elf;
    const fields = compareWithElfy(wrong, parsed).map(({ field }) => field);
    assert.equal(fields, [of === 'header' ? `header.${name}` : `${of} 1.${name}`]);
  }
});

test('sees a header that one of the two did not find', () => {
  const elf = readElf(SAMPLE);
  const fewer = { ...elf, segments: elf.segments.slice(0, -1) };
  assert.equal(compareWithElfy(fewer, parse(SAMPLE)), [{ field: 'programs.length', ours: '7', elfy: '8' }]);
  assert.ok(compareWithElfy(elf, undefined).length > 20);
});

test('the faults for which fields are left out are there in elfy 1.0.0', () => {
  const linux = parse(edit(SAMPLE, { ehdr: { ei_osabi: 3 } }));
  assert.is(linux.osabi, 'hpux');
  const aligned = parse(edit(SAMPLE, { shdr: { 2: { sh_addralign: 8, sh_entsize: 24 } } }));
  assert.is(aligned.body.sections[2]?.['addralign'], 8 * 0x10000);
  assert.is(aligned.body.sections[2]?.['entsize'], 24 * 0x10000);
  const odd = parse(edit(SAMPLE, { phdr: { 6: { p_type: 0x70001234, p_flags: 0x00100004 } } }));
  assert.is(odd.body.programs[6]?.['type'], undefined);
  assert.equal(odd.body.programs[6]?.['flags'], { r: true, sunw_failure: true });
  assert.throws(() => parse(sampleExec({ sections: [] })), TypeError);
});

test.run();
