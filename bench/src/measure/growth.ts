// SPDX-License-Identifier: Apache-2.0
// What more bytes cost: of measured ones in proportion, of unmeasured ones nothing but their EADDs.
import { measureSgx } from '@motte/measure/sgx';
import { measureSnp } from '@motte/measure/snp';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { writeSgxs } from '@motte/measure/sgx';
import { tempFolder } from '@motte/test-helpers/temp';
import type { Goal, Outcome, Row } from '../outcome.js';
import { randomBytes, sgxPlan, snpPlan } from '../plans.js';
import { MOTTE, spawned } from '../spawned.js';
import { cpuTimed, row } from '../stats.js';

const MIB = 1 << 20;
const SIZES = [64, 128, 256];
const RUNS = 5;
/** What twice the bytes may cost more than twice the time. */
const NOISE = 1.15;
const PAGES_32G = 7_300_000;
const GOAL_32G_MS = 3000;

function cpu(task: () => unknown): number[] {
  return Array.from({ length: RUNS }, () => cpuTimed(task));
}

function linear(what: string, measure: (bytes: Uint8Array) => unknown): { rows: Row[]; goal: Goal } {
  const bytes = randomBytes(256 * MIB);
  measure(bytes.subarray(0, 16 * MIB));
  const samples = SIZES.map((mib) => ({ mib, times: [] as number[] }));
  // In turns, so that a noisy neighbour slows all sizes.
  for (let run = 0; run < RUNS; run++)
    for (const { mib, times } of samples) times.push(cpuTimed(() => measure(bytes.subarray(0, mib * MIB))));
  const rows = samples.map(({ mib, times }) => row(`${what}, ${mib} MiB measured, CPU time`, 'ms', times));
  const [first, , last] = rows.map(({ best }) => best);
  const ratio = (last ?? NaN) / (first ?? NaN);
  return {
    rows,
    goal: {
      what: `${what}: 256 MiB, of 64 MiB’s time`,
      goal: `4 (within ${Math.round((NOISE - 1) * 100)} %)`,
      found: `${ratio.toFixed(2)} (best runs)`,
      met: ratio <= 4 * NOISE,
    },
  };
}

/** Pages of SNP and TDX that are not measured have no cost; those of SGX have an EADD each, wherever they come from. */
function unmeasured(): { rows: Row[]; goal: Goal } {
  const bytes = randomBytes(64 * MIB);
  const pages = 4096;
  const rows = [1, 100].map((times) =>
    row(
      `MRENCLAVE, 64 MiB measured, ${(16 * times).toLocaleString('en')} MiB unmeasured, CPU time`,
      'ms',
      cpu(() => measureSgx(sgxPlan(bytes, pages * times))),
    ),
  );
  const [once, hundred] = rows.map(({ best }) => best);
  const each = (((hundred ?? NaN) - (once ?? NaN)) * 1e6) / (99 * pages);
  return {
    rows,
    goal: {
      what: 'an unmeasured page (64 bytes are hashed for it)',
      goal: 'under 150 ns',
      found: `${each.toFixed(0)} ns (best runs)`,
      met: each < 150,
    },
  };
}

function enclave32GiB(): { rows: Row[]; goals: Goal[] } {
  const plan = sgxPlan(new Uint8Array(0), PAGES_32G);
  const library = cpu(() => measureSgx(plan));
  const path = join(tempFolder('motte-bench'), '32g.sgxs');
  const fd = openSync(path, 'w');
  writeSgxs(plan, (bytes) => void writeSync(fd, bytes));
  closeSync(fd);
  const stream = [0, 1, 2].map(() => spawned(MOTTE, ['measure', 'sgx', path]).cpuMs);
  rmSync(path);
  const rows = [
    row('MRENCLAVE of 7.3 million EADDs from a plan, CPU time', 'ms', library),
    row('motte measure sgx of their .sgxs stream, CPU time', 'ms', stream),
  ];
  return {
    rows,
    goals: rows.map(({ what, best }) => ({
      what: `32 GiB: ${what}`,
      goal: `under ${GOAL_32G_MS} ms`,
      found: `${best.toFixed(0)} ms (best run)`,
      met: best < GOAL_32G_MS,
    })),
  };
}

export function growth(): Outcome {
  const parts = [
    linear('MRENCLAVE', (bytes) => measureSgx(sgxPlan(bytes))),
    linear('SNP launch digest', (bytes) => measureSnp(snpPlan(bytes))),
    unmeasured(),
  ];
  const large = enclave32GiB();
  return {
    rows: [...parts.flatMap(({ rows }) => rows), ...large.rows],
    goals: [...parts.map(({ goal }) => goal), ...large.goals],
    notes: [],
  };
}
