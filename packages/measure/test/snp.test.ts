// SPDX-License-Identifier: Apache-2.0
// The vectors (packages/sign/test/vectors) say that launches come out right; here are the rules and the
// refusals.
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '@motte/binary/hex';
import { bytesSource, readBytes } from '@motte/binary/source';
import { newSha256 as nobleSha256, newSha384 as nobleSha384 } from '@motte/measure/hash-noble';
import { newSha256 } from '@motte/measure/hash';
import { cpuSignature } from '@motte/measure/profiles/cpu-types';
import { VMM_PROFILES } from '@motte/measure/profiles/vmm';
import { measureSev } from '@motte/measure/sev';
import { measureSevEs } from '@motte/measure/sev-es';
import { measureSnp } from '@motte/measure/snp';
import type { Step } from '@motte/measure/transcript';
import type { SevFirmware } from '@motte/plan/firmware/sev-metadata';
import { hashTable, hashTablePage, kernelHashes } from '@motte/plan/snp/kernel-hashes';
import { firmwarePlan, snpLaunchPlan, svsmLaunchPlan } from '@motte/plan/snp/launch';
import type { SnpLaunchInput } from '@motte/plan/snp/launch';
import { SNP_PAGE_TYPES } from '@motte/plan/snp/plan';
import type { SnpPageType, SnpPlan, SnpRun } from '@motte/plan/snp/plan';
import { NO_BYTES } from '@motte/plan/sources';
import { codeAndField, codeOf } from '@motte/test-helpers/errors';
import { sameBytes } from '@motte/test-helpers/bytes';
import { halves } from './halves.js';

const TYPES = Object.keys(SNP_PAGE_TYPES) as SnpPageType[];

const randomPlan: fc.Arbitrary<SnpPlan> = fc
  .array(
    fc.record({
      gpa: fc.bigInt({ min: 0n, max: 1n << 39n }),
      pages: fc.integer({ min: 1, max: 4 }),
      type: fc.constantFrom(...TYPES),
      content: fc.uint8Array({ maxLength: 9000 }),
    }),
    { maxLength: 6 },
  )
  .map((parts) => ({
    tee: 'snp',
    runs: parts.map(({ gpa, pages, type, content }): SnpRun => {
      const has = type === 'normal' || type === 'vmsa';
      const bytes = has ? bytesSource(content.subarray(0, pages * 4096)) : NO_BYTES;
      return { gpa: gpa * 4096n, pages, type, bytes, source: { file: 'f', section: type, offset: 0 } };
    }),
  }));

/** The chain of the SNP ABI, byte by byte. */
function naive(plan: SnpPlan): string {
  const sha384 = (bytes: Uint8Array): Buffer => createHash('sha384').update(bytes).digest();
  let digest: Buffer = Buffer.from(plan.start ?? new Uint8Array(48));
  for (const { gpa, pages, type, bytes } of plan.runs) {
    const all = Buffer.alloc(pages * 4096);
    all.set(readBytes(bytes, 0, bytes.size));
    for (let page = 0; page < pages; page++) {
      const info = Buffer.alloc(0x70);
      digest.copy(info);
      if (type === 'normal' || type === 'vmsa')
        sha384(all.subarray(page * 4096, (page + 1) * 4096)).copy(info, 48);
      info.writeUInt16LE(0x70, 96);
      info.writeUInt8(SNP_PAGE_TYPES[type], 98);
      info.writeBigUInt64LE(gpa + BigInt(page * 4096), 104);
      digest = sha384(info);
    }
  }
  return digest.toString('hex');
}

test('the launch digest is the chain of pages, by either hash, step by step', () => {
  fc.assert(
    fc.property(randomPlan, (plan) => {
      const steps: Step[] = [];
      const found = measureSnp(plan, { onStep: (step) => void steps.push(step) });
      assert.is(toHex(found), naive(plan));
      sameBytes(steps.at(-1)?.digest ?? new Uint8Array(48), found);
      assert.equal(
        steps.map(({ step }) => step),
        plan.runs.flatMap(({ gpa, pages, type }) =>
          Array.from(
            { length: pages },
            (_, i) => `${type.toUpperCase()} 0x${(gpa + BigInt(i * 4096)).toString(16)}`,
          ),
        ),
      );
    }),
  );
  fc.assert(
    fc.property(randomPlan, (plan) => {
      assert.is(toHex(measureSnp(plan, { sha384: nobleSha384 })), naive(plan));
    }),
    { numRuns: 5 },
  );
});

test('how pages are grouped into runs is not measured', () => {
  fc.assert(
    fc.property(randomPlan, fc.nat(), (plan, at) => {
      const split = { ...plan, runs: plan.runs.flatMap((run) => halves(run, at)) };
      sameBytes(measureSnp(split), measureSnp(plan));
    }),
    { numRuns: 40 },
  );
});

test('a launch may go on from the digest of the pages before', () => {
  fc.assert(
    fc.property(randomPlan, randomPlan, (first, second) => {
      const start = measureSnp(first);
      const whole = measureSnp({ tee: 'snp', runs: [...first.runs, ...second.runs] });
      sameBytes(measureSnp({ ...second, start }), whole);
    }),
    { numRuns: 30 },
  );
});

test('what firmware refuses is not measured', () => {
  const run: SnpRun = {
    gpa: 0x1000n,
    pages: 1,
    type: 'normal',
    bytes: NO_BYTES,
    source: { file: 'f', section: 's', offset: 0 },
  };
  const one = (change: Partial<SnpRun>): SnpPlan => ({ tee: 'snp', runs: [{ ...run, ...change }] });
  const cases: readonly (readonly [string, SnpPlan, string])[] = [
    ['a GPA within a page', one({ gpa: 0x1001n }), 'SNP_INPUT s: gpa'],
    ['a negative GPA', one({ gpa: -0x1000n }), 'SNP_INPUT s: gpa'],
    ['a GPA of 53 bits', one({ gpa: 1n << 52n }), 'SNP_INPUT s: gpa'],
    ['no page', one({ pages: 0 }), 'SNP_INPUT s: pages'],
    ['more bytes than pages', one({ bytes: bytesSource(new Uint8Array(4097)) }), 'SNP_INPUT s: bytes'],
    [
      'bytes that are not measured',
      one({ type: 'zero', bytes: bytesSource(new Uint8Array(1)) }),
      'SNP_INPUT s: bytes',
    ],
    ['a short start', { ...one({}), start: new Uint8Array(32) }, 'SNP_INPUT start'],
  ];
  for (const [name, plan, expected] of cases)
    assert.is(
      codeAndField(() => measureSnp(plan)),
      expected,
      name,
    );
});

const FIRMWARE: SevFirmware = {
  sections: [
    { gpa: 0x800000, size: 0x2000, type: 1 },
    { gpa: 0x80d000, size: 0x1000, type: 2 },
    { gpa: 0x80e000, size: 0x1000, type: 3 },
    { gpa: 0x80f000, size: 0x1000, type: 4 },
    { gpa: 0x809000, size: 0x1000, type: 16 },
  ],
  hashTable: { gpa: 0x809c00, size: 0x400 },
  resetEip: 0x80b004,
  svsmEntry: undefined,
};

const BASE: SnpLaunchInput = {
  file: 'OVMF.fd',
  image: bytesSource(new Uint8Array(0x2000)),
  firmware: FIRMWARE,
  profile: VMM_PROFILES.QEMU,
  vcpus: { count: 2, features: 1n, signature: 0x800f12 },
};

function outline(plan: SnpPlan): string[] {
  return plan.runs.map(({ gpa, pages, type }) => `${gpa.toString(16)} ${pages} ${type}`);
}

test('each VMM launches the sections in its own way', () => {
  const head = ['ffffe000 2 normal'];
  const tail = ['fffffffff000 1 vmsa', 'fffffffff000 1 vmsa'];
  const rest = ['80f000 1 zero', '809000 1 zero'];
  assert.equal(outline(snpLaunchPlan(BASE)), [
    ...head,
    '800000 2 zero',
    '80d000 1 secrets',
    '80e000 1 cpuid',
    ...rest,
    ...tail,
  ]);
  assert.equal(outline(snpLaunchPlan({ ...BASE, profile: VMM_PROFILES.ec2 })), [
    ...head,
    '800000 2 zero',
    '80d000 1 secrets',
    ...rest,
    '80e000 1 cpuid',
    ...tail,
  ]);
  assert.ok(outline(snpLaunchPlan({ ...BASE, profile: VMM_PROFILES.gce })).includes('800000 2 unmeasured'));
  assert.equal(outline(firmwarePlan(bytesSource(new Uint8Array(0x1000)), 'x')), ['fffff000 1 normal']);
});

test('a kernel that is booted directly changes the page of hashes alone', () => {
  const kernel = kernelHashes({ kernel: bytesSource(Uint8Array.of(1, 2, 3)) }, newSha256);
  const [without, withKernel] = [snpLaunchPlan(BASE), snpLaunchPlan({ ...BASE, kernel })];
  const changed = withKernel.runs.filter((run, i) => run.type !== without.runs[i]?.type);
  assert.is(changed.length, 1);
  assert.is(changed[0]?.gpa, 0x809000n);
  const page = hashTablePage(kernel, 0x809c00);
  sameBytes(readBytes(changed[0]?.bytes ?? NO_BYTES, 0, 4096), page);
  sameBytes(page.subarray(0xc00, 0xc00 + 176), hashTable(kernel));
  assert.is(toHex(kernel.cmdline), createHash('sha256').update('\0').digest('hex'));
  assert.is(toHex(kernel.initrd), createHash('sha256').digest('hex'));
  const again = kernelHashes({ kernel: bytesSource(Uint8Array.of(1, 2, 3)) }, nobleSha256);
  sameBytes(hashTable(again), hashTable(kernel));
});

test('what no VMM would launch is refused', () => {
  const kernel = kernelHashes({ kernel: NO_BYTES }, newSha256);
  const section = (gpa: number, size: number, type: number): SevFirmware => ({
    ...FIRMWARE,
    sections: [{ gpa, size, type }],
  });
  const vcpus = BASE.vcpus;
  const cases: readonly (readonly [string, Partial<SnpLaunchInput>])[] = [
    ['firmware of no whole pages', { image: bytesSource(new Uint8Array(0x1001)) }],
    ['no firmware', { image: NO_BYTES }],
    ['no vCPU', { vcpus: { ...vcpus, count: 0 } }],
    ['half a vCPU', { vcpus: { ...vcpus, count: 1.5 } }],
    ['too many vCPUs', { vcpus: { ...vcpus, count: 4097 } }],
    ['two vCPUs and no place for the second', { firmware: { ...FIRMWARE, resetEip: undefined } }],
    ['an unknown section', { firmware: section(0x1000, 0x1000, 5) }],
    ['a section within a page', { firmware: section(0x1800, 0x1000, 1) }],
    ['half a page', { firmware: section(0x1000, 0x800, 1) }],
    ['an empty section', { firmware: section(0x1000, 0, 1) }],
    ['a kernel without a section for it', { kernel, firmware: section(0x1000, 0x1000, 1) }],
    ['a kernel without a hash table', { kernel, firmware: { ...FIRMWARE, hashTable: undefined } }],
    ['a hash table of two pages', { kernel, firmware: section(0x1000, 0x2000, 16) }],
    [
      'a hash table that passes its page',
      { kernel, firmware: { ...FIRMWARE, hashTable: { gpa: 0x809fff, size: 0x400 } } },
    ],
  ];
  for (const [name, change] of cases)
    assert.is(
      codeOf(() => snpLaunchPlan({ ...BASE, ...change })),
      'SNP_INPUT',
      name,
    );
  assert.is(
    codeOf(() => snpLaunchPlan({ ...BASE, kernel })),
    'accepted',
  );
  const svsm = {
    image: bytesSource(new Uint8Array(4096)),
    file: 'o',
    svsm: bytesSource(new Uint8Array(4096)),
    svsmFile: 's',
  };
  assert.is(
    codeAndField(() =>
      svsmLaunchPlan({ ...svsm, svsmFirmware: FIRMWARE, varsSize: 0, profile: VMM_PROFILES.SVSM, vcpus }),
    ),
    'SNP_INPUT s',
  );
});

test('SEV hashes the firmware, then the table, then the vCPUs', () => {
  const [image, table, vmsa] = [
    new Uint8Array(200_000).fill(7),
    new Uint8Array(176).fill(8),
    new Uint8Array(4096).fill(9),
  ];
  const hash = (...parts: Uint8Array[]): string =>
    createHash('sha256').update(Buffer.concat(parts)).digest('hex');
  const firmware = bytesSource(image);
  assert.is(toHex(measureSev({ firmware })), hash(image));
  assert.is(toHex(measureSev({ firmware, hashTable: table })), hash(image, table));
  assert.is(toHex(measureSevEs({ firmware, vmsas: [vmsa] }, { sha256: nobleSha256 })), hash(image, vmsa));
  const steps: Step[] = [];
  const found = measureSevEs(
    { firmware, hashTable: table, vmsas: [vmsa, vmsa] },
    { onStep: (step) => void steps.push(step) },
  );
  assert.is(toHex(found), hash(image, table, vmsa, vmsa));
  assert.equal(
    steps.map(({ step, digest }) => [step, toHex(digest)]),
    [
      ['LAUNCH_UPDATE_DATA firmware 200000', hash(image)],
      ['LAUNCH_UPDATE_DATA hash-table 176', hash(image, table)],
      ['LAUNCH_UPDATE_VMSA 0', hash(image, table, vmsa)],
      ['LAUNCH_UPDATE_VMSA 1', toHex(found)],
    ],
  );
});

test('CPU signatures are those of CPUID', () => {
  assert.equal(
    [
      cpuSignature(23, 1, 2),
      cpuSignature(23, 49, 0),
      cpuSignature(25, 1, 1),
      cpuSignature(25, 17, 0),
      cpuSignature(6, 15, 11),
    ],
    [0x800f12, 0x830f10, 0xa00f11, 0xa10f10, 0x6fb],
  );
});

test.run();
