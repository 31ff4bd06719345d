// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { PAGE_SIZE } from '@motte/binary/range';
import { MADE_FILE } from '../plan.js';
import type { PagePlan, PageRun } from '../plan.js';
import { planSecs } from './secs.js';

/** More runs than any image needs (8 a thread); stops a small file that asks for billions. */
export const MAX_RUNS: number = 1 << 20;

/** User addresses have 47 bits, and the base must be a multiple of SIZE. */
export const MAX_SIZE: bigint = 1n << 46n;

/** More pages than any EPC holds (1 TiB). */
const MAX_PAGES = 1 << 28;

const PAGE = BigInt(PAGE_SIZE);

type Found = string | number | bigint;

/** A fault of run `index`, at the offset of its bytes when they come from a file. */
function bad(index: number, field: string, expected: string, found: Found, run?: PageRun): MotteError {
  return new MotteError('PLAN_INVALID', {
    field: `runs[${index}].${field}`,
    expected,
    found,
    ...(run === undefined || run.source.file === MADE_FILE ? {} : { offset: run.source.offset }),
  });
}

function checkRun(run: PageRun, index: number, size: bigint): void {
  const { address, pages, permissions } = run;
  if (run.kind === 'secs') throw bad(index, 'kind', 'one secs, as the first run', 'another secs', run);
  if (!Number.isSafeInteger(pages) || pages < 1) throw bad(index, 'pages', 'at least one', pages, run);
  if (address < 0n || address % PAGE !== 0n)
    throw bad(index, 'address', 'a multiple of 0x1000', address, run);
  const end = address + BigInt(pages) * PAGE;
  if (end > size)
    throw bad(
      index,
      'address',
      `pages within SECS.SIZE 0x${size.toString(16)}`,
      `an end at 0x${end.toString(16)}`,
      run,
    );
  if (run.bytes.size > pages * PAGE_SIZE)
    throw bad(index, 'bytes', `at most ${pages} pages`, `${run.bytes.size} bytes`, run);
  const any = permissions.read || permissions.write || permissions.execute;
  if (run.kind === 'tcs' && any) throw bad(index, 'permissions', 'none for a TCS', 'some', run);
  if (run.kind === 'reg' && permissions.write && !permissions.read)
    throw bad(index, 'permissions', 'R wherever there is W', 'W alone', run);
}

function checkOverlap(plan: PagePlan): void {
  const order = plan.runs.map((run, index) => ({ run, index })).slice(1);
  order.sort((a, b) => (a.run.address < b.run.address ? -1 : a.run.address > b.run.address ? 1 : 0));
  let end = 0n;
  for (const { run, index } of order) {
    if (run.address < end)
      throw bad(
        index,
        'address',
        'pages that are added once',
        `0x${run.address.toString(16)} a second time`,
        run,
      );
    end = run.address + BigInt(run.pages) * PAGE;
  }
}

/**
 * Returns `plan` when ECREATE and EADD would take it: one SECS and it first, SIZE a power of two, pages
 * aligned, within SIZE and added once, permissions that EADD knows. Throws PLAN_INVALID or PLAN_TOO_LARGE.
 */
export function checkSgxPlan(plan: PagePlan): PagePlan {
  if (plan.runs.length > MAX_RUNS) {
    throw new MotteError('PLAN_TOO_LARGE', {
      field: 'runs',
      expected: `at most ${MAX_RUNS}`,
      found: plan.runs.length,
    });
  }
  const secs = planSecs(plan);
  if (secs.size !== plan.size) throw bad(0, 'size', `the plan's size 0x${plan.size.toString(16)}`, secs.size);
  if (secs.size < 2n * PAGE || (secs.size & (secs.size - 1n)) !== 0n)
    throw bad(0, 'size', 'a power of two of at least two pages', secs.size);
  if (secs.size > MAX_SIZE) {
    throw new MotteError('PLAN_TOO_LARGE', { field: 'SECS.size', expected: MAX_SIZE, found: secs.size });
  }
  if (secs.ssaframesize === 0) throw bad(0, 'ssaframesize', 'at least one page', 0);
  plan.runs.slice(1).forEach((run, index) => checkRun(run, index + 1, secs.size));
  checkOverlap(plan);
  const pages = plan.runs.reduce((sum, run) => sum + run.pages, 0);
  if (pages > MAX_PAGES) {
    throw new MotteError('PLAN_TOO_LARGE', { field: 'pages', expected: MAX_PAGES, found: pages });
  }
  return plan;
}
