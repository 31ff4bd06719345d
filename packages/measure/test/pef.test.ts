// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '@motte/binary/hex';
import { bytesSource } from '@motte/binary/source';
import { buildElf } from '@motte/elf/build';
import { EM, ET, PF, SHF, SHT } from '@motte/elf/constants';
import { carriedBlob, carryBlob, readCpio } from '@motte/measure/pef/cpio';
import { pefDigests, readDigests, writeDigests } from '@motte/measure/pef/digests';
import { FDT_HEADER, TOKEN } from '@motte/measure/pef/fdt';
import type { FdtNode } from '@motte/measure/pef/fdt';
import { readFdt } from '@motte/measure/pef/fdt-read';
import { writeFdt } from '@motte/measure/pef/fdt-write';
import { flatKernel } from '@motte/measure/pef/kernel';
import type { Step } from '@motte/measure/transcript';
import { codeAndField, codeOf } from '@motte/test-helpers/errors';

const name = fc.stringMatching(/^[a-z][a-z0-9,-]{0,8}$/u);
const named = <T extends { name: string }>(item: fc.Arbitrary<T>): fc.Arbitrary<T[]> =>
  fc.uniqueArray(item, { maxLength: 3, selector: (one) => one.name });
/** Objects that `assert.equal` takes for equal to ours. */
const PLAIN = { noNullPrototype: true } as const;
const property = fc.record({ name, value: fc.uint8Array({ maxLength: 9 }) }, PLAIN);
const { node } = fc.letrec<{ node: FdtNode }>((tie) => ({
  node: fc.record(
    {
      name,
      properties: named(property),
      nodes: fc.oneof({ depthSize: 'small' }, fc.constant([]), named(tie('node'))),
    },
    PLAIN,
  ),
}));

test('what is in a tree comes out of its bytes, and these are the same again', () => {
  fc.assert(
    fc.property(node, (one) => {
      const root = { ...one, name: '' };
      const bytes = writeFdt({ root, strings: [] });
      const tree = readFdt(bytes);
      assert.equal(tree.root, root);
      assert.is(toHex(writeFdt(tree)), toHex(bytes));
    }),
  );
});

const TREE = writeFdt({
  root: {
    name: '',
    properties: [{ name: 'a', value: Uint8Array.of(1, 2, 3) }],
    nodes: [
      { name: 'one', properties: [], nodes: [] },
      { name: 'two', properties: [], nodes: [] },
    ],
  },
  strings: [],
});
/** Offsets in the structure block of TREE: root 0, property 8, nodes 24 and 36, ends 48 and 52. */
const STRUCT = 56;

function word(at: number, value: number): Uint8Array {
  const out = new Uint8Array(TREE);
  new DataView(out.buffer).setUint32(at, value, false);
  return out;
}

test('every field of the header has one right value', () => {
  for (const { name: field, at } of FDT_HEADER.fields)
    for (const change of [1, 4, 0x80000000]) {
      const found = new DataView(TREE.buffer).getUint32(at, false);
      const code = codeAndField(() => readFdt(word(at, (found ^ change) >>> 0)));
      // A wrong size of the structure moves where the strings must be.
      const expected = field === 'size_dt_struct' ? /^FDT (?:off_dt_strings|size_dt)/u : `FDT ${field}`;
      if (typeof expected === 'string') assert.is(code, expected);
      else assert.match(code, expected);
    }
  for (let at = FDT_HEADER.size; at < STRUCT; at++) {
    const changed = new Uint8Array(TREE);
    changed[at] = 1;
    assert.is(
      codeAndField(() => readFdt(changed)),
      'FDT memory reservations',
      `byte ${at}`,
    );
  }
});

test('damaged structures are refused for what is wrong', () => {
  const table: [string, string, Uint8Array][] = [
    ['no first node', 'token', word(STRUCT, TOKEN.PROP)],
    ['a NOP', 'token', word(STRUCT + 8, TOKEN.NOP)],
    ['an unknown token', 'token', word(STRUCT + 24, 7)],
    ['a property behind a node', 'token', word(STRUCT + 36, TOKEN.PROP)],
    ['an end too early', 'token', word(STRUCT + 48, TOKEN.END)],
    ['a node instead of the end', 'token', word(STRUCT + 52, TOKEN.BEGIN_NODE)],
    ['a name for the root', 'node name', word(STRUCT + 4, 0x61000000)],
    ['a name without end', 'node name', word(STRUCT + 28, 0x2f2f2f2f)],
    ['a name that is none', 'node name', word(STRUCT + 28, 0x2f2f2f00)],
    ['a name twice', 'name', word(STRUCT + 40, 0x6f6e6500)],
    ['bytes behind a name', 'node name', word(STRUCT + 28, 0x61000001)],
    ['a length beyond the block', 'property a', word(STRUCT + 12, 0xffffffff)],
    ['a name beyond the strings', 'property name', word(STRUCT + 16, 2)],
  ];
  for (const [what, field, bytes] of table)
    assert.is(
      codeAndField(() => readFdt(bytes)),
      `FDT ${field}`,
      what,
    );
});

test('depth is bounded, in both directions', () => {
  let deep: FdtNode = { name: 'n', properties: [], nodes: [] };
  for (let i = 0; i < 20; i++) deep = { name: 'n', properties: [], nodes: [deep] };
  assert.is(
    codeAndField(() => writeFdt({ root: { ...deep, name: '' }, strings: [] })),
    'FDT nodes',
  );
  // A megabyte of nodes without end must neither overflow the stack nor take long.
  const words = new Uint8Array(1 << 20);
  const view = new DataView(words.buffer);
  for (let at = 0; at < words.length; at += 8) view.setUint32(at, 1, false);
  for (let at = 12; at < words.length; at += 8) view.setUint32(at, 0x61000000, false);
  const header = FDT_HEADER.write({
    ...FDT_HEADER.read(TREE),
    totalsize: STRUCT + words.length,
    off_dt_strings: STRUCT + words.length,
    size_dt_struct: words.length,
    size_dt_strings: 0,
  });
  const bytes = new Uint8Array([...header, ...new Uint8Array(16), ...words]);
  assert.is(
    codeAndField(() => readFdt(bytes)),
    'FDT nodes',
  );
});

test('trees that were cut, or changed by chance, end in an FDT error or in a tree', () => {
  for (let length = 0; length < TREE.length; length++)
    assert.is(
      codeOf(() => readFdt(TREE.subarray(0, length))),
      'FDT',
    );
  fc.assert(
    fc.property(fc.nat(TREE.length - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
      const changed = TREE.map((byte, i) => (i === at ? byte ^ mask : byte));
      assert.ok(['FDT', 'accepted'].includes(codeOf(() => readFdt(changed))));
    }),
  );
});

const BOOT = { kernel: Uint8Array.of(1), initrd: Uint8Array.of(2), bootargs: 'a', rtas: Uint8Array.of(3) };

test('a transcript has every part with its own digest', () => {
  const told = (boot: Parameters<typeof pefDigests>[0]): [string[], boolean] => {
    const steps: Step[] = [];
    const found = pefDigests(boot, { onStep: (step) => void steps.push(step) });
    const own = [found.rtas, found.kernel, found.initrd, found.bootargs].map(toHex);
    return [steps.map(({ step }) => step), steps.map(({ digest }) => toHex(digest)).join() === own.join()];
  };
  const rest = ['kernel 1 bytes', 'initrd 1 bytes', 'bootargs 1 bytes'];
  assert.equal(told(BOOT), [['rtas 1 bytes', ...rest], true]);
  const { rtas: _, ...usual } = BOOT;
  assert.equal(told(usual), [['rtas of OPAL firmware', ...rest], true]);
});

test('digests come out of their tree', () => {
  const digests = pefDigests(BOOT);
  const bytes = writeDigests(digests);
  assert.equal(readDigests(bytes), digests);
  const change = (from: string, to: string): Uint8Array =>
    Uint8Array.from(Buffer.from(Buffer.from(bytes).toString('latin1').replace(from, to), 'latin1'));
  const table: [string, () => unknown][] = [
    ['ESM_DIGESTS /compatible', () => readDigests(change('ibm,esm', 'ibm,esn'))],
    ['ESM_DIGESTS /digests/algorithm', () => readDigests(change('SHA512', 'SHA256'))],
    ['ESM_DIGESTS /digests/rtaz', () => readDigests(change('rtas', 'rtaz'))],
    ['ESM_DIGESTS /digesty', () => readDigests(change('digests', 'digesty'))],
    ['PEF_INPUT kernel', () => pefDigests({ ...BOOT, kernel: new Uint8Array(0) })],
    ['PEF_INPUT bootargs', () => pefDigests({ ...BOOT, bootargs: 'a\0' })],
  ];
  for (const [expected, run] of table) assert.is(codeAndField(run), expected);
});

function vmlinux(addresses: readonly bigint[], machine: number = EM.PPC64): Uint8Array {
  const sections = addresses.map((addr, i) => ({
    name: `.s${i}`,
    type: SHT.PROGBITS,
    flags: SHF.ALLOC,
    addr,
    size: 4,
  }));
  const load = { vaddr: 0x10000n, flags: PF.R, bytes: Uint8Array.from({ length: 64 }, (_, i) => i) };
  return buildElf({ entry: 0n, loads: [load], sections, type: ET.EXEC, machine });
}

test('a flat kernel has its sections at their places, and zeros between', () => {
  const flat = flatKernel(bytesSource(vmlinux([0x10020n, 0x10004n])));
  const all = new Uint8Array(flat.size);
  flat.read(0, all);
  const expected = new Uint8Array(32);
  expected.set([4, 5, 6, 7]);
  expected.set([32, 33, 34, 35], 28);
  assert.is(toHex(all), toHex(expected));
  fc.assert(
    fc.property(fc.nat(32), fc.nat(32), (a, b) => {
      const [from, to] = [Math.min(a, b), Math.max(a, b)];
      const part = new Uint8Array(to - from).fill(0xee);
      flat.read(from, part);
      assert.is(toHex(part), toHex(expected.subarray(from, to)));
    }),
  );
  const refused = (file: Uint8Array): string => codeAndField(() => flatKernel(bytesSource(file)));
  assert.is(refused(vmlinux([0x10000n], EM.X86_64)), 'PEF_INPUT e_machine');
  assert.is(refused(vmlinux([0x10000n, 0x10002n])), 'PEF_INPUT sections');
  assert.is(refused(vmlinux([])), 'PEF_INPUT sections');
});

test('an initrd carries a blob, and the archive is strict', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 999 }), fc.uint8Array({ maxLength: 99 }), (blob, initrd) => {
      const carried = carryBlob(blob, initrd, 'x.dtb');
      const found = carriedBlob(carried);
      assert.is(toHex(found.blob), toHex(blob));
      assert.is(found.name, 'x.dtb');
      assert.is(found.end % 512, 0);
      assert.is(toHex(carried.subarray(found.end)), toHex(initrd));
    }),
  );
  const good = carryBlob(Uint8Array.of(1), new Uint8Array(0), 'x');
  const text = (at: number, value: string): Uint8Array => {
    const out = new Uint8Array(good);
    out.set(new TextEncoder().encode(value), at);
    return out;
  };
  const table: [string, () => unknown][] = [
    ['CPIO magic', () => readCpio(text(0, '070702'))],
    ['CPIO mode', () => readCpio(text(14, 'x'))],
    ['CPIO filesize', () => readCpio(text(54, 'ffffffff'))],
    ['CPIO namesize', () => readCpio(text(94, '00000000'))],
    ['CPIO end of the name', () => readCpio(text(111, 'a'))],
    ['CPIO header', () => readCpio(good.subarray(0, 112))],
    ['CPIO padding', () => readCpio(text(good.length - 1, 'a'))],
    ['CPIO name', () => carryBlob(good, good, '../x')],
    ['CPIO opt/ibm/pef/', () => carriedBlob(emptyArchive())],
  ];
  for (const [expected, run] of table) assert.is(codeAndField(run), expected);
});

/** Folders alone: what `carryBlob` writes without its file. */
function emptyArchive(): Uint8Array {
  const whole = carryBlob(new Uint8Array(0), new Uint8Array(0), 'x');
  const file = readCpio(whole).entries.findIndex(({ name: entry }) => entry.endsWith('/x'));
  assert.is(file, 4);
  const text = Buffer.from(whole).toString('latin1');
  const [from, to] = [text.indexOf('070701', text.indexOf('opt/ibm/pef\0')), text.lastIndexOf('070701')];
  return Uint8Array.from(Buffer.concat([whole.subarray(0, from), whole.subarray(to)]));
}

test.run();
