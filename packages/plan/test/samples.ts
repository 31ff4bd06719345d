// SPDX-License-Identifier: Apache-2.0
// What several tests of plans need: a small shim and exec, random plans, SHA-256, a naive .sgxs writer.
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { bytesSource, readBytes } from '@motte/binary/source';
import { buildElf } from '@motte/elf/build';
import { PF, SHF, SHT } from '@motte/elf/constants';
import { checkExec } from '@motte/elf/exec';
import type { Exec } from '@motte/elf/exec';
import { readElf } from '@motte/elf/read';
import { checkShim } from '@motte/elf/shim';
import type { Shim } from '@motte/elf/shim';
import type { NewHasher } from '@motte/plan/hasher';
import type { PagePlan, PageRun } from '@motte/plan/plan';
import { secinfoFlags } from '@motte/plan/sgx/secinfo-flags';
import { planSecs, secsRun } from '@motte/plan/sgx/secs';
import { fillSource, NO_BYTES } from '@motte/plan/sources';

export const sha256: NewHasher = () => {
  const hash = createHash('sha256');
  return {
    update: (bytes) => void hash.update(bytes),
    digest: () => new Uint8Array(hash.digest()),
    peek: () => new Uint8Array(hash.copy().digest()),
  };
};

function pattern(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => ((i + seed) * 37 + 11) & 0xff);
}

/**
 * A shim of three segments, the headers in the first, the last with a page of zeros. Not runnable; right in
 * form.
 */
export function sampleShim(): { shim: Shim; bytes: Uint8Array } {
  const bytes = buildElf({
    entry: 0x1040n,
    loads: [
      { vaddr: 0x1000n, flags: PF.R | PF.X, bytes: pattern(0x1800, 2) },
      { vaddr: 0x3000n, flags: PF.R | PF.W, bytes: pattern(0x20, 3), memsz: 0x1100 },
    ],
  });
  return { shim: checkShim(readElf(bytes)), bytes };
}

/** A shim for VM-based Keeps: as `sampleShim`, and a page of code for ring 3. */
export function sampleVmShim(): { shim: Shim; bytes: Uint8Array } {
  const bytes = buildElf({
    entry: 0x1040n,
    loads: [
      { vaddr: 0x1000n, flags: PF.R | PF.X, bytes: pattern(0x1800, 2) },
      { vaddr: 0x3000n, flags: PF.R | PF.X, bytes: Uint8Array.of(0x0f, 0x05, 0xc3) },
      { vaddr: 0x4000n, flags: PF.R | PF.W, bytes: pattern(0x20, 3), memsz: 0x1100 },
    ],
    sections: [
      { name: '.user', type: SHT.PROGBITS, flags: SHF.ALLOC | SHF.EXECINSTR, addr: 0x3000n, size: 3 },
    ],
  });
  return { shim: checkShim(readElf(bytes)), bytes };
}

/** An exec whose last segment begins in the middle of a page. */
export function sampleExec(): { exec: Exec; bytes: Uint8Array } {
  const bytes = buildElf({
    entry: 0x1004n,
    loads: [
      { vaddr: 0x1000n, flags: PF.R | PF.X, bytes: pattern(0x900, 5) },
      { vaddr: 0x3e80n, flags: PF.R | PF.W, bytes: pattern(0x380, 6), memsz: 0x4000 },
    ],
  });
  return { exec: checkExec(readElf(bytes)), bytes };
}

/** A file that random plans take bytes from. */
export const FILE: Uint8Array = pattern(0x9000, 7);

interface RandomRun {
  readonly gap: number;
  readonly pages: number;
  readonly kind: 'reg' | 'tcs';
  readonly flags: number;
  readonly measured: boolean;
  readonly from: 'nothing' | 'file' | 'made' | 'fill';
  readonly length: number;
  readonly lead: number;
}

function contents(run: RandomRun): Pick<PageRun, 'bytes' | 'source'> {
  const room = run.pages * 4096;
  const length = Math.min(run.length, room);
  if (length > 0 && run.from === 'file') {
    const lead = Math.min(run.lead, length - 1);
    const file = new Uint8Array(length);
    file.set(FILE.subarray(17, 17 + length - lead), lead);
    return { bytes: bytesSource(file), source: { file: 'f', section: '.text', offset: 17, lead } };
  }
  if (length > 0 && run.from === 'made') {
    const bytes = bytesSource(pattern(length, 9));
    return { bytes, source: { file: 'keep', section: 'made', offset: 0, inline: true } };
  }
  if (length > 0 && run.from === 'fill') {
    const bytes = fillSource(Uint8Array.of(1, 2, 3, 0xcc), room);
    return { bytes, source: { file: 'keep', section: 'fill', offset: 0, inline: true } };
  }
  return { bytes: NO_BYTES, source: { file: 'keep', section: 'zeros', offset: 0 } };
}

/** Plans of every sort of run, within 64 GiB. */
export const randomPlan: fc.Arbitrary<PagePlan> = fc
  .array(
    fc.record<RandomRun>({
      gap: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 1 << 20 })),
      pages: fc.integer({ min: 1, max: 9 }),
      kind: fc.constantFrom('reg', 'reg', 'tcs'),
      flags: fc.constantFrom(1, 3, 4, 5, 7),
      measured: fc.boolean(),
      from: fc.constantFrom('nothing', 'file', 'made', 'fill'),
      length: fc.integer({ min: 1, max: 0x8000 }),
      lead: fc.integer({ min: 0, max: 4095 }),
    }),
    { maxLength: 8 },
  )
  .map((parts) => {
    const size = 1n << 36n;
    let next = 0n;
    const runs = parts.map((part): PageRun => {
      const address = next + BigInt(part.gap) * 4096n;
      next = address + BigInt(part.pages) * 4096n;
      const bits = part.kind === 'tcs' ? 0 : part.flags;
      const permissions = { read: (bits & 1) !== 0, write: (bits & 2) !== 0, execute: (bits & 4) !== 0 };
      const { pages, kind, measured } = part;
      return { address, pages, kind, permissions, measured, ...contents(part) };
    });
    return { tee: 'sgx', size, runs: [secsRun({ size, ssaFrameSize: 1 }), ...runs] };
  });

function record(name: string, ...words: readonly (readonly [number, bigint])[]): Uint8Array {
  const out = new Uint8Array(64);
  out.set(new TextEncoder().encode(name));
  for (const [at, value] of words) new DataView(out.buffer).setBigUint64(at, value, true);
  return out;
}

/**
 * The records of a plan as the manual has them, one by one: slow, and nothing of it shared with what is
 * tested.
 */
export function naiveStream(plan: PagePlan): Uint8Array {
  const { size, ssaframesize } = planSecs(plan);
  const create = record('ECREATE', [12, size]);
  new DataView(create.buffer).setUint32(8, ssaframesize, true);
  const parts = [create];
  for (const run of plan.runs.slice(1)) {
    const all = new Uint8Array(run.pages * 4096);
    all.set(readBytes(run.bytes, 0, run.bytes.size));
    for (let page = 0; page < run.pages; page++) {
      const address = run.address + BigInt(page * 4096);
      parts.push(record('EADD', [8, address], [16, BigInt(secinfoFlags(run))]));
      for (let at = 0; run.measured && at < 4096; at += 256) {
        parts.push(record('EEXTEND', [8, address + BigInt(at)]));
        parts.push(all.subarray(page * 4096 + at, page * 4096 + at + 256));
      }
    }
  }
  return new Uint8Array(Buffer.concat(parts));
}
