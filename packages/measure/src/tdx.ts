// SPDX-License-Identifier: Apache-2.0
import { hex64 } from '@motte/binary/hex';
import { PAGE_SIZE } from '@motte/binary/range';
import type { TdxPlan, TdxRun } from '@motte/plan/tdx/plan';
import { newSha384 } from './hash.js';
import type { NewHasher } from './hash.js';
import { stepsOf } from './transcript.js';
import type { OnStep } from './transcript.js';

/** One step of a launch that the TDX module hashes. */
export type TdxOperation =
  | { readonly op: 'add'; readonly gpa: bigint }
  | { readonly op: 'extend'; readonly gpa: bigint; readonly chunk: Uint8Array };

/** What a VMM does in its own way; the profiles are data (`packages/measure/profiles/tdx.ts`). */
export interface TdxProfile {
  readonly name: string;
  readonly source: string;
  /** `page`: each page is added, then measured; `two-pass`: all pages of a section are added first. */
  readonly order: 'page' | 'two-pass';
  /** Measures the contents of every section, whatever its attributes say. */
  readonly extendAll: boolean;
}

/** How MRTD is computed; each has a default. */
export interface MeasureTdxOptions {
  /** Starts a SHA-384; without it the platform's. */
  readonly sha384?: NewHasher;
  /** Is told of every operation, for a transcript. */
  readonly onStep?: OnStep | undefined;
}

/** Bytes that one TDH.MR.EXTEND measures. */
export const TDX_CHUNK_BYTES = 256;
/** What both operations hash first: their name, and the address at 16. */
const HEADER_BYTES = 128;
const GPA_AT = 16;
const NAMES = { add: 'MEM.PAGE.ADD', extend: 'MR.EXTEND' } as const;

function header(name: string): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES);
  bytes.set(new TextEncoder().encode(name));
  return bytes;
}

/**
 * MRTD of operations in the order of the launch. Intel 348549, TDH.MEM.PAGE.ADD and TDH.MR.EXTEND. The caller
 * owns the result.
 */
export function mrtdOf(operations: Iterable<TdxOperation>, options: MeasureTdxOptions = {}): Uint8Array {
  const hasher = (options.sha384 ?? newSha384)();
  const step = stepsOf(hasher, options.onStep);
  const headers = { add: header(NAMES.add), extend: header(NAMES.extend) };
  for (const operation of operations) {
    const bytes = headers[operation.op];
    new DataView(bytes.buffer).setBigUint64(GPA_AT, operation.gpa, true);
    hasher.update(bytes);
    if (operation.op === 'extend') hasher.update(operation.chunk);
    step(() => `${NAMES[operation.op]} ${hex64(operation.gpa)}`);
  }
  return hasher.digest();
}

function* extendPage(run: TdxRun, index: number, page: Uint8Array): Generator<TdxOperation> {
  const from = index * PAGE_SIZE;
  const have = Math.max(0, Math.min(PAGE_SIZE, run.bytes.size - from));
  if (have > 0) run.bytes.read(from, page.subarray(0, have));
  page.fill(0, have);
  for (let at = 0; at < PAGE_SIZE; at += TDX_CHUNK_BYTES) {
    const chunk = page.subarray(at, at + TDX_CHUNK_BYTES);
    yield { op: 'extend', gpa: run.gpa + BigInt(from + at), chunk };
  }
}

/** The operations of a launch, in the VMM's order. A chunk is valid until the next operation is asked for. */
export function* tdxOperations(plan: TdxPlan, profile: TdxProfile): Generator<TdxOperation> {
  const page = new Uint8Array(PAGE_SIZE);
  for (const run of plan.runs) {
    const extended = run.extended || (profile.extendAll && run.added);
    // All of the guest's memory may be a run that it adds itself: nothing to go through page by page.
    if (!run.added && !extended) continue;
    const gpa = (index: number): bigint => run.gpa + BigInt(index * PAGE_SIZE);
    if (profile.order === 'two-pass' && run.added) {
      for (let index = 0; index < run.pages; index++) yield { op: 'add', gpa: gpa(index) };
    }
    for (let index = 0; index < run.pages; index++) {
      if (profile.order === 'page' && run.added) yield { op: 'add', gpa: gpa(index) };
      if (extended) yield* extendPage(run, index, page);
    }
  }
}

/** MRTD of a trust domain that a VMM launches by `plan`. The caller owns the result. */
export function measureTdx(plan: TdxPlan, profile: TdxProfile, options?: MeasureTdxOptions): Uint8Array {
  return mrtdOf(tdxOperations(plan, profile), options);
}
