// SPDX-License-Identifier: Apache-2.0
import { toHex } from '@motte/binary/hex';
import { bytesSource } from '@motte/binary/source';
import { newSha256 } from '@motte/measure/hash';
import { measureSgx, writeSgxs } from '@motte/measure/sgx';
import { readPlan } from '@motte/plan/ndjson/read';
import { writePlan } from '@motte/plan/ndjson/write';
import type { PagePlan } from '@motte/plan/plan';
import { PAGE_CHUNKS } from '@motte/plan/sgx/records';
import { readSgxs } from '@motte/plan/sgx/sgxs';
import { planTotals } from '@motte/plan/totals';
import type { Row } from './folder.js';

/** A plan's EADDs and EEXTENDs. */
export function countRecords(plan: PagePlan): { eadd: number; eextend: number } {
  const { measured, unmeasured } = planTotals(plan);
  return { eadd: measured + unmeasured, eextend: measured * PAGE_CHUNKS };
}

/** The .sgxs stream of a plan in one array. */
export function sgxsBytes(plan: PagePlan): Uint8Array {
  const parts: Uint8Array[] = [];
  writeSgxs(plan, (bytes) => parts.push(bytes.slice()));
  return new Uint8Array(Buffer.concat(parts));
}

/**
 * Measures a plan three ways, which must agree with `mrenclave`: as it is, written as NDJSON and read again,
 * and through its .sgxs stream, read as a plan and by its plain SHA-256.
 */
export function checkMeasure(
  row: Row,
  plan: PagePlan,
  mrenclave: unknown,
  files: Readonly<Record<string, Uint8Array>>,
): void {
  const open = (name: string): ReturnType<typeof bytesSource> => {
    const bytes = files[name];
    if (bytes === undefined) throw new Error(`the plan names a file that is not given: ${name}`);
    return bytesSource(bytes);
  };
  row.equal('mrenclave', toHex(measureSgx(plan)), mrenclave);
  const lines = [...writePlan(plan, newSha256)];
  const again = readPlan(lines, open, newSha256);
  row.equal('mrenclave of the plan written and read', toHex(measureSgx(again)), mrenclave);
  row.equal('the plan written twice', [...writePlan(again, newSha256)], lines);
  const stream = sgxsBytes(plan);
  const streamed = readSgxs(bytesSource(stream), { file: 'stream' });
  row.equal('mrenclave of the stream read', toHex(measureSgx(streamed)), mrenclave);
  const hasher = newSha256();
  hasher.update(stream);
  row.equal('sha256 of the stream', toHex(hasher.digest()), mrenclave);
}
