// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { hex64 } from '@motte/binary/hex';
import { layout } from '@motte/binary/layout';
import type { Layout } from '@motte/binary/layout';
import { PAGE_SIZE } from '@motte/binary/range';
import { SNP_PAGE_TYPES } from '@motte/plan/snp/plan';
import type { SnpPlan, SnpRun } from '@motte/plan/snp/plan';
import { sha384 } from './hash.js';
import type { NewHasher } from './hash.js';
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

/** Bytes of a launch digest. */
export const DIGEST_BYTES = 48;

/** How an SNP plan is measured; each has a default. */
export interface MeasureSnpOptions {
  /** Starts a SHA-384; without it the platform's. */
  readonly sha384?: NewHasher;
  /** Is told of every page, type and GPA, for a transcript. */
  readonly onStep?: OnStep | undefined;
}

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

/**
 * The launch digest of an SEV-SNP guest: for each page SHA-384 of a PAGE_INFO that has the digest so far and,
 * of `normal` and `vmsa` pages, the hash of the contents. Throws SNP_INPUT for a plan that firmware refuses.
 * The caller owns the result.
 */
export function measureSnp(plan: SnpPlan, options: MeasureSnpOptions = {}): Uint8Array {
  const hash = options.sha384 === undefined ? sha384 : inSteps(options.sha384);
  const page = new Uint8Array(PAGE_SIZE);
  const zeroPage = hash(page);
  const contentsAt = PAGE_INFO.offsetOf('contents');
  let digest: Uint8Array =
    plan.start === undefined ? new Uint8Array(DIGEST_BYTES) : new Uint8Array(plan.start);
  if (digest.length !== DIGEST_BYTES)
    throw new MotteError('SNP_INPUT', {
      field: 'start',
      expected: `${DIGEST_BYTES} bytes`,
      found: digest.length,
    });
  for (const run of plan.runs) {
    checkRun(run);
    const { type, bytes, pages } = run;
    const contents = type === 'normal' || type === 'vmsa';
    const info = PAGE_INFO.write({ length: PAGE_INFO.size, page_type: SNP_PAGE_TYPES[type] });
    const view = new DataView(info.buffer);
    if (contents) info.set(zeroPage, contentsAt);
    for (let index = 0; index < pages; index++) {
      const from = index * PAGE_SIZE;
      const have = Math.min(PAGE_SIZE, bytes.size - from);
      if (have > 0) {
        bytes.read(from, page.subarray(0, have));
        page.fill(0, have);
        info.set(hash(page), contentsAt);
      } else if (contents) info.set(zeroPage, contentsAt);
      const gpa = run.gpa + BigInt(from);
      info.set(digest);
      view.setBigUint64(PAGE_INFO.offsetOf('gpa'), gpa, true);
      digest = hash(info);
      options.onStep?.({ step: `${type.toUpperCase()} ${hex64(gpa)}`, digest: digest.slice() });
    }
  }
  return digest;
}
