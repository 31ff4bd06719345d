// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { alignDown, alignUp, PAGE_SIZE, pagesFor } from '@motte/binary/range';
import { GPRSGX } from '@motte/binary/sgx/gprsgx';
import { TCS } from '@motte/binary/sgx/tcs';
import { bytesSource } from '@motte/binary/source';
import { loadSegments } from '@motte/elf/segments';
import type { Elf } from '@motte/elf/types';
import { MADE_FILE } from '../plan.js';
import type { PagePlan, PageRun, Permissions } from '../plan.js';
import { segmentRun } from '../segment-run.js';
import { NO_BYTES, trimmedSource } from '../sources.js';
import { checkSgxPlan, MAX_RUNS } from './check.js';
import { GRAMINE_CANARY, GRAMINE_TLS } from './gramine-tls.js';
import { NO_PERMISSIONS } from './secinfo-flags.js';
import { secsRun } from './secs.js';
import type { SecsInput } from './secs.js';

/** What a manifest says, and the files beside it. */
export interface GramineInput extends Pick<SecsInput, 'attributes' | 'xfrm' | 'miscselect'> {
  /** The bytes of NAME.manifest.sgx. */
  readonly manifest: Uint8Array;
  readonly manifestFile: string;
  /** Gramine's loader (libpal.so). */
  readonly pal: Elf;
  readonly palFile: string;
  /** `sgx.enclave_size` in bytes. */
  readonly enclaveSize: bigint;
  /** `sgx.max_threads`. */
  readonly maxThreads: number;
  /** `sgx.edmm_enable`: free memory is added while the enclave runs. */
  readonly edmm: boolean;
}

const PAGE = BigInt(PAGE_SIZE);
const SSA_FRAME_PAGES = 4;
const NSSA = 2;
const STACK_PAGES = 64;
const SIGNAL_STACK_PAGES = 16;
/** Below this Gramine adds nothing. */
const HEAP_START = 0x10000n;
const READ_WRITE: Permissions = { read: true, write: true, execute: false };

/** The parts of the enclave from the top down, which is also the order in which they are added. */
interface Areas {
  readonly manifest: bigint;
  readonly ssa: bigint;
  readonly tcs: bigint;
  readonly tls: bigint;
  readonly stacks: readonly bigint[];
  readonly signalStacks: readonly bigint[];
  /** What is added to the PAL's addresses. */
  readonly palBase: bigint;
  /** The PAL's first address. */
  readonly palStart: bigint;
  /** Areas without a gap between them, in order: first and last address. */
  readonly taken: readonly (readonly [bigint, bigint])[];
}

function palRange(pal: Elf): { start: bigint; end: bigint } {
  const loads = loadSegments(pal).filter(({ memsz }) => memsz > 0);
  const first = loads[0];
  const last = loads.at(-1);
  if (first === undefined || last === undefined)
    throw new MotteError('GRAMINE_LAYOUT', { field: 'pal', expected: 'a PT_LOAD', found: 'none' });
  return { start: alignDown(first.vaddr, PAGE), end: alignUp(last.vaddr + BigInt(last.memsz), PAGE) };
}

function layOut(input: GramineInput): Areas {
  const { maxThreads: threads, enclaveSize } = input;
  let low = enclaveSize;
  const take = (pages: number): bigint => (low -= BigInt(pages) * PAGE);
  const takeEach = (pages: number): bigint[] => Array.from({ length: threads }, () => take(pages));
  const manifest = take(pagesFor(input.manifest.length + 1));
  const ssa = take(threads * NSSA * SSA_FRAME_PAGES);
  const tcs = take(threads);
  const tls = take(threads);
  const stacks = takeEach(STACK_PAGES);
  const signalStacks = takeEach(SIGNAL_STACK_PAGES);
  const pal = palRange(input.pal);
  // A PAL that was linked at an address stays there.
  const palBase = pal.start > 0n ? 0n : low - pal.end;
  const palStart = palBase + pal.start;
  const palEnd = palBase + pal.end;
  if (low < 0n || palEnd > low || palStart < HEAP_START) {
    throw new MotteError('GRAMINE_LAYOUT', {
      field: 'sgx.enclave_size',
      expected: `room for ${threads} threads and the PAL`,
      found: enclaveSize,
    });
  }
  const taken = [[low, enclaveSize] as const, [palStart, palEnd] as const];
  return { manifest, ssa, tcs, tls, stacks, signalStacks, palBase, palStart, taken };
}

/**
 * Memory that belongs to nobody yet: readable, writable, executable, not measured, in the order of Gramine's
 * signer.
 */
function freeRuns({ taken }: Areas, enclaveSize: bigint): PageRun[] {
  const out: PageRun[] = [];
  let last = enclaveSize;
  const add = (from: bigint, to: bigint): void => {
    if (from >= to) return;
    out.push({
      address: from,
      pages: Number((to - from) / PAGE),
      kind: 'reg',
      permissions: { read: true, write: true, execute: true },
      measured: false,
      bytes: NO_BYTES,
      source: { file: MADE_FILE, section: 'free', offset: 0 },
    });
  };
  for (const [start, end] of taken) {
    add(end, last);
    last = start;
  }
  add(HEAP_START, last);
  return out;
}

function made(address: bigint, pages: number, section: string, bytes = NO_BYTES): PageRun {
  return {
    address,
    pages,
    kind: 'reg',
    permissions: READ_WRITE,
    measured: true,
    bytes,
    source: { file: MADE_FILE, section, offset: 0, ...(bytes.size > 0 ? { inline: true } : {}) },
  };
}

function threadRuns(input: GramineInput, areas: Areas): PageRun[] {
  const { maxThreads: threads, enclaveSize, manifest, pal } = input;
  const frames = BigInt(NSSA * SSA_FRAME_PAGES) * PAGE;
  const indexes = Array.from({ length: threads }, (_, i) => i);
  const ssaOf = (i: number): bigint => areas.ssa + BigInt(i) * frames;
  const tcs = indexes.map((i): PageRun => {
    const page = TCS.write({
      ossa: ssaOf(i),
      nssa: NSSA,
      oentry: areas.palBase + pal.header.entry,
      ogsbase: areas.tls + BigInt(i) * PAGE,
      fslimit: 0xfff,
      gslimit: 0xfff,
    });
    const run = made(areas.tcs + BigInt(i) * PAGE, 1, `tcs ${i}`, trimmedSource(page));
    return { ...run, kind: 'tcs', permissions: NO_PERMISSIONS };
  });
  const tls = indexes.map((i): PageRun => {
    const self = areas.tls + BigInt(i) * PAGE;
    const signal = areas.signalStacks[i] ?? 0n;
    const page = GRAMINE_TLS.write({
      self,
      canary: GRAMINE_CANARY,
      enclave_size: enclaveSize,
      tcs: areas.tcs + BigInt(i) * PAGE,
      stack_top: (areas.stacks[i] ?? 0n) + BigInt(STACK_PAGES) * PAGE,
      signal_stack_bottom: signal,
      signal_stack_top: signal + BigInt(SIGNAL_STACK_PAGES) * PAGE,
      ssa: ssaOf(i),
      gpr: ssaOf(i) + BigInt(SSA_FRAME_PAGES) * PAGE - BigInt(GPRSGX.size),
      manifest_size: BigInt(manifest.length + 1),
      heap_start: HEAP_START,
      heap_end: areas.palStart,
    });
    return made(self, 1, `tls ${i}`, trimmedSource(page));
  });
  return [
    made(areas.ssa, threads * NSSA * SSA_FRAME_PAGES, 'ssa'),
    ...tcs,
    ...tls,
    ...areas.stacks.map((at, i) => made(at, STACK_PAGES, `stack ${i}`)),
    ...areas.signalStacks.map((at, i) => made(at, SIGNAL_STACK_PAGES, `signal stack ${i}`)),
  ];
}

/**
 * The plan of a Gramine enclave, as Gramine's signer (commit ff71d7a) lays it out. Throws GRAMINE_LAYOUT when
 * it does not fit, PLAN_INVALID for a size that is not a power of two.
 */
export function gramineSgxPlan(input: GramineInput): PagePlan {
  const { enclaveSize: size, maxThreads, pal, palFile, manifest, manifestFile, edmm } = input;
  if (!Number.isInteger(maxThreads) || maxThreads < 1 || maxThreads > MAX_RUNS / 8) {
    throw new MotteError('GRAMINE_LAYOUT', {
      field: 'sgx.max_threads',
      expected: 'at least 1',
      found: maxThreads,
    });
  }
  const areas = layOut(input);
  const manifestRun: PageRun = {
    ...made(areas.manifest, pagesFor(manifest.length + 1), 'manifest'),
    permissions: { read: true, write: false, execute: false },
    bytes: bytesSource(manifest),
    source: { file: manifestFile, section: 'manifest', offset: 0 },
  };
  const runs: PageRun[] = [
    secsRun({ ...input, size, ssaFrameSize: SSA_FRAME_PAGES }),
    manifestRun,
    ...threadRuns(input, areas),
    ...loadSegments(pal)
      .filter(({ memsz }) => memsz > 0)
      .map((segment) => segmentRun(palFile, pal.source, segment, areas.palBase)),
    ...(edmm ? [] : freeRuns(areas, size)),
  ];
  return checkSgxPlan({ tee: 'sgx', size, runs });
}
