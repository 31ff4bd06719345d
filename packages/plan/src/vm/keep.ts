// SPDX-License-Identifier: Apache-2.0
import { PAGE_SIZE } from '@motte/binary/range';
import type { Exec } from '@motte/elf/exec';
import type { Shim } from '@motte/elf/shim';
import { userSegment } from '@motte/elf/user-page';
import { MADE_FILE } from '../plan.js';
import type { PageKind, PagePlan, PageRun, Permissions } from '../plan.js';
import { segmentRun } from '../segment-run.js';
import { DEFAULT_XFRM, execFile, SHIM_FILE } from '../sgx/keep.js';
import { checkXfrm } from '../sgx/xfrm.js';
import { VMSA_GPA } from '../snp/plan.js';
import { NO_BYTES, trimmedSource } from '../sources.js';
import { checkVmPlan } from './check.js';
import { VM_INFO, VM_INFO_MAGIC, VM_MODE } from './info.js';
import { vmKeepMap } from './keep-map.js';
import type { VmKeepMap } from './keep-map.js';
import { VM_MAP } from './map.js';
import { directMapping, sharedMappings } from './mappings.js';
import { PageTables } from './page-tables.js';
import type { Mapping, Views } from './page-tables.js';
import { vcpuBlock } from './vcpu-block.js';
import { vcpuState } from './vcpu-state.js';
import type { VcpuAdditions } from './vcpu-state.js';

/** Plain KVM, whose Keep is told the digest of its config blob; or SEV-SNP, which has that in HOST_DATA. */
export type VmMode =
  | { readonly tee: 'kvm'; readonly config: Uint8Array }
  | { readonly tee: 'snp'; readonly cBit: bigint; readonly additions: VcpuAdditions };

/** What a VM-based Keep is made of. */
export interface VmKeepInput {
  readonly shim: Shim;
  readonly exec: Exec;
  /** The exec's file, as it was given. */
  readonly execName: string;
  readonly threads: number;
  /** Bytes of heap. */
  readonly memory: bigint;
  readonly mode: VmMode;
  /** Without it x87, SSE and AVX, as in an SGX Keep. */
  readonly xcr0?: bigint;
}

/** The section of `RunSource` that VM_INFO is in. */
export const INFO_SECTION = 'vm info';

const READ: Permissions = { read: true, write: false, execute: false };
const READ_WRITE: Permissions = { read: true, write: true, execute: false };
const BASE = BigInt(VM_MAP.BASE);
const PAGE = BigInt(PAGE_SIZE);

/** A run of pages and whether ring 3 may use them. */
interface Placed {
  readonly run: PageRun;
  readonly user: boolean;
}

function made(address: bigint, section: string, permissions: Permissions, kind: PageKind): PageRun {
  const source = { file: MADE_FILE, section, offset: 0 };
  return { address, pages: 1, kind, permissions, measured: kind === 'reg', bytes: NO_BYTES, source };
}

function infoRun(input: VmKeepInput, map: VmKeepMap, xcr0: bigint, second: number): PageRun {
  const { exec, mode } = input;
  const page = VM_INFO.write({
    magic: VM_INFO_MAGIC,
    version: 1,
    mode: mode.tee === 'kvm' ? VM_MODE.KVM : VM_MODE.SNP,
    vcpu_start: map.vcpuStart,
    vcpu_count: BigInt(input.threads),
    exec_start: map.execStart,
    exec_end: map.execEnd,
    exec_entry: map.execStart + exec.entry,
    exec_phdr: map.execStart + exec.phdr.address,
    exec_phnum: BigInt(exec.phdr.count),
    heap_start: map.heapStart,
    heap_end: map.heapEnd,
    memory: input.memory,
    pages_start: map.pagesStart,
    pages_ready: map.pagesReady,
    pages_end: map.pagesEnd,
    root_table: map.tables,
    encrypted: cBitOf(mode),
    xcr0,
    ...(mode.tee === 'kvm' ? { config: mode.config, shim_table: map.tables + BigInt(second) * PAGE } : {}),
  });
  const run = made(map.info, INFO_SECTION, READ, 'reg');
  return { ...run, bytes: trimmedSource(page), source: { ...run.source, inline: true } };
}

/** On a KVM in software the shim runs in ring 3, and sees the Keep by tables of its own. */
const viewsOf = ({ tee }: VmMode): Views => (tee === 'kvm' ? 2 : 1);

const cBitOf = (mode: VmMode): bigint => (mode.tee === 'snp' ? mode.cBit : 0n);

/** Everything but page tables and vCPU states, in launch order; the exec is last, for the tables come before it. */
function placedRuns(
  input: VmKeepInput,
  map: VmKeepMap,
  xcr0: bigint,
  second: number,
): readonly [Placed[], Placed[]] {
  const { shim, exec, threads, mode } = input;
  const own = (run: PageRun): Placed => ({ run, user: false });
  const user = userSegment(shim);
  const file = execFile(input.execName);
  const blocks = Array.from({ length: threads }, (_, i) =>
    vcpuBlock(i, map.vcpuStart + BigInt(i) * BigInt(VM_MAP.VCPU_STRIDE)),
  );
  const before = [
    ...shim.loads.map((load) => ({
      run: segmentRun(SHIM_FILE, shim.elf.source, load, 0n),
      user: load.index === user.index,
    })),
    own(infoRun(input, map, xcr0, second)),
    ...(mode.tee === 'kvm'
      ? []
      : [
          own(made(map.secrets, 'secrets', READ_WRITE, 'secrets')),
          own(made(map.cpuid, 'cpuid', READ, 'cpuid')),
        ]),
    ...blocks.flat().map(own),
  ];
  const after = exec.loads.map((load) => ({
    run: segmentRun(file, exec.elf.source, load, map.execStart),
    user: true,
  }));
  return [before, after];
}

function mappingOf({ run, user }: Placed): Mapping[] {
  const { address, pages, permissions } = run;
  if (!permissions.read && !permissions.write && !permissions.execute) return [];
  return [{ virtual: BASE + address, physical: BASE + address, pages, permissions, user, encrypted: true }];
}

/** What lies where, and what the page tables say of it, which takes pages itself. */
function layOut(
  input: VmKeepInput,
  xcr0: bigint,
): {
  map: VmKeepMap;
  before: Placed[];
  after: Placed[];
  tables: PageTables;
  /** Pages for them. */
  count: number;
} {
  const { shim, exec, threads, memory, mode } = input;
  for (let count = 1, second = 1; ;) {
    const map = vmKeepMap({ shimEnd: shim.end, execEnd: exec.end, threads, memory, tables: count });
    const [before, after] = placedRuns(input, map, xcr0, second);
    const root = made(map.tables, 'page tables', READ_WRITE, 'reg');
    const placed = [...before, { run: { ...root, pages: count }, user: false }, ...after];
    const mappings = [...placed.flatMap(mappingOf), ...sharedMappings(threads, mode.tee), directMapping(map)];
    const tables = new PageTables(mappings, cBitOf(mode), viewsOf(mode));
    if (tables.count <= count && tables.second === second) return { map, before, after, tables, count };
    count = Math.max(count, tables.count);
    second = tables.second;
  }
}

/**
 * The plan of a VM-based Keep: shim, VM_INFO, vCPU blocks, page tables, exec, and the state of each vCPU, as
 * docs/vm-keep.md lays them out. Throws PLAN_THREADS, PLAN_MEMORY, PLAN_XFRM, PLAN_TOO_LARGE, ELF_SHIM_USER.
 */
export function vmKeepPlan(input: VmKeepInput): PagePlan {
  const { shim, mode, xcr0 = DEFAULT_XFRM } = input;
  checkXfrm(xcr0, 1);
  const { map, before, after, tables, count } = layOut(input, xcr0);
  const cBit = cBitOf(mode);
  const root = BASE + map.tables;
  const tableRun: PageRun = {
    ...made(map.tables, 'page tables', READ_WRITE, 'reg'),
    pages: count,
    bytes: trimmedSource(tables.bytes(root)),
  };
  const states = Array.from({ length: input.threads }, (_, i): PageRun => {
    const block = map.vcpuStart + BigInt(i) * BigInt(VM_MAP.VCPU_STRIDE);
    const start = {
      entry: BASE + shim.entry,
      root: root | cBit,
      gsBase: BASE + block + BigInt(VM_MAP.VCPU_PAGE),
      xcr0,
    };
    const state = vcpuState(start, mode.tee === 'snp' ? mode.additions : undefined);
    const run = made(VMSA_GPA - BASE, `vmsa ${i}`, { read: false, write: false, execute: false }, 'vmsa');
    const source = { ...run.source, inline: true } as const;
    return { ...run, measured: true, bytes: trimmedSource(state), source };
  });
  const runs = [
    ...before.map(({ run }) => run),
    { ...tableRun, source: { ...tableRun.source, inline: true } as const },
    ...after.map(({ run }) => run),
    ...states,
  ];
  return checkVmPlan({ tee: mode.tee, size: map.size, runs });
}
