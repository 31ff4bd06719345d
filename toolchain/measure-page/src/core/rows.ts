// SPDX-License-Identifier: Apache-2.0
import type { PagePlan, RunSource } from '@motte/plan/plan';
import type { SnpPlan } from '@motte/plan/snp/plan';
import type { TdxPlan } from '@motte/plan/tdx/plan';
import type { Row, Rows } from './report.js';

function rowsOf<T>(runs: readonly T[], row: (run: T) => Row): Rows {
  return {
    count: runs.length,
    row(index) {
      const run = runs[index];
      if (run === undefined) throw new RangeError(`no row ${index}`);
      return row(run);
    },
  };
}

function hex(value: bigint): string {
  return `0x${value.toString(16)}`;
}

function sourceText({ file, section, offset }: RunSource): string {
  return `${file} ${section}${offset === 0 ? '' : ` at 0x${offset.toString(16)}`}`;
}

/** Guests choose permissions by themselves, once they run. */
const NO_CHOICE = '–';

/** The page table of an SGX plan. */
export function sgxRows(plan: PagePlan): Rows {
  return rowsOf(plan.runs, ({ address, pages, kind, permissions, measured, source }) => ({
    address: hex(address),
    pages,
    kind: kind.toUpperCase(),
    permissions: `${permissions.read ? 'r' : '-'}${permissions.write ? 'w' : '-'}${permissions.execute ? 'x' : '-'}`,
    measured,
    source: sourceText(source),
  }));
}

/** The page table of an SNP guest, whose pages all belong to VMPL 0 at launch. */
export function snpRows(plan: SnpPlan): Rows {
  return rowsOf(plan.runs, ({ gpa, pages, type, source }) => ({
    address: hex(gpa),
    pages,
    kind: type.toUpperCase(),
    permissions: NO_CHOICE,
    measured: type === 'normal' || type === 'vmsa',
    source: sourceText(source),
  }));
}

/** The page table of a trust domain. */
export function tdxRows(plan: TdxPlan): Rows {
  return rowsOf(plan.runs, ({ gpa, pages, added, extended, source }) => ({
    address: hex(gpa),
    pages,
    kind: added ? 'ADD' : 'AUG (added by the guest)',
    permissions: NO_CHOICE,
    measured: extended,
    source: sourceText(source),
  }));
}
