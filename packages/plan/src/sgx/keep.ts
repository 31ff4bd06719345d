// SPDX-License-Identifier: Apache-2.0
import { PAGE_SIZE } from '@motte/binary/range';
import { ATTRIBUTES } from '@motte/binary/sgx/attributes';
import { MISCSELECT } from '@motte/binary/sgx/exinfo';
import type { Exec } from '@motte/elf/exec';
import type { Shim } from '@motte/elf/shim';
import { MADE_FILE } from '../plan.js';
import type { PagePlan, PageRun, Permissions } from '../plan.js';
import { segmentRun } from '../segment-run.js';
import { NO_BYTES, trimmedSource } from '../sources.js';
import { checkSgxPlan } from './check.js';
import { KEEP_INFO, KEEP_INFO_FLAGS, KEEP_INFO_MAGIC } from './keep-info.js';
import { keepMap } from './keep-map.js';
import type { KeepMap } from './keep-map.js';
import { SGX_MAP } from './map.js';
import { secsRun } from './secs.js';
import { threadBlock } from './thread-block.js';
import { checkXfrm } from './xfrm.js';

/** `RunSource.file` of the shim's pages. */
export const SHIM_FILE = 'shim';

/**
 * x87, SSE and AVX: what every CPU with SGX has. Measured values must not depend on the machine that builds.
 */
export const DEFAULT_XFRM = 0x7n;

/** What a Keep is made of. */
export interface KeepInput {
  readonly shim: Shim;
  readonly exec: Exec;
  /** The exec's file, as it was given. */
  readonly execName: string;
  /** How many it can have at once. */
  readonly threads: number;
  /** Bytes of heap. */
  readonly memory: bigint;
  /** 2: memory is added while the Keep runs; 1: the whole heap is part of the launch. */
  readonly version: 1 | 2;
  readonly debug: boolean;
  /** Without it DEFAULT_XFRM. */
  readonly xfrm?: bigint;
}

const READ: Permissions = { read: true, write: false, execute: false };
const READ_WRITE: Permissions = { read: true, write: true, execute: false };

function infoRun(input: KeepInput, map: KeepMap, xfrm: bigint): PageRun {
  const { exec } = input;
  const page = KEEP_INFO.write({
    magic: KEEP_INFO_MAGIC,
    version: 1,
    flags: input.version === 2 ? KEEP_INFO_FLAGS.SGX2 : 0,
    elrange_size: map.size,
    thread_start: map.threadStart,
    thread_count: BigInt(input.threads),
    exec_start: map.execStart,
    exec_end: map.execEnd,
    exec_entry: map.execStart + exec.entry,
    exec_phdr: map.execStart + exec.phdr.address,
    exec_phnum: BigInt(exec.phdr.count),
    heap_start: map.heapStart,
    heap_end: map.heapEnd,
    xfrm,
    memory: input.memory,
  });
  return {
    address: map.info,
    pages: 1,
    kind: 'reg',
    permissions: READ,
    measured: true,
    bytes: trimmedSource(page),
    source: { file: MADE_FILE, section: 'keep info', offset: 0, inline: true },
  };
}

function heapRun(map: KeepMap): PageRun {
  return {
    address: map.heapStart,
    pages: Number(map.heapEnd - map.heapStart) / PAGE_SIZE,
    kind: 'reg',
    permissions: READ_WRITE,
    measured: false,
    bytes: NO_BYTES,
    source: { file: MADE_FILE, section: 'heap', offset: 0 },
  };
}

/** The program's name in the plan; one that is named like a part of the Keep itself gets a `./`. */
export function execFile(name: string): string {
  return name === SHIM_FILE || name === MADE_FILE ? `./${name}` : name;
}

/** How many of the threads are part of the launch; where pages can be added, the Keep makes the others itself (docs/adr/0024). */
export function plannedThreads(threads: number, version: 1 | 2): number {
  return version === 1 ? threads : 1;
}

/**
 * The plan of a Keep: shim, KEEP_INFO, thread blocks, exec and, in the SGX1 layout, heap, as docs/sgx-keep.md
 * lays them out. Nothing is relocated: shim and exec do that themselves, inside. Throws PLAN_THREADS,
 * PLAN_MEMORY, PLAN_XFRM, PLAN_TOO_LARGE.
 */
export function sgxKeepPlan(input: KeepInput): PagePlan {
  const { shim, exec, threads, memory, version, debug, xfrm = DEFAULT_XFRM } = input;
  checkXfrm(xfrm, SGX_MAP.SSA_FRAME_PAGES);
  const map = keepMap({ shimEnd: shim.end, execEnd: exec.end, threads, memory, version });
  const secs = secsRun({
    size: map.size,
    ssaFrameSize: SGX_MAP.SSA_FRAME_PAGES,
    attributes: ATTRIBUTES.MODE64BIT | ATTRIBUTES.KSS | (debug ? ATTRIBUTES.DEBUG : 0n),
    xfrm,
    miscselect: version === 2 ? MISCSELECT.EXINFO : 0,
  });
  const blocks = Array.from({ length: plannedThreads(threads, version) }, (_, i) =>
    threadBlock(i, map.threadStart + BigInt(i) * BigInt(SGX_MAP.THREAD_STRIDE), shim.entry),
  );
  const file = execFile(input.execName);
  const runs: PageRun[] = [
    secs,
    ...shim.loads.map((load) => segmentRun(SHIM_FILE, shim.elf.source, load, 0n)),
    infoRun(input, map, xfrm),
    ...blocks.flat(),
    ...exec.loads.map((load) => segmentRun(file, exec.elf.source, load, map.execStart)),
    ...(version === 1 ? [heapRun(map)] : []),
  ];
  return checkSgxPlan({ tee: 'sgx', size: map.size, runs });
}
