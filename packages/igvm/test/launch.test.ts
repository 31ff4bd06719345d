// SPDX-License-Identifier: Apache-2.0
// The launch digest of IGVM files, beside one that is reckoned here from what each loader is known to do.
import { createHash } from 'node:crypto';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '@motte/binary/hex';
import { bytesSource } from '@motte/binary/source';
import { PAGE_FLAGS } from '@motte/igvm/directives';
import { header } from '@motte/igvm/headers';
import type { IgvmHeader } from '@motte/igvm/headers';
import { igvmLaunch } from '@motte/igvm/launch';
import { IGVM_LOADERS } from '@motte/igvm/loaders';
import type { IgvmLoaderName } from '@motte/igvm/loaders';
import { readIgvm } from '@motte/igvm/read';
import { VMM_PROFILES } from '@motte/measure/profiles/vmm';
import { measureSnp } from '@motte/measure/snp';
import { RESET_VECTOR } from '@motte/plan/snp/launch';
import { VMSA_GPA } from '@motte/plan/snp/plan';
import { VMSA, vmsaPage } from '@motte/plan/snp/vmsa';
import { refusalOf } from '@motte/test-helpers/errors';
import { MIXED, bytesOf, file, page, pageAt, platforms, SNP, vcpu, vmsa } from './samples.js';

type Told = readonly [type: number, gpa: number | bigint, contents?: Uint8Array];

const NORMAL = 1;
const VMSA_PAGE = 2;
const ZERO = 3;
const UNMEASURED = 4;
const SECRETS = 5;
const CPUID = 6;
const ZEROS = new Uint8Array(4096);

/** AMD 56860, SNP_LAUNCH_UPDATE, written down again. */
function naive(told: readonly Told[]): string {
  let chained = Buffer.alloc(48);
  for (const [type, gpa, contents] of told) {
    const info = Buffer.alloc(0x70);
    chained.copy(info, 0);
    if (contents !== undefined) createHash('sha384').update(contents).digest().copy(info, 48);
    info.writeUInt16LE(0x70, 0x60);
    info.writeUInt8(type, 0x62);
    info.writeBigUInt64LE(BigInt(gpa), 0x68);
    chained = createHash('sha384').update(info).digest();
  }
  return chained.toString('hex');
}

function digest(headers: readonly IgvmHeader[], loader: IgvmLoaderName, vcpus?: number): string {
  const read = readIgvm(bytesSource(bytesOf(file(headers))));
  const { plan } = igvmLaunch(read, IGVM_LOADERS[loader], vcpus === undefined ? {} : { vcpus });
  return toHex(measureSnp(plan));
}

const refusal = (headers: readonly IgvmHeader[], loader: IgvmLoaderName, vcpus?: number): string => {
  const { code, field } = refusalOf(() => digest(headers, loader, vcpus));
  return `${code} ${field ?? ''}`.trim();
};

const PAGES_BEFORE: readonly Told[] = [
  [NORMAL, 0x1000, page(1)],
  [NORMAL, 0x2000, page(2)],
];
const AREA: readonly Told[] = [
  [UNMEASURED, 0x7000],
  [UNMEASURED, 0x8000],
];
const AFTER: readonly Told[] = [
  [SECRETS, 0x4000],
  [CPUID, 0x5000],
];

test('each loader folds pages of its platform in its own order', () => {
  const state: Told = [VMSA_PAGE, VMSA_GPA, vmsa(0x1000n)];
  const expected: Readonly<Record<IgvmLoaderName, readonly Told[]>> = {
    hyperv: [...PAGES_BEFORE, [NORMAL, 0x3000, ZEROS], ...AFTER, [UNMEASURED, 0x6000], ...AREA, state],
    'native-zero': [...PAGES_BEFORE, [ZERO, 0x3000], ...AFTER, [UNMEASURED, 0x6000], ...AREA, state],
    // The last region waits for the end of the file; the parameter area does not.
    QEMU: [...PAGES_BEFORE, [NORMAL, 0x3000, ZEROS], ...AFTER, ...AREA, [UNMEASURED, 0x6000], state],
  };
  for (const [loader, told] of Object.entries(expected) as [IgvmLoaderName, readonly Told[]][])
    assert.is(digest(MIXED, loader), naive(told), loader);
});

test('QEMU launches pages by regions of equal neighbours', () => {
  const area = [
    header('PARAMETER_AREA', { number_of_bytes: 0x1000n, parameter_area_index: 0 }),
    header('PARAMETER_INSERT', { gpa: 0xf000n, compatibility_mask: SNP, parameter_area_index: 0 }),
  ];
  const [one, two] = [pageAt(0x1000n, { bytes: page(1) }), pageAt(0x2000n, { bytes: page(2) })];
  const told: readonly Told[] = [
    [NORMAL, 0x1000, page(1)],
    [NORMAL, 0x2000, page(2)],
  ];
  const state: Told = [VMSA_PAGE, VMSA_GPA, vmsa(0x1000n)];
  // Two pages in a row are one region: both come after the area.
  assert.is(digest([one, two, ...area, vcpu(0)], 'QEMU'), naive([[UNMEASURED, 0xf000], ...told, state]));
  // With the area between them they are two.
  assert.is(digest([one, ...area, two, vcpu(0)], 'QEMU'), naive([[UNMEASURED, 0xf000], ...told, state]));
  // A page elsewhere begins a region of its own.
  const far = pageAt(0x8000n, { bytes: page(2) });
  assert.is(
    digest([one, far, ...area, vcpu(0)], 'QEMU'),
    naive([[NORMAL, 0x1000, page(1)], [UNMEASURED, 0xf000], [NORMAL, 0x8000, page(2)], state]),
  );
});

test('large pages are 512 pages; shared ones are not launched', () => {
  const large = page(3, 2 << 20);
  const told = Array.from({ length: 512 }, (_, i): Told => [
    NORMAL,
    0x200000 + i * 4096,
    large.subarray(i * 4096, (i + 1) * 4096),
  ]);
  const headers = [
    pageAt(0x200000n, { bytes: large, flags: PAGE_FLAGS.LARGE }),
    pageAt(0x1000n, { bytes: page(1), flags: PAGE_FLAGS.SHARED }),
  ];
  assert.is(digest(headers, 'hyperv'), naive(told));
  assert.is(refusal([...headers, vcpu(0)], 'QEMU'), 'IGVM_LOADER PAGE_DATA');
});

test('KVM has vCPUs of its own: last, in their order, with its bits, and as many as there are', () => {
  const bare = VMSA.write({ rip: 0x5000n, sev_features: 1n });
  const asKvm = VMSA.write({ rip: 0x5000n, sev_features: 1n, efer: 0x1000n, cr4: 0x40n });
  const headers = [vcpu(1), vcpu(0, VMSA_GPA, bare), pageAt(0x1000n, { bytes: page(1) })];
  const reset = vmsaPage(VMM_PROFILES.QEMU.otherVcpus, { eip: RESET_VECTOR, sevFeatures: 1n });
  const told: readonly Told[] = [
    [NORMAL, 0x1000, page(1)],
    [VMSA_PAGE, VMSA_GPA, asKvm],
    [VMSA_PAGE, VMSA_GPA, vmsa(0x1000n)],
  ];
  assert.is(digest(headers, 'QEMU'), naive(told));
  assert.is(digest(headers, 'native-zero'), naive(told));
  assert.is(digest(headers, 'QEMU', 3), naive([...told, [VMSA_PAGE, VMSA_GPA, reset]]));
  assert.is(
    digest(headers, 'hyperv'),
    naive([
      [VMSA_PAGE, VMSA_GPA, vmsa(0x1000n)],
      [VMSA_PAGE, VMSA_GPA, bare],
      [NORMAL, 0x1000, page(1)],
    ]),
  );
  assert.is(refusal(headers, 'native-zero', 3), 'IGVM_LOADER VP_CONTEXT');
  assert.is(refusal(headers, 'hyperv', 3), 'SNP_INPUT vcpus');
  assert.is(refusal(headers, 'QEMU', 1), 'SNP_INPUT vcpus');
});

test('what a loader would not launch as the file says is refused', () => {
  const odd = vmsa(0x1000n);
  odd[0x500] = 1;
  const rows: readonly (readonly [string, readonly IgvmHeader[], IgvmLoaderName, string])[] = [
    ['a VMSA elsewhere', [vcpu(0, 0x1000n)], 'QEMU', 'IGVM_LOADER VP_CONTEXT.gpa'],
    ['a register that is not set', [vcpu(0, VMSA_GPA, odd)], 'QEMU', 'IGVM_LOADER VP_CONTEXT.file_offset'],
    [
      'a page twice',
      [pageAt(0x1000n, {}), pageAt(0x1000n, {}), vcpu(0)],
      'hyperv',
      'IGVM_LOADER PAGE_DATA 0x1000',
    ],
    [
      'a header that QEMU does not know',
      [header('ERROR_RANGE', { gpa: 0x1000n, compatibility_mask: SNP, size_bytes: 4096 }), vcpu(0)],
      'QEMU',
      'IGVM_LOADER ERROR_RANGE',
    ],
    [
      'pages that move',
      [
        header('RELOCATABLE_REGION', {
          compatibility_mask: SNP,
          relocation_alignment: 0x1000n,
          relocation_region_size: 0x1000n,
        }),
      ],
      'hyperv',
      'IGVM_LOADER RELOCATABLE_REGION',
    ],
  ];
  for (const [what, headers, loader, expected] of rows) assert.is(refusal(headers, loader), expected, what);
  const native = { version: 1, architecture: 'x64', headers: platforms.slice(0, 1) } as const;
  assert.is(refusalOf(() => igvmLaunch(native, IGVM_LOADERS.QEMU)).code, 'IGVM_PLATFORM');
});

test('a page of another platform changes nothing', () => {
  const other = MIXED.filter((one) => !(one.kind === 'PAGE_DATA' && one.values.gpa === 0x9000n));
  for (const loader of Object.keys(IGVM_LOADERS) as IgvmLoaderName[])
    assert.is(digest(MIXED, loader), digest(other, loader), loader);
});

test.run();
