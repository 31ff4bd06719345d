// SPDX-License-Identifier: Apache-2.0
// Damaged files end in an Elf or in a MotteError, and soon. Longer: MOTTE_FUZZ_SECONDS=600.
import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import fc from 'fast-check';
import { test } from 'uvu';
import { MotteError } from '@motte/binary/error';
import { fuzzParameters, within } from '@motte/test-helpers/fuzz';
import { program } from '@motte/test-helpers/programs';
import { haveVectors, vector } from '@motte/test-helpers/vectors';
import { checkExec } from '../src/exec.js';
import { EHDR, PHDR, SHDR } from '../src/layouts.js';
import { readNotes } from '../src/notes.js';
import { readElf } from '../src/read.js';
import { readRelocations } from '../src/relocations.js';
import { sectionSource } from '../src/sections.js';
import { checkShim } from '../src/shim.js';
import { readSymbols, symbolIndex, symbolTable } from '../src/symbols.js';
import { elfParts, writeElf } from '../src/write.js';
import { sampleExec, sampleShim } from './samples.js';

/** Generous for a machine that others use; a parser that walks a hostile length takes minutes. */
const LIMIT_MS = 5000;

const built = program('tls');
const ENCLAVE = 'sgx-beginner-sample-90f70339.signed.so';
const SEEDS: readonly Uint8Array[] = [
  sampleExec(),
  sampleShim(),
  sampleExec({ sections: [] }),
  ...('path' in built ? [readFileSync(built.path)] : []),
  ...(haveVectors('sgx-signed-enclaves') ? [vector('sgx-signed-enclaves', ENCLAVE)] : []),
];

/** Runs `step`; a MotteError is a right answer, anything else passes through. */
function tolerant(step: () => unknown): boolean {
  try {
    step();
    return true;
  } catch (error) {
    if (error instanceof MotteError) return false;
    throw error;
  }
}

/** Asks everything that the package can say of a file. Returns whether the headers were accepted. */
function consume(file: Uint8Array): boolean {
  if (!tolerant(() => readElf(file))) return false;
  const elf = readElf(file);
  const table = symbolTable(elf);
  const steps = [
    () => checkExec(elf),
    () => checkShim(elf),
    () => [...readRelocations(elf)].length,
    () => (table === undefined ? 0 : [...readSymbols(elf, table)].length),
    () => symbolIndex(elf).describe(elf.header.entry),
    () => writeElf(elfParts(elf)),
    ...elf.sections.slice(0, 50).map((section) => () => [...readNotes(sectionSource(elf, section))].length),
  ];
  for (const step of steps) tolerant(step);
  return true;
}

/** A place worth damaging: in the headers, mostly, or anywhere. */
function places(file: Uint8Array): fc.Arbitrary<number> {
  const { e_phoff, e_shoff, e_phnum, e_shnum } = EHDR.read(file);
  const table = (from: bigint, count: number, size: number): fc.Arbitrary<number> =>
    fc.integer({ min: 0, max: Math.max(0, count * size - 1) }).map((at) => Number(from) + at);
  return fc.oneof(
    fc.integer({ min: 0, max: EHDR.size - 1 }),
    table(e_phoff, e_phnum, PHDR.size),
    table(e_shoff, e_shnum, SHDR.size),
    fc.integer({ min: 0, max: file.length - 1 }),
  );
}

const INTERESTING = [0n, 1n, 0x7fn, 0xfffn, 0x1000n, 0xffffn, 0x7fffffffn, 0xffffffffn]
  .concat([1n << 52n, (1n << 53n) - 1n, 1n << 53n, (1n << 63n) - 1n, 1n << 63n, (1n << 64n) - 1n])
  .concat([24n, 56n, 64n]);

function damaged(seed: Uint8Array): fc.Arbitrary<Uint8Array> {
  const damage = fc.record({
    at: places(seed),
    value: fc.oneof(fc.constantFrom(...INTERESTING), fc.bigInt({ min: 0n, max: (1n << 64n) - 1n })),
    width: fc.constantFrom(1, 2, 4, 8),
  });
  const cut = fc.oneof(
    { weight: 9, arbitrary: fc.constant(seed.length) },
    { weight: 1, arbitrary: fc.nat(seed.length) },
  );
  return fc.tuple(fc.array(damage, { minLength: 1, maxLength: 6 }), cut).map(([damages, length]) => {
    const out = seed.slice();
    for (const { at, value, width } of damages) {
      for (let i = 0; i < width && at + i < out.length; i++)
        out[at + i] = Number((value >> BigInt(8 * i)) & 0xffn);
    }
    return out.subarray(0, length);
  });
}

test('the seeds themselves are accepted', () => {
  assert.ok(SEEDS.every(consume));
});

test('a damaged file gives an Elf or a MotteError, soon', () => {
  let accepted = 0;
  let refused = 0;
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: SEEDS.length - 1 }).chain((i) => damaged(SEEDS[i] as Uint8Array)),
      (file) => {
        if (within(LIMIT_MS, () => consume(file))) accepted++;
        else refused++;
      },
    ),
    fuzzParameters(300),
  );
  // Damage that is always refused, or never, would test nothing.
  assert.ok(accepted > 0 && refused > 0, `${accepted} accepted, ${refused} refused`);
});

test('bytes of no file give a MotteError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, magic) => {
      const head = magic ? [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0] : [];
      assert.not(within(LIMIT_MS, () => consume(Uint8Array.of(...head, ...bytes))));
    }),
    fuzzParameters(300),
  );
});

test('every single flipped bit of the file header and the program headers', () => {
  const file = sampleExec();
  for (let bit = 0; bit < 8 * (EHDR.size + 8 * PHDR.size); bit++) {
    const flipped = file.slice();
    flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
    consume(flipped);
  }
});

test.run();
