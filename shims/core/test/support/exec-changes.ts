// SPDX-License-Identifier: Apache-2.0
// Cases of execve: a good file with some things changed, in its headers, its bytes, or what is said of it.
import { DT, PT } from '@motte/elf/constants';
import { EHDR_FIELDS, PHDR_FIELDS } from '@motte/elf/layouts';
import fc from 'fast-check';
import { CODE, DATA, DYNAMIC, FAULT, bytesOf, goodFile, plainCase } from './exec-file.js';
import type { Entry, ExecCase, ExecFile, Header, Part } from './exec-file.js';

type Change<T> = (to: T) => T;

const SMALL = [0n, 1n, 2n, 3n, 0x7fn, 0xfffn, 0x1000n, 0x1001n, 0x1800n, 0x2000n, 0x200000n, 0x400000n];
const LARGE = [0x7fffffff0000n, 0x7ffffffff000n, 0x800000000000n, (1n << 63n) - 1n, 1n << 63n];
const LAST = [(1n << 64n) - 0x1000n, (1n << 64n) - 1n];

/** Where sums wrap, pages and user space end, and what the good file has. */
const EDGES = [...SMALL, ...LARGE, ...LAST, CODE.vaddr, DATA.vaddr, DATA.offset, DYNAMIC.vaddr];
const NEAR = [-0x1000n, -8n, -1n, 1n, 8n, 0x10n, 0x1000n];

/** A new value of a number of `bits`: an edge, or one that is near. */
function numberFrom(bits: number): fc.Arbitrary<Change<bigint>> {
  const cut = (value: bigint): bigint => BigInt.asUintN(bits, value);
  return fc.oneof(
    fc.constantFrom(...EDGES).map((edge) => () => cut(edge)),
    fc.constantFrom(...NEAR).map((near) => (old: bigint) => cut(old + near)),
    fc.tuple(fc.constantFrom(...EDGES), fc.constantFrom(...NEAR)).map(
      ([edge, near]) =>
        () =>
          cut(edge + near),
    ),
  );
}

const BITS: Readonly<Record<string, number>> = { u8: 8, u16: 16, u32: 32, u64: 64 };
type Field = (typeof EHDR_FIELDS)[number] | (typeof PHDR_FIELDS)[number];

/** Changes one member of a header, whichever has a number. */
function member<T extends Header | Part>(fields: readonly Field[]): fc.Arbitrary<Change<T>> {
  const numbers = fields.filter(({ type }) => type in BITS);
  return fc.constantFrom(...numbers).chain(({ name, type }) =>
    numberFrom(BITS[type] ?? 0).map((change) => (old: T) => {
      const value = old[name as keyof T];
      return {
        ...old,
        [name]: typeof value === 'bigint' ? change(value) : Number(change(BigInt(value as number))),
      };
    }),
  );
}

const TYPES = [...Object.values(PT), 0x60000000];
const part: fc.Arbitrary<Change<Part>> = fc.oneof(
  { weight: 6, arbitrary: member<Part>(PHDR_FIELDS) },
  { weight: 2, arbitrary: fc.nat({ max: 7 }).map((p_flags) => (old: Part) => ({ ...old, p_flags })) },
  { weight: 2, arbitrary: fc.constantFrom(...TYPES).map((p_type) => (old: Part) => ({ ...old, p_type })) },
  {
    weight: 2,
    // What is moved in the file and in memory by the same stays alike by its alignment.
    arbitrary: fc.constantFrom(...NEAR, 0x200000n, 1n << 46n).map((by) => (old: Part) => ({
      ...old,
      p_vaddr: BigInt.asUintN(64, old.p_vaddr + by),
      p_offset: old.p_filesz === 0n ? old.p_offset : BigInt.asUintN(64, old.p_offset + (by % 0x1000n)),
    })),
  },
  { weight: 1, arbitrary: fc.constant((old: Part) => ({ ...old, p_memsz: 0n, p_filesz: 0n })) },
);

const entry = fc.tuple(
  fc.constantFrom(...[DT.NULL, DT.NEEDED, DT.TEXTREL, DT.FLAGS, DT.RELA, 0x6ffffff9].map(BigInt)),
  fc.constantFrom(0n, 4n, 8n, 0xcn, ~0n & 0xffffn),
);

const sameLength = (file: ExecFile, parts: readonly Part[]): ExecFile => ({
  ...file,
  parts,
  header: { ...file.header, e_phnum: parts.length },
});

/** The table of program headers at another place, and PT_PHDR with it. */
function tableAt(file: ExecFile, at: bigint): ExecFile {
  const parts = file.parts.map((one) =>
    one.p_type === PT.PHDR ? { ...one, p_offset: at, p_vaddr: at } : one,
  );
  return { ...file, parts, header: { ...file.header, e_phoff: at } };
}

const files: fc.Arbitrary<Change<ExecFile>> = fc.oneof(
  {
    weight: 3,
    arbitrary: member<Header>(EHDR_FIELDS).map((change) => (file: ExecFile) => ({
      ...file,
      header: change(file.header),
    })),
  },
  {
    weight: 8,
    arbitrary: fc.tuple(fc.nat(), part).map(([which, change]) => (file: ExecFile) => ({
      ...file,
      parts: file.parts.map((one, i) => (i === which % file.parts.length ? change(one) : one)),
    })),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.nat(), fc.nat()).map(([a, b]) => (file: ExecFile) => {
      const parts = [...file.parts];
      const [from, to] = [a % parts.length, b % parts.length];
      [parts[from], parts[to]] = [parts[to] as Part, parts[from] as Part];
      return { ...file, parts };
    }),
  },
  {
    weight: 1,
    arbitrary: fc.nat().map((which) => (file: ExecFile) => {
      const parts = file.parts.filter((_, i) => i !== which % file.parts.length);
      return parts.length > 0 ? sameLength(file, parts) : file;
    }),
  },
  {
    weight: 1,
    // Up to the most that there may be, and past it.
    arbitrary: fc.constantFrom(1, 55, 56, 57, 64).map((count) => (file: ExecFile) => {
      const more = Array.from({ length: count }, () => ({ ...(file.parts[0] as Part), p_type: PT.NULL }));
      const room = BigInt(56 * (file.parts.length + count));
      const parts = [...file.parts, ...more].map((one) =>
        one.p_type === PT.PHDR ? { ...one, p_filesz: room, p_memsz: room } : one,
      );
      const [first, ...rest] = parts;
      const head = parts.findIndex((one) => one.p_type === PT.LOAD && one.p_offset === 0n);
      if (first === undefined || head < 0) return sameLength(file, [...(first ? [first] : []), ...rest]);
      parts[head] = { ...(parts[head] as Part), p_filesz: 0x1000n, p_memsz: 0x1000n };
      return sameLength(file, parts);
    }),
  },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom(0n, 72n, 0x200n, 0x1000n, 0x1400n, (1n << 63n) - 1n, 1n << 63n, (1n << 64n) - 56n)
      .map((at) => (file: ExecFile) => tableAt(file, at)),
  },
  {
    weight: 3,
    arbitrary: fc.array(entry, { maxLength: 4 }).map((entries) => (file: ExecFile) => {
      const dynamic: readonly Entry[] = entries.map(([tag, value]) => [tag, value]);
      const size = BigInt(16 * dynamic.length);
      const parts = file.parts.map((one) =>
        one.p_type === PT.DYNAMIC ? { ...one, p_filesz: size, p_memsz: size } : one,
      );
      return { ...file, dynamic, parts };
    }),
  },
  {
    weight: 1,
    arbitrary: fc.nat({ max: 0x1c00 }).map((length) => (file: ExecFile) => ({ ...file, length })),
  },
);

/** The same of a case's bytes, and of what is said of it. */
const cases: fc.Arbitrary<Change<ExecCase>> = fc.oneof(
  { weight: 8, arbitrary: fc.constant((one: ExecCase) => one) },
  {
    weight: 4,
    arbitrary: fc.tuple(fc.nat({ max: 576 }), fc.nat({ max: 7 })).map(([at, bit]) => (one: ExecCase) => {
      const bytes = one.bytes.slice();
      if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
      return { ...one, bytes };
    }),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(0n, 64n, 0x1000n, 0x1c00n, 1n << 40n)
      .map((size) => (one: ExecCase) => ({ ...one, size })),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.constantFrom(FAULT.ERROR, FAULT.SHORT, FAULT.MEMORY), fc.integer({ min: 1, max: 3 }))
      .map(([fault, at]) => (one: ExecCase) => ({ ...one, fault, at })),
  },
  {
    weight: 2,
    arbitrary: fc
      .record({
        mode: fc.constantFrom(0o100755, 0o100644, 0o100001, 0o40755, 0o10777, 0o120777, 0o140777),
        granted: fc.boolean(),
        permitted: fc.constantFrom(0, 8, 16, 24, 7),
        late: fc.boolean(),
        named: fc.boolean(),
        written: fc.boolean(),
      })
      .map((said) => (one: ExecCase) => ({ ...one, ...said })),
  },
);

/** A good file, up to three changes of it, and one of the case. */
export const EXEC_CASES: fc.Arbitrary<ExecCase> = fc
  .tuple(fc.array(files, { maxLength: 3 }), cases)
  .map(([changes, last]) =>
    last(plainCase(bytesOf(changes.reduce((file, change) => change(file), goodFile())))),
  );
