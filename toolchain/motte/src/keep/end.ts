// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { toHex } from '@motte/binary/hex';
import { exitName } from '@motte/loader/kvm/exits';
import type { End, Keep, KeepStats } from '@motte/loader/load';
import type { PagePlan } from '@motte/plan/plan';
import type { PlanTotals } from '@motte/plan/totals';

/** What `run --stats` writes; docs/schema/run.json. */
export interface RunStats {
  readonly tee: PagePlan['tee'];
  readonly emulated: boolean;
  readonly measurement: string;
  readonly ended: End['ended'];
  readonly status: number;
  readonly cause: string | null;
  readonly pages: PlanTotals;
  readonly entries: number;
  readonly aexs: number;
  readonly hostCalls: number;
  /** KVM: how often a vCPU left its virtual machine, by why. */
  readonly exits?: Readonly<Record<string, number>>;
  /** KVM: of the host calls, those that took no exit, or were answered before it. */
  readonly switchless?: number;
  /** KVM: ioctls before the first KVM_RUN. */
  readonly ioctls?: number;
  /** Sites of the shim that emulation replaced in memory. */
  readonly patchedSites: number;
  readonly timesNs: {
    readonly load: number;
    readonly firstInstruction: number;
    /** KVM, if there was one: on plain KVM the program was there before. */
    readonly firstExit?: number;
    readonly total: number;
  };
}

const ns = (ms: number): number => Math.round(ms * 1e6);

function exitCounts({ exits }: KeepStats): Record<string, number> {
  return Object.fromEntries([...exits].map(([reason, count]) => [exitName(reason), count]));
}

/** The statistics of a Keep that has ended. `times` are milliseconds from the call of `load`. */
export function endStats(
  tee: PagePlan['tee'],
  keep: Keep,
  end: End,
  stats: KeepStats,
  pages: PlanTotals,
  times: { readonly load: number; readonly total: number },
): RunStats {
  // Between the helper's mapping and its first entry nothing else happens; `load` ends with the mapping.
  const since = (ns_: number): number => ns(times.load) + Math.max(0, ns_ - stats.mapNs);
  const vm = tee !== 'sgx';
  return {
    tee,
    emulated: keep.emulated,
    measurement: toHex(keep.measurement),
    ended: end.ended,
    status: end.status,
    cause: end.cause ?? null,
    pages,
    entries: stats.entries,
    aexs: stats.aexs,
    hostCalls: stats.hostCalls,
    ...(vm ? { exits: exitCounts(stats), switchless: stats.switchless, ioctls: stats.ioctls } : {}),
    patchedSites: stats.patchedSites,
    timesNs: {
      load: ns(times.load),
      firstInstruction: since(stats.firstNs),
      ...(vm && stats.leftNs > 0 ? { firstExit: since(stats.leftNs) } : {}),
      total: ns(times.total),
    },
  };
}

/** The exit status that a shell would see: the program's, 128 + n for a signal. Throws KEEP_ENDED for any other end. */
export function endStatus(end: End): number {
  if (end.ended === 'exited') return end.status;
  if (end.ended === 'signalled') return 128 + end.status;
  throw new MotteError('KEEP_ENDED', {
    field: end.cause ?? end.ended,
    message: `the Keep was ${end.ended}: ${end.reason ?? 'no reason was given'}`,
  });
}
