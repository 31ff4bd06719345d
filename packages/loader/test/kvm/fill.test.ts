// SPDX-License-Identifier: Apache-2.0
// Filling a VM-based Keep's memory: what is written, and that its digest is that of the bytes that were written.
import { toHex } from '@motte/binary/hex';
import { PAGE_SIZE } from '@motte/binary/range';
import { bytesSource } from '@motte/binary/source';
import { fillMemory, MOST_KEPT } from '@motte/loader/vm/fill';
import { measureSnp } from '@motte/measure/snp';
import { NO_BYTES } from '@motte/plan/sources';
import { VMSA_GPA } from '@motte/plan/snp/plan';
import { vmLaunchPlan } from '@motte/plan/vm/launch';
import { VM_MAP } from '@motte/plan/vm/map';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ByteSource } from '@motte/binary/source';
import type { PagePlan, PageRun } from '@motte/plan/plan';

const MEMORY = 64 * PAGE_SIZE;

function run(address: bigint, pages: number, bytes: ByteSource, kind: PageRun['kind'] = 'reg'): PageRun {
  return {
    address,
    pages,
    kind,
    permissions: { read: true, write: true, execute: false },
    measured: true,
    bytes,
    source: { file: 'test', section: 'test', offset: 0 },
  };
}

const patterned = (length: number, seed: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (i * seed + (i >> 8)) & 0xff);

/** More than a window of bytes, an end within a page, zeros after it, a page of zeros among bytes, a run without bytes, a vCPU. */
function planOf(source: (bytes: Uint8Array) => ByteSource): PagePlan {
  const long = patterned(20 * PAGE_SIZE - 100, 7);
  long.fill(0, PAGE_SIZE, 2 * PAGE_SIZE);
  return {
    tee: 'kvm',
    size: BigInt(MEMORY),
    runs: [
      run(0n, 25, source(long)),
      run(0x20000n, 3, NO_BYTES),
      run(0x28000n, 1, source(patterned(12, 3))),
      run(VMSA_GPA - BigInt(VM_MAP.BASE), 1, source(patterned(PAGE_SIZE, 5)), 'vmsa'),
    ],
  };
}

function filled(
  plan: PagePlan,
  mostKept = MOST_KEPT,
): { readonly memory: Uint8Array; readonly digest: string } {
  const memory = new Uint8Array(MEMORY);
  const measure = fillMemory(plan, (offset, bytes) => memory.set(bytes, offset), mostKept);
  return { memory, digest: toHex(measure()) };
}

for (const [how, mostKept] of [
  ['copies', MOST_KEPT],
  ['hashes', 0],
] as const) {
  test(`${how}: what has bytes is written where it belongs, a VMSA is not, and the digest is the plan’s`, () => {
    const plan = planOf(bytesSource);
    const { memory, digest } = filled(plan, mostKept);
    const expected = new Uint8Array(MEMORY);
    for (const { kind, address, bytes } of plan.runs)
      if (kind === 'reg') bytes.read(0, expected.subarray(Number(address), Number(address) + bytes.size));
    assert.is(Buffer.compare(memory, expected), 0);
    assert.is(digest, toHex(measureSnp(vmLaunchPlan(plan))));
  });

  test(`${how}: a source that is another one at each reading, and the digest is that of what was read once`, () => {
    let readings = 0;
    const plan = planOf((bytes) => ({
      size: bytes.length,
      read: (offset, into) => {
        into.set(bytes.subarray(offset, offset + into.length));
        into[0] = ++readings;
      },
    }));
    const { memory, digest } = filled(plan, mostKept);
    // Two windows of the first run, and the two others that have bytes.
    assert.is(readings, 4);
    const state = patterned(PAGE_SIZE, 5);
    state[0] = readings;
    const part = (at: number, size: number): ByteSource => bytesSource(memory.subarray(at, at + size));
    const runs = plan.runs.map((one) => ({
      ...one,
      bytes: one.kind === 'vmsa' ? bytesSource(state) : part(Number(one.address), one.bytes.size),
    }));
    assert.is(digest, toHex(measureSnp(vmLaunchPlan({ ...plan, runs }))));
  });

  test(`${how}: the digest is of what was written then, whatever becomes of the memory`, () => {
    const plan = planOf(bytesSource);
    const memory = new Uint8Array(MEMORY);
    const measure = fillMemory(plan, (offset, bytes) => memory.set(bytes, offset), mostKept);
    memory.fill(0xcc);
    assert.is(toHex(measure()), toHex(measureSnp(vmLaunchPlan(plan))));
  });
}

test('a plan that firmware refuses is refused', () => {
  const plan = planOf(bytesSource);
  const odd = { ...plan, runs: [run(0x123n, 1, NO_BYTES)] };
  assert.throws(() => filled(odd)['digest'], /SNP_INPUT|whole pages/);
});

test.run();
