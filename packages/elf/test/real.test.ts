// SPDX-License-Identifier: Apache-2.0
// Files that others made: Intel's and others' signed enclaves, the system's binaries, programs of gcc and rustc. Each
// is read, written again byte for byte, and compared with what elfy and readelf say of it.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import * as assert from 'uvu/assert';
import { test } from 'uvu';
import { readBytes } from '@motte/binary/source';
import { sameBytes } from '@motte/test-helpers/bytes';
import { codeOf } from '@motte/test-helpers/errors';
import { program } from '@motte/test-helpers/programs';
import type { ProgramName } from '@motte/test-helpers/programs';
import { VECTORS, haveVectors, vector, vectorJson } from '@motte/test-helpers/vectors';
import { DT, PT } from '../src/constants.js';
import { readDynamic } from '../src/dynamic.js';
import { compareWithElfy } from '../src/elfy-fields.js';
import { checkExec } from '../src/exec.js';
import { readNotes } from '../src/notes.js';
import { readElf } from '../src/read.js';
import { readRelocations, relocationName } from '../src/relocations.js';
import { findSection, sectionSource } from '../src/sections.js';
import { readSymbols, symbolTable } from '../src/symbols.js';
import { elfParts, writeElf } from '../src/write.js';

const require = createRequire(import.meta.url);
const elfy = require('elfy') as { parse(bytes: Buffer): unknown };

/** What holds of every file: it is written again as it was, and elfy agrees. */
function sameAndAgreed(file: Uint8Array, name: string): void {
  const elf = readElf(file);
  sameBytes(writeElf(elfParts(elf)), file, name);
  assert.equal(compareWithElfy(elf, elfy.parse(Buffer.from(file))), [], name);
}

interface Enclave {
  readonly file: string;
  readonly layout: { readonly textrel: boolean };
  readonly metadata_blocks: readonly { readonly size: number }[];
}

const MAGIC = 0x86a80294635d0e4cn;

for (const folder of ['sgx-signed-enclaves', 'sgx-intel-signer']) {
  if (!haveVectors(folder)) {
    console.log(`skipped: ${folder}: not in ${VECTORS}`);
    continue;
  }
  const { vectors } = vectorJson(folder, 'meta.json') as { vectors: readonly Enclave[] };
  assert.ok(vectors.length >= 11, folder);
  for (const { file, layout, metadata_blocks } of vectors) {
    test(`${folder}/${file}`, () => {
      const bytes = vector(folder, file);
      sameAndAgreed(bytes, file);
      const elf = readElf(bytes);
      assert.is(readDynamic(elf)?.get(DT.TEXTREL) !== undefined, layout.textrel);
      const section = findSection(elf, '.note.sgxmeta');
      assert.ok(section);
      // Only the first: the section has the three bytes that padding would take, but at its end.
      const [note] = readNotes(sectionSource(elf, section), 'none');
      assert.equal([note?.name, note?.type], ['sgx_metadata', 1]);
      assert.ok(note);
      const head = readBytes(note.descriptor, 0, 8);
      assert.is(new DataView(head.buffer).getBigUint64(0, true), MAGIC);
      assert.ok(note.descriptor.size >= metadata_blocks.reduce((sum, { size }) => sum + size, 0));
    });
  }
}

test('binaries of the system', () => {
  const folders = ['/usr/bin', '/usr/lib/x86_64-linux-gnu'].filter(existsSync);
  let compared = 0;
  for (const folder of folders) {
    const entries = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile());
    // Every 40th and none above 4 MiB: a sample of a second.
    for (const { name } of entries.filter((_, i) => i % 40 === 0)) {
      const bytes = readFileSync(`${folder}/${name}`);
      const ours = bytes.length < 0x400000 && bytes.subarray(0, 6).toString('latin1') === '\x7fELF\x02\x01';
      if (!ours) continue;
      sameAndAgreed(bytes, name);
      compared++;
    }
  }
  assert.ok(compared >= 5, `only ${compared} files compared`);
});

const haveReadelf = spawnSync('readelf', ['--version']).status === 0;

function readelf(...args: string[]): string[] {
  const { stdout } = spawnSync('readelf', args, { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } });
  return stdout.split('\n');
}

/** Type and address of each relocation that binutils' readelf lists, sorted. */
function readelfRelocations(path: string): string[] {
  return readelf('-rW', path)
    .flatMap((line) => /^([0-9a-f]{16})\s+[0-9a-f]{16}\s+R_X86_64_(\w+)/.exec(line) ?? [])
    .flatMap((_, i, all) => (i % 3 === 0 ? [`${all[i + 2]} ${all[i + 1]}`] : []))
    .sort();
}

/** Value and name of each symbol of .symtab that readelf lists. */
function readelfSymbols(path: string): string[] {
  const lines = readelf('-sW', path);
  return lines
    .slice(lines.findIndex((line) => line.includes("'.symtab'")))
    .flatMap(
      (line) =>
        /^\s*[1-9]\d*: ([0-9a-f]{16})\s+\S+ (\w+|<OS specific>: \d+)\s+\w+\s+\w+(?:\s+\[.*?\])?\s+\S+(?: (\S+))?/.exec(
          line,
        ) ?? [],
    )
    .flatMap((_, i, all) =>
      i % 4 === 0 && all[i + 2] !== 'SECTION' ? [`${all[i + 1]} ${all[i + 3] ?? ''}`] : [],
    );
}

interface Program {
  readonly name: ProgramName;
  readonly expected: string;
  readonly types?: readonly string[];
}

const PROGRAMS: readonly Program[] = [
  { name: 'tls', expected: 'accepted', types: ['R_X86_64_RELATIVE', 'R_X86_64_IRELATIVE'] },
  { name: 'tls-musl', expected: 'accepted', types: ['R_X86_64_RELATIVE'] },
  { name: 'rust', expected: 'accepted', types: ['R_X86_64_RELATIVE', 'R_X86_64_IRELATIVE'] },
  { name: 'sqlite', expected: 'accepted', types: ['R_X86_64_RELATIVE', 'R_X86_64_IRELATIVE'] },
  { name: 'lua', expected: 'accepted', types: ['R_X86_64_RELATIVE', 'R_X86_64_IRELATIVE'] },
  { name: 'non-pie', expected: 'ELF_NOT_PIE' },
  { name: 'dynamic', expected: 'ELF_INTERP' },
  { name: 'textrel', expected: 'ELF_TEXTREL' },
];

for (const { name, expected, types } of PROGRAMS) {
  const built = program(name);
  if ('skipped' in built) {
    console.log(`skipped: program ${name}: ${built.skipped}`);
    continue;
  }
  test(`a program of gcc or rustc: ${name}`, () => {
    const bytes = readFileSync(built.path);
    sameAndAgreed(bytes, name);
    const elf = readElf(bytes);
    assert.is(
      codeOf(() => checkExec(elf)),
      expected,
    );
    if (types !== undefined) {
      const exec = checkExec(elf);
      assert.equal(
        exec.relocations.map((count) => count.name),
        types,
      );
      // Without PT_PHDR the headers are found through the PT_LOAD that covers them: at 64, as ld places them.
      assert.equal(exec.phdr, { address: 64n, count: elf.segments.length });
      assert.is(
        exec.tls,
        elf.segments.find(({ type }) => type === PT.TLS),
      );
    }
    assert.is(
      codeOf(() => readElf(bytes.subarray(0, bytes.length / 2))),
      'ELF_TRUNCATED',
    );
  });
  test(`readelf sees the same in ${name}`, () => {
    if (!haveReadelf) return console.log('skipped: readelf: not on this machine');
    const elf = readElf(readFileSync(built.path));
    const own = [...readRelocations(elf)].map(
      ({ type, address }) => `${relocationName(type).slice(9)} ${address.toString(16).padStart(16, '0')}`,
    );
    // A static ET_EXEC has no dynamic section; readelf finds its relocations by their section.
    if (readDynamic(elf) !== undefined) assert.equal(own.sort(), readelfRelocations(built.path));
    const table = symbolTable(elf);
    assert.ok(table);
    const symbols = [...readSymbols(elf, table)].filter(({ type }) => type !== 3);
    assert.equal(
      symbols.map((symbol) => `${symbol.value.toString(16).padStart(16, '0')} ${symbol.name}`),
      readelfSymbols(built.path),
    );
  });
}

test.run();
