// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '@motte/binary/hex';
import { buildElf } from '@motte/elf/build';
import { EM, ET, PF, PT } from '@motte/elf/constants';
import { readElf } from '@motte/elf/read';
import { newSha3With512 as nobleSha3 } from '@motte/measure/hash-noble';
import { measureKeystone, measureSecurityMonitor, MONITOR_BYTES } from '@motte/measure/keystone';
import { measureKeystoneV1 } from '@motte/measure/keystone-v1';
import type { Step } from '@motte/measure/transcript';
import { codeAndField } from '@motte/test-helpers/errors';

function sha3(...parts: readonly Uint8Array[]): string {
  return createHash('sha3-512').update(Buffer.concat(parts)).digest('hex');
}

function u64(value: bigint | number): Buffer {
  const out = Buffer.alloc(8);
  out.writeBigUInt64LE(BigInt(value));
  return out;
}

function padded(bytes: Uint8Array): Buffer {
  const out = Buffer.alloc(Math.ceil(bytes.length / 4096) * 4096);
  out.set(bytes);
  return out;
}

const file = fc
  .integer({ min: 1, max: 90_000 })
  .map((size) => Uint8Array.from({ length: size }, (_, i) => i * 7 + size));

test('sizes, then files, as they are defined', () => {
  fc.assert(
    fc.property(file, file, file, (loader, runtime, eapp) => {
      const files = [loader, runtime, eapp].map(padded);
      const expected = sha3(...files.map(({ length }) => u64(length)), ...files);
      assert.is(toHex(measureKeystone({ loader, runtime, eapp })), expected);
      assert.is(toHex(measureKeystone({ loader, runtime, eapp }, { sha3: nobleSha3 })), expected);
    }),
    { numRuns: 10 },
  );
});

test('a monitor is measured with the zeros behind it', () => {
  const firmware = Uint8Array.of(1, 2, 3);
  const expected = sha3(firmware, new Uint8Array(MONITOR_BYTES - 3));
  assert.is(toHex(measureSecurityMonitor(firmware)), expected);
  const whole = new Uint8Array(MONITOR_BYTES).fill(9);
  assert.is(toHex(measureSecurityMonitor(whole)), sha3(whole));
});

interface Load {
  readonly vaddr: bigint;
  readonly bytes: Uint8Array;
  readonly memsz: number;
}

function elf(entry: bigint, loads: readonly Load[], machine: number = EM.RISCV): Uint8Array {
  const flags = PF.R | PF.X;
  const built = buildElf({ entry, loads: loads.map((load) => ({ ...load, flags })), type: ET.EXEC, machine });
  // The builder loads the headers at 0; here they are not loaded.
  new DataView(built.buffer, built.byteOffset).setUint32(64, PT.NULL, true);
  return built;
}

/** The page table walk page by page over a map, which has nothing in common with runs of pages. */
function walk(runtime: Uint8Array, eapp: Uint8Array, ptr: bigint, size: number): string {
  const pages = new Map<bigint, Buffer>();
  for (const bytes of [runtime, eapp])
    for (const { type, vaddr, offset, filesz, memsz } of readElf(bytes).segments) {
      if (type !== PT.LOAD) continue;
      for (let at = 0; at < memsz; at += 4096) {
        const page = Buffer.alloc(4096);
        if (at < filesz) page.set(bytes.subarray(offset + at, offset + Math.min(filesz, at + 4096)));
        if (!pages.has(vaddr + BigInt(at))) pages.set(vaddr + BigInt(at), page);
      }
    }
  for (let at = 0; at < size; at += 4096) pages.set(ptr + BigInt(at), Buffer.alloc(4096));
  const parts = [readElf(runtime).header.entry, readElf(eapp).header.entry, ptr, size].map(u64);
  let before: bigint | undefined;
  for (const [va, page] of [...pages].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    if (before === undefined || va !== before + 4096n) parts.push(u64(va));
    parts.push(page);
    before = va;
  }
  return sha3(...parts);
}

const loads = (base: bigint): fc.Arbitrary<Load[]> =>
  fc
    .array(
      fc.record({
        gap: fc.integer({ min: 1, max: 3 }),
        size: fc.integer({ min: 1, max: 9000 }),
        bss: fc.nat(9000),
      }),
      { minLength: 1, maxLength: 3 },
    )
    .map((parts) => {
      let next = base;
      return parts.map(({ gap, size, bss }, i) => {
        const vaddr = next + BigInt((gap - 1) * 4096);
        next = vaddr + BigInt(Math.ceil((size + bss) / 4096) * 4096);
        return { vaddr, bytes: new Uint8Array(size).fill(i + 1), memsz: size + bss };
      });
    });

const UNTRUSTED = 0xffffffff80000000n;

test('the format of 2022 is the walk of a page table', () => {
  fc.assert(
    fc.property(
      loads(0xffffffffc0000000n),
      loads(0x10000n),
      fc.integer({ min: 0, max: 3 }),
      (runtimeLoads, eappLoads, pages) => {
        const runtime = elf(0xffffffffc0000010n, runtimeLoads);
        const eapp = elf(0x10004n, eappLoads);
        const input = { runtime, eapp, untrustedPtr: UNTRUSTED, untrustedSize: pages * 4096 };
        const expected = walk(runtime, eapp, UNTRUSTED, pages * 4096);
        assert.is(toHex(measureKeystoneV1(input)), expected);
      },
    ),
    { numRuns: 40 },
  );
});

test('a transcript of the format of 2022 has its head, addresses and pages', () => {
  const low: Load = { vaddr: 0x10000n, bytes: Uint8Array.of(1), memsz: 4096 };
  const after: Load = { vaddr: 0x12000n, bytes: Uint8Array.of(1), memsz: 5000 };
  const eapp = elf(0x10004n, [low, after]);
  const steps: Step[] = [];
  const found = measureKeystoneV1({ runtime: RUNTIME, eapp }, { onStep: (step) => void steps.push(step) });
  assert.equal(
    steps.map(({ step }) => step),
    [
      'entry runtime 0x0',
      'entry eapp 0x10004',
      'untrusted address 0xffffffff80000000',
      'untrusted size 0x2000',
      'address 0x10000',
      'pages 0x10000 1',
      'address 0x12000',
      'pages 0x12000 2',
      'address 0xffffffff80000000',
      'pages 0xffffffff80000000 2',
      'address 0xffffffffc0000000',
      'pages 0xffffffffc0000000 1',
    ],
  );
  assert.equal(steps.at(-1)?.digest, found);
  const head = createHash('sha3-512').update(Buffer.alloc(8)).digest('hex');
  assert.is(toHex(steps[0]?.digest ?? found), head);
});

const ONE: Load = { vaddr: 0x10000n, bytes: Uint8Array.of(1), memsz: 4096 };
const RUNTIME = elf(0n, [{ ...ONE, vaddr: 0xffffffffc0000000n }]);

test('what no enclave can be made of is refused', () => {
  const one = Uint8Array.of(1);
  const none = new Uint8Array(0);
  const v1 = (eapp: Uint8Array, untrustedPtr = UNTRUSTED): (() => unknown) => {
    return () => measureKeystoneV1({ runtime: RUNTIME, eapp, untrustedPtr });
  };
  const table: [string, () => unknown][] = [
    ['KEYSTONE_FILE loader', () => measureKeystone({ loader: none, runtime: one, eapp: one })],
    ['KEYSTONE_FILE eapp', () => measureKeystone({ loader: one, runtime: one, eapp: none })],
    ['KEYSTONE_FILE firmware', () => measureSecurityMonitor(new Uint8Array(MONITOR_BYTES + 1))],
    ['KEYSTONE_FILE eapp: e_machine', v1(elf(0n, [ONE], EM.X86_64))],
    ['KEYSTONE_FILE eapp: PT_LOAD 1.p_vaddr', v1(elf(0n, [{ ...ONE, vaddr: 1n << 40n }]))],
    ['KEYSTONE_FILE addresses', v1(elf(0n, [{ ...ONE, vaddr: UNTRUSTED }]))],
    ['KEYSTONE_FILE pages', v1(elf(0n, [{ ...ONE, memsz: 2 ** 37 }]))],
    ['KEYSTONE_FILE untrusted', v1(elf(0n, [ONE]), (1n << 64n) - 4096n)],
  ];
  for (const [expected, run] of table) assert.is(codeAndField(run), expected);
});

test.run();
