// SPDX-License-Identifier: Apache-2.0
// The libraries beside `openssl speed`, in the same minute.
import { availableParallelism } from 'node:os';
import { measureSgx } from '@motte/measure/sgx';
import { measureSnp } from '@motte/measure/snp';
import { measureSnpByThreads } from '@motte/measure/snp-threads-node';
import { opensslSpeed } from '../openssl.js';
import type { Goal, Outcome } from '../outcome.js';
import { randomBytes, sgxPlan, snpPlan } from '../plans.js';
import { cpuTimed, row, timed } from '../stats.js';

const ROUNDS = 9;
const MIB = 1 << 20;
const ONE = 64 * MIB;
/** As the largest image that is spoken of: a thread's start is 5 % of it. */
const MANY = 1024 * MIB;

function share(what: string, least: number, speed: readonly number[], of: readonly number[]): Goal {
  const found = Math.max(...speed) / Math.max(...of);
  return { what, goal: `at least ${least}`, found: `${found.toFixed(3)} (best rounds)`, met: found >= least };
}

export async function library(): Promise<Outcome> {
  const bytes = randomBytes(MANY);
  const plans = { sgx: sgxPlan(bytes.subarray(0, ONE)), snp: snpPlan(bytes.subarray(0, ONE)) };
  const many = snpPlan(bytes);
  const speeds = { sha256: [], sha384: [], sgx: [], snp: [], threads: [] } as Record<string, number[]>;
  const add = (name: string, size: number, ms: number): void => void speeds[name]?.push(size / 1000 / ms);
  measureSgx(plans.sgx);
  measureSnp(plans.snp);
  // In turns, so that a noisy neighbour slows all of them.
  for (let round = 0; round < ROUNDS; round++) {
    speeds['sha256']?.push(opensslSpeed('sha256') / 1e6);
    add(
      'sgx',
      ONE,
      cpuTimed(() => measureSgx(plans.sgx)),
    );
    speeds['sha384']?.push(opensslSpeed('sha384') / 1e6);
    add(
      'snp',
      ONE,
      cpuTimed(() => measureSnp(plans.snp)),
    );
    add('threads', MANY, await timed(() => measureSnpByThreads(many)));
  }
  const { sha256 = [], sha384 = [], sgx = [], snp = [], threads = [] } = speeds;
  const cores = availableParallelism();
  return {
    rows: [
      row('openssl speed -evp sha256, 16 KB blocks, by CPU time', 'MB/s', sha256),
      row('MRENCLAVE, 64 MiB of measured pages, by CPU time', 'MB/s', sgx),
      row('openssl speed -evp sha384, 16 KB blocks, by CPU time', 'MB/s', sha384),
      row('SNP launch digest, 64 MiB of random pages, by CPU time', 'MB/s', snp),
      row(`SNP launch digest, 1 GiB of random pages, ${cores} cores, by the clock`, 'MB/s', threads),
    ],
    goals: [
      share('MRENCLAVE, of openssl’s SHA-256', 0.6, sgx, sha256),
      share('SNP, of openssl’s SHA-384, one core', 0.62, snp, sha384),
      share('SNP, of openssl’s SHA-384 on one core, two cores', 1.1, threads, sha384),
    ],
    notes: [
      'MRENCLAVE’s records are 26.6 % more than the pages, so that 0.79 is the most there can be. Page bytes alone are counted.',
    ],
  };
}
