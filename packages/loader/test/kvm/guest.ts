// SPDX-License-Identifier: Apache-2.0
// Plans of hand-written VM-based Keeps (test/keeps/vm.S).
import { bytesSource } from '@motte/binary/source';
import { BLOCK_SIZE } from '@motte/hostcall/block';
import { NO_BYTES } from '@motte/plan/sources';
import { VMSA_GPA } from '@motte/plan/snp/plan';
import { VM_INFO, VM_INFO_MAGIC } from '@motte/plan/vm/info';
import { VM_MAP } from '@motte/plan/vm/map';
import { PageTables } from '@motte/plan/vm/page-tables';
import { vcpuState } from '@motte/plan/vm/vcpu-state';
import { tempFolder } from '@motte/test-helpers/temp';
import { ROOT } from '@motte/test-helpers/vectors';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Image } from '@motte/loader/load';
import type { PageKind, PageRun, Permissions } from '@motte/plan/plan';
import type { Mapping } from '@motte/plan/vm/page-tables';

/** Cases of vm.S. */
export const CASE = {
  HELLO: 0,
  SIGNAL_11: 1,
  REFUSE_3: 2,
  NO_REASON: 3,
  HALT: 4,
  TRIPLE_FAULT: 5,
  OTHER_PORT: 6,
  NO_MEMORY: 7,
  BALLOON: 8,
  KICK: 9,
  SPIN: 10,
  WAIT: 11,
} as const;

const BASE = BigInt(VM_MAP.BASE);
const PAGE = 0x1000;
const R: Permissions = { read: true, write: false, execute: false };
const RW: Permissions = { read: true, write: true, execute: false };
const RX: Permissions = { read: true, write: false, execute: true };
const NONE: Permissions = { read: false, write: false, execute: false };
const INFO_AT = 0x1f000n;
const DATA_AT = 0x20000n;
const TABLES_AT = 0x30000n;
/** Guest pages: there from the start, and by balloon_add. */
const [START, READY, END] = [0x200000n, 0x400000n, 0x800000n];
const LATER = 0x500_0000_0000n;

function assembled(): Uint8Array {
  const folder = tempFolder('motte-vm-guest');
  const [object, binary] = [join(folder, 'vm.o'), join(folder, 'vm.bin')];
  execFileSync('gcc-12', ['-c', join(ROOT, 'packages/loader/test/keeps/vm.S'), '-o', object]);
  execFileSync('objcopy', ['-O', 'binary', '-j', '.text', object, binary]);
  return readFileSync(binary);
}

let code: Uint8Array | undefined;

function run(
  address: bigint,
  section: string,
  permissions: Permissions,
  bytes?: Uint8Array,
  kind: PageKind = 'reg',
): PageRun {
  return {
    address,
    pages: bytes === undefined ? 4 : Math.ceil(bytes.length / PAGE),
    kind,
    permissions,
    measured: true,
    bytes: bytes === undefined ? NO_BYTES : bytesSource(bytes),
    source: { file: 'test', section, offset: 0 },
  };
}

function mapping(virtual: bigint, physical: bigint, pages: number, permissions: Permissions): Mapping {
  return { virtual, physical, pages, permissions, user: false, encrypted: false };
}

/** A Keep with two vCPUs that runs a case of vm.S. */
export function guestImage(index: number, change: { readonly xcr0?: bigint } = {}): Image {
  code ??= assembled();
  const info = VM_INFO.write({
    magic: VM_INFO_MAGIC,
    version: 1,
    vcpu_count: 2n,
    pages_start: START,
    pages_ready: READY,
    pages_end: END,
  });
  const mappings: Mapping[] = [
    mapping(BASE, BASE, code.length / PAGE, RX),
    mapping(BASE + DATA_AT, BASE + DATA_AT, 4, RW),
    mapping(BigInt(VM_MAP.SHARED), BigInt(VM_MAP.SHARED), (2 * BLOCK_SIZE) / PAGE, RW),
    { ...mapping(LATER, BASE + READY, 1, RW), large: true },
  ];
  const tables = new PageTables(mappings, 0n);
  const state = (entry: number): Uint8Array =>
    vcpuState({
      entry: BASE + BigInt(entry),
      root: BASE + TABLES_AT,
      gsBase: BASE + DATA_AT,
      xcr0: change.xcr0 ?? 7n,
    });
  const at = VMSA_GPA - BASE;
  return {
    plan: {
      tee: 'kvm',
      size: END,
      runs: [
        run(0n, 'code', RX, code),
        run(INFO_AT, 'info', R, info),
        run(DATA_AT, 'data', RW),
        { ...run(TABLES_AT, 'tables', RW, tables.bytes(BASE + TABLES_AT)), pages: tables.count },
        run(at, 'vmsa 0', NONE, state(index * PAGE), 'vmsa'),
        run(at, 'vmsa 1', NONE, state(CASE.KICK * PAGE + 0x800), 'vmsa'),
      ],
    },
    config: new Uint8Array(0),
  };
}
