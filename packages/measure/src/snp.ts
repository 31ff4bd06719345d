// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { hex64 } from '@motte/binary/hex';
import { layout } from '@motte/binary/layout';
import type { Layout } from '@motte/binary/layout';
import { PAGE_SIZE } from '@motte/binary/range';
import { finish } from '@motte/binary/steps';
import type { Steps } from '@motte/binary/steps';
import { SNP_PAGE_TYPES } from '@motte/plan/snp/plan';
import type { SnpPlan, SnpRun } from '@motte/plan/snp/plan';
import { WINDOW_BYTES } from '@motte/plan/walk';
import { sha384 } from './hash.js';
import type { NewHasher } from './hash.js';
import { contentHashes, contentWindows, SHA384_BYTES } from './snp-contents.js';
import type { OnStep } from './transcript.js';

export const PAGE_INFO_FIELDS = [
  { at: 0x00, name: 'digest_cur', type: 'bytes48', doc: 'the launch digest so far' },
  {
    at: 0x30,
    name: 'contents',
    type: 'bytes48',
    doc: 'SHA-384 of the page; zero when its contents are not measured',
  },
  { at: 0x60, name: 'length', type: 'u16', doc: '0x70' },
  { at: 0x62, name: 'page_type', type: 'u8', doc: 'see SNP_PAGE_TYPES' },
  { at: 0x63, name: 'imi_page', type: 'u8', doc: 'page of the migration image' },
  { at: 0x64, name: 'vmpl3_perms', type: 'u8' },
  { at: 0x65, name: 'vmpl2_perms', type: 'u8' },
  { at: 0x66, name: 'vmpl1_perms', type: 'u8' },
  { at: 0x67, name: 'reserved_067', type: 'u8' },
  { at: 0x68, name: 'gpa', type: 'u64' },
] as const;

/** What firmware hashes for each page: the launch digest is a chain of these. */
export const PAGE_INFO: Layout<typeof PAGE_INFO_FIELDS> = layout(
  { name: 'PAGE_INFO', size: 0x70, source: 'AMD 56860 rev 1.58, layout of PAGE_INFO' },
  PAGE_INFO_FIELDS,
);

const CONTENTS_AT = PAGE_INFO.offsetOf('contents');
const GPA_AT = PAGE_INFO.offsetOf('gpa');

/** Bytes of a launch digest. */
export const DIGEST_BYTES: number = SHA384_BYTES;

/** How an SNP plan is measured; each has a default. */
export interface MeasureSnpOptions {
  /** Starts a SHA-384; without it the platform's. */
  readonly sha384?: NewHasher;
  /** Is told of every page, type and GPA, for a transcript. */
  readonly onStep?: OnStep | undefined;
  /** The SHA-384 of every page that a run has bytes for, in launch order; without it they are computed here. */
  readonly contents?: Iterator<Uint8Array> | undefined;
}

/** Pages that are measured in one step: 16 MiB, which takes some 40 ms. */
const STEP_PAGES = 4096;

/** Pages that are read together. */
const WINDOW_PAGES = WINDOW_BYTES / PAGE_SIZE;

function inSteps(start: NewHasher): (bytes: Uint8Array) => Uint8Array {
  return (bytes) => {
    const hasher = start();
    hasher.update(bytes);
    return hasher.digest();
  };
}

/** Bits 11:0 of a GPA are zero, and VMSAs lie in the highest page of 48 bits. */
const GPA_END: bigint = 1n << 52n;

function checkRun(run: SnpRun): void {
  const bad = (field: string, expected: string, found: string | number | bigint): MotteError =>
    new MotteError('SNP_INPUT', { field: `${run.source.section}: ${field}`, expected, found });
  const { gpa, pages, type, bytes } = run;
  if (gpa < 0n || gpa % BigInt(PAGE_SIZE) !== 0n || gpa + BigInt(pages) * BigInt(PAGE_SIZE) > GPA_END)
    throw bad('gpa', 'whole pages within 52 bits', gpa);
  if (!Number.isSafeInteger(pages) || pages < 1) throw bad('pages', 'at least one', pages);
  if (bytes.size > pages * PAGE_SIZE) throw bad('bytes', `at most ${pages} pages`, bytes.size);
  if (bytes.size > 0 && type !== 'normal' && type !== 'vmsa')
    throw bad('bytes', `none for type ${type}`, bytes.size);
}

/** Throws SNP_INPUT for a plan that firmware refuses. */
export function checkSnpPlan(plan: SnpPlan): void {
  for (const run of plan.runs) checkRun(run);
}

/**
 * The launch digest of an SEV-SNP guest: for each page SHA-384 of a PAGE_INFO that has the digest so far and,
 * of `normal` and `vmsa` pages, the hash of the contents. Throws SNP_INPUT for a plan that firmware refuses.
 * The caller owns the result.
 */
export function measureSnp(plan: SnpPlan, options: MeasureSnpOptions = {}): Uint8Array {
  return finish(measureSnpSteps(plan, options));
}

/** `measureSnp` in steps, for whoever has other things to do meanwhile or may want to stop. */
export function* measureSnpSteps(plan: SnpPlan, options: MeasureSnpOptions = {}): Steps<Uint8Array> {
  const hash = options.sha384 === undefined ? sha384 : inSteps(options.sha384);
  const zeroPage = hash(new Uint8Array(PAGE_SIZE));
  let digest: Uint8Array =
    plan.start === undefined ? new Uint8Array(DIGEST_BYTES) : new Uint8Array(plan.start);
  if (digest.length !== DIGEST_BYTES)
    throw new MotteError('SNP_INPUT', {
      field: 'start',
      expected: `${DIGEST_BYTES} bytes`,
      found: digest.length,
    });
  // All of them first: contents may be read ahead of the chain.
  checkSnpPlan(plan);
  const contents = options.contents ?? contentHashes(contentWindows(plan, WINDOW_PAGES), WINDOW_PAGES, hash);
  let done = 0;
  for (const { type, bytes, pages, gpa: start } of plan.runs) {
    const info = PAGE_INFO.write({ length: PAGE_INFO.size, page_type: SNP_PAGE_TYPES[type] });
    const view = new DataView(info.buffer);
    if (type === 'normal' || type === 'vmsa') info.set(zeroPage, CONTENTS_AT);
    const filled = Math.ceil(bytes.size / PAGE_SIZE);
    // Within 52 bits, as was checked: a number holds it, and a bigint a page would take a tenth of what the chain takes.
    let gpa = Number(start);
    for (let index = 0; index < pages; index++, gpa += PAGE_SIZE) {
      if (index < filled) info.set(contents.next().value as Uint8Array, CONTENTS_AT);
      else if (index === filled && filled > 0) info.set(zeroPage, CONTENTS_AT);
      info.set(digest);
      view.setUint32(GPA_AT, gpa >>> 0, true);
      view.setUint32(GPA_AT + 4, Math.floor(gpa / 2 ** 32), true);
      digest = hash(info);
      options.onStep?.({ step: `${type.toUpperCase()} ${hex64(BigInt(gpa))}`, digest: digest.slice() });
      if (++done % STEP_PAGES === 0) yield;
    }
  }
  return digest;
}
