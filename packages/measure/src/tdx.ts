// SPDX-License-Identifier: Apache-2.0
import { PAGE_SIZE } from '@motte/binary/range';
import type { TdxPlan, TdxRun } from '@motte/plan/tdx/plan';
import { newSha384 } from './hash.js';
import type { NewHasher } from './hash.js';

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

/** Bytes that one TDH.MR.EXTEND measures. */
export const TDX_CHUNK_BYTES = 256;
/** What both operations hash first: their name, and the address at 16. */
const HEADER_BYTES = 128;
const GPA_AT = 16;

function header(name: string): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES);
  bytes.set(new TextEncoder().encode(name));
  return bytes;
}

/**
 * MRTD of operations in the order of the launch. Intel 348549, TDH.MEM.PAGE.ADD and TDH.MR.EXTEND. The caller
 * owns the result.
 */
export function mrtdOf(operations: Iterable<TdxOperation>, sha384: NewHasher = newSha384): Uint8Array {
  const hasher = sha384();
  const headers = { add: header('MEM.PAGE.ADD'), extend: header('MR.EXTEND') };
  for (const operation of operations) {
    const bytes = headers[operation.op];
    new DataView(bytes.buffer).setBigUint64(GPA_AT, operation.gpa, true);
    hasher.update(bytes);
    if (operation.op === 'extend') hasher.update(operation.chunk);
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
export function measureTdx(plan: TdxPlan, profile: TdxProfile, sha384: NewHasher = newSha384): Uint8Array {
  return mrtdOf(tdxOperations(plan, profile), sha384);
}
