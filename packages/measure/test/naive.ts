// SPDX-License-Identifier: Apache-2.0
// MRENCLAVE as the manual has it, record by record, with nothing in common with what is tested.
import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { readBytes } from '@motte/binary/source';
import type { PagePlan, PageRun } from '@motte/plan/plan';
import { planSecs } from '@motte/plan/sgx/secs';

function record(name: string, words: readonly (readonly [number, bigint])[]): Buffer {
  const out = Buffer.alloc(64);
  out.write(name, 'ascii');
  for (const [at, value] of words) out.writeBigUInt64LE(value, at);
  return out;
}

function flagsOf({ kind, permissions }: PageRun): bigint {
  if (kind === 'tcs') return 0x100n;
  const { read, write, execute } = permissions;
  return 0x200n | (read ? 1n : 0n) | (write ? 2n : 0n) | (execute ? 4n : 0n);
}

function addRun(hash: Hash, run: PageRun): void {
  const all = Buffer.alloc(run.pages * 4096);
  all.set(readBytes(run.bytes, 0, run.bytes.size));
  for (let page = 0; page < run.pages; page++) {
    const address = run.address + BigInt(page * 4096);
    hash.update(
      record('EADD', [
        [8, address],
        [16, flagsOf(run)],
      ]),
    );
    for (let at = 0; run.measured && at < 4096; at += 256) {
      hash.update(record('EEXTEND', [[8, address + BigInt(at)]]));
      hash.update(all.subarray(page * 4096 + at, page * 4096 + at + 256));
    }
  }
}

export function naiveMrenclave(plan: PagePlan): Uint8Array {
  const { size, ssaframesize } = planSecs(plan);
  const hash = createHash('sha256');
  const create = record('ECREATE', [[12, size]]);
  create.writeUInt32LE(ssaframesize, 8);
  hash.update(create);
  for (const run of plan.runs.slice(1)) addRun(hash, run);
  return new Uint8Array(hash.digest());
}
