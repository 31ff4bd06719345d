// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { PAGE_SIZE } from '@motte/binary/range';
import type { PageKind, PagePlan, PageRun } from '../plan.js';
import { VMSA_GPA } from '../snp/plan.js';
import { VM_MAP } from './map.js';

/** More runs than any Keep has (five a vCPU), and more pages than any server has (1 TiB). */
const MAX_RUNS = 1 << 20;
const MAX_PAGES = 1 << 28;

const PAGE = BigInt(PAGE_SIZE);

const KINDS: Readonly<Record<'kvm' | 'snp', readonly PageKind[]>> = {
  kvm: ['reg', 'vmsa'],
  snp: ['reg', 'secrets', 'cpuid', 'vmsa'],
};

/** Kinds whose contents the firmware makes. */
const MADE_BY_FIRMWARE: readonly PageKind[] = ['secrets', 'cpuid'];

function bad(index: number, field: string, expected: string, found: string | number | bigint): MotteError {
  return new MotteError('PLAN_INVALID', { field: `runs[${index}].${field}`, expected, found });
}

function checkRun(run: PageRun, index: number, size: bigint): void {
  const { kind, address, pages, bytes, permissions } = run;
  if (!Number.isSafeInteger(pages) || pages < 1) throw bad(index, 'pages', 'at least one', pages);
  if (address < 0n || address % PAGE !== 0n) throw bad(index, 'address', 'a multiple of 0x1000', address);
  if (bytes.size > pages * PAGE_SIZE)
    throw bad(index, 'bytes', `at most ${pages} pages`, `${bytes.size} bytes`);
  const made = MADE_BY_FIRMWARE.includes(kind);
  if (made && (bytes.size > 0 || pages > 1))
    throw bad(index, 'bytes', `one page of kind ${kind} without any`, `${bytes.size} bytes, ${pages} pages`);
  if (run.measured === made) throw bad(index, 'measured', made ? 'false' : 'true', `${run.measured}`);
  if (permissions.write && permissions.execute) throw bad(index, 'permissions', 'not both W and X', 'both');
  if (kind === 'vmsa') {
    const at = VMSA_GPA - BigInt(VM_MAP.BASE);
    if (address !== at || pages !== 1)
      throw bad(index, 'address', `one page at 0x${at.toString(16)}`, address);
  } else if (address + BigInt(pages) * PAGE > size) {
    throw bad(index, 'address', `pages below 0x${size.toString(16)}`, address + BigInt(pages) * PAGE);
  }
}

function checkOverlap(runs: readonly PageRun[]): void {
  const order = runs.map((run, index) => ({ run, index })).filter(({ run }) => run.kind !== 'vmsa');
  order.sort((a, b) => (a.run.address < b.run.address ? -1 : a.run.address > b.run.address ? 1 : 0));
  let end = 0n;
  for (const { run, index } of order) {
    if (run.address < end)
      throw bad(index, 'address', 'pages that are launched once', `0x${run.address.toString(16)} again`);
    end = run.address + BigInt(run.pages) * PAGE;
  }
}

/**
 * Returns `plan` when a VM can be launched from it: pages aligned, once, within its size, none both writable and
 * executable, kinds that its TEE has, and after all others a state for each vCPU. Throws PLAN_INVALID, PLAN_TOO_LARGE.
 */
export function checkVmPlan(plan: PagePlan): PagePlan {
  const { tee, runs, size } = plan;
  if (tee === 'sgx')
    throw new MotteError('PLAN_INVALID', { field: 'tee', expected: 'kvm or snp', found: tee });
  if (runs.length > MAX_RUNS)
    throw new MotteError('PLAN_TOO_LARGE', { field: 'runs', expected: MAX_RUNS, found: runs.length });
  const first = runs.findIndex(({ kind }) => kind === 'vmsa');
  runs.forEach((run, index) => {
    if (!KINDS[tee].includes(run.kind)) throw bad(index, 'kind', KINDS[tee].join(', '), run.kind);
    if (first !== -1 && index > first && run.kind !== 'vmsa')
      throw bad(index, 'kind', 'vCPU states at the end', run.kind);
    checkRun(run, index, size);
  });
  if (first === -1)
    throw new MotteError('PLAN_INVALID', { field: 'runs', expected: 'a vCPU', found: 'none' });
  checkOverlap(runs);
  const pages = runs.reduce((sum, run) => sum + run.pages, 0);
  if (pages > MAX_PAGES)
    throw new MotteError('PLAN_TOO_LARGE', { field: 'pages', expected: MAX_PAGES, found: pages });
  return plan;
}
