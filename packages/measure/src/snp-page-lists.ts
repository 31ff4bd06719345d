// SPDX-License-Identifier: Apache-2.0
import { fromHex } from '@motte/binary/hex';
import type { JsonObject } from '@motte/binary/json-object';
import { PAGE_SIZE } from '@motte/binary/range';
import { sliceSource } from '@motte/binary/source';
import type { ByteSource } from '@motte/binary/source';
import { NO_BYTES } from '@motte/plan/sources';
import { SNP_PAGE_TYPES } from '@motte/plan/snp/plan';
import type { SnpPageType, SnpPlan, SnpRun } from '@motte/plan/snp/plan';
import { readPageLists } from './page-lists.js';
import { DIGEST_BYTES } from './snp.js';

/** A list of pages by its name. */
export interface SnpPageList {
  readonly name: string;
  readonly plan: SnpPlan;
}

const GPA_END = 1n << 52n;
const TYPES = Object.keys(SNP_PAGE_TYPES) as SnpPageType[];
/** What a vector says of each step, and nobody reads here. */
const NOTES = ['digest'] as const;

function runOf(step: JsonObject, pool: ByteSource | undefined, file: string): SnpRun {
  const spelled = step.text('type');
  const type = TYPES.find((known) => known.toUpperCase() === spelled);
  if (type === undefined) throw step.bad('type', TYPES.map((known) => known.toUpperCase()).join(', '));
  const contents = type === 'normal' || type === 'vmsa';
  step.only(['type', 'gpa', ...(contents ? ['data_offset'] : []), ...NOTES]);
  const gpa = step.integer('gpa');
  if (gpa % BigInt(PAGE_SIZE) !== 0n || gpa >= GPA_END)
    throw step.bad('gpa', `a multiple of 0x${PAGE_SIZE.toString(16)} below 2^52`);
  const run = { gpa, pages: 1, type };
  if (!contents) return { ...run, bytes: NO_BYTES, source: { file, section: step.path, offset: 0 } };
  const at = step.integer('data_offset');
  if (pool === undefined || at + BigInt(PAGE_SIZE) > BigInt(pool.size)) {
    const within = pool === undefined ? 'none, as the file names no pages' : `within ${pool.size} bytes`;
    throw step.bad('data_offset', `${PAGE_SIZE} bytes ${within}`);
  }
  const offset = Number(at);
  return {
    ...run,
    bytes: sliceSource(pool, offset, PAGE_SIZE),
    source: { file, section: step.path, offset },
  };
}

function startOf(list: JsonObject): { start?: Uint8Array } {
  if (!list.has('initial')) return {};
  const hex = list.text('initial');
  if (!/^[0-9a-f]*$/iu.test(hex) || hex.length !== 2 * DIGEST_BYTES)
    throw list.bad('initial', `${2 * DIGEST_BYTES} hex digits`);
  return { start: fromHex(hex) };
}

/**
 * Reads lists of SNP_LAUNCH_UPDATE, a page a step, with the offsets of their contents in the file `pages`, which
 * `open` finds by the name that the JSON has. A list may go on from the digest `initial`. Throws PAGE_LIST.
 */
export function readSnpPageLists(json: unknown, open: (name: string) => ByteSource): SnpPageList[] {
  const shape = { pool: 'pages', notes: ['page_labels'], list: ['initial'] };
  const { pool: file, lists } = readPageLists(json, shape);
  const pool = file === undefined ? undefined : open(file);
  return lists.map(({ name, list, steps }) => {
    const runs = steps.map((step) => runOf(step, pool, file ?? ''));
    return { name, plan: { tee: 'snp', ...startOf(list), runs } };
  });
}
