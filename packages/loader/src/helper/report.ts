// SPDX-License-Identifier: Apache-2.0
// What the helper reports of a Keep, in the words of DESIGN.md.
import { MotteError } from '@motte/binary/error';
import { REASONS } from '@motte/hostcall/reasons';
import { CAUSES } from '../protocol/causes.js';
import { CALL_COUNT, ENDED, ENDED_HOW, STATISTICS } from '../protocol/ended.js';

/** How a Keep ended. */
export interface End {
  /**
   * `exited`: by itself, with `status`. `signalled`: by the signal `status`. `trapped`: the CPU, or a second
   * exception. `refused`: the shim would not go on. `killed`: the helper, the loader, or the machine ended it.
   */
  readonly ended: 'exited' | 'signalled' | 'trapped' | 'refused' | 'killed';
  /** Exit status or signal number; 0 for the others. */
  readonly status: number;
  /** Stable name of why: of REASONS (refused) or CAUSES (trapped, killed); absent when it ended by itself. */
  readonly cause?: string;
  /** A sentence for people; absent when it ended by itself. */
  readonly reason?: string;
  /**
   * Of `signalled`, when it was for a fault: the exception, and where its registers are, from the base: SGX, the TCS whose first SSA
   * frame has them; in a VM a TRAP_FRAME, and then CR2 too.
   */
  readonly fault?: { readonly vector: number; readonly at: bigint; readonly cr2: bigint };
}

/** What a Keep did. Fields that only emulation can count are 0 on hardware. */
export interface KeepStats {
  readonly entries: number;
  readonly resumes: number;
  readonly aexs: number;
  readonly hostCalls: number;
  readonly accepted: number;
  readonly pages: number;
  readonly pagesMost: number;
  readonly unaccepted: number;
  readonly augmented: number;
  readonly removed: number;
  readonly injected: number;
  readonly ignored: number;
  readonly patchedSites: number;
  /** Nanoseconds from START to mapped, to the first entry, and in all. */
  readonly mapNs: number;
  readonly firstNs: number;
  readonly totalNs: number;
  /** KVM: ioctls until the first entry, and nanoseconds from START to the first exit: on plain KVM one of ring 3. */
  readonly ioctls: number;
  readonly leftNs: number;
  /** KVM: of the host calls, those that the thread which watches has served (`switchless`): without an exit, or before it. */
  readonly switchless: number;
  /** How often each host call was served, by its number. */
  readonly calls: ReadonlyMap<number, number>;
  /** KVM: how often a vCPU came back, by KVM_EXIT. */
  readonly exits: ReadonlyMap<number, number>;
}

const HOW: Readonly<Record<number, End['ended']>> = {
  [ENDED_HOW.EXITED]: 'exited',
  [ENDED_HOW.SIGNALLED]: 'signalled',
  [ENDED_HOW.TRAPPED]: 'trapped',
  [ENDED_HOW.REFUSED]: 'refused',
  [ENDED_HOW.KILLED]: 'killed',
};

interface Named {
  readonly number: number;
  readonly text: string;
}

function lookUp(table: Readonly<Record<string, Named>>, number: number): { name: string; text: string } {
  const found = Object.entries(table).find(([, row]) => row.number === number);
  return found === undefined
    ? { name: `UNKNOWN_${number}`, text: `no reason that this version knows (${number})` }
    : { name: found[0], text: found[1].text };
}

function sentence(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(bytes.subarray(0, end < 0 ? bytes.length : end));
}

function readCounts(payload: Uint8Array, from: number, count: number): Map<number, number> {
  const rows = Array.from({ length: count }, (_, i) => CALL_COUNT.read(payload, from + i * CALL_COUNT.size));
  return new Map(rows.map((row) => [row.number, Number(row.count)]));
}

/** Reads the payload of STATISTICS, all of which is used. Throws HELPER_PROTOCOL. */
export function decodeStatistics(payload: Uint8Array, offset = 0): KeepStats {
  const s = STATISTICS.read(payload, offset);
  const start = offset + STATISTICS.size;
  if (payload.length !== start + (s.call_count + s.exit_count) * CALL_COUNT.size) {
    throw new MotteError('HELPER_PROTOCOL', {
      field: 'STATISTICS.call_count',
      expected: `${payload.length - start} bytes of counts`,
      found: s.call_count + s.exit_count,
    });
  }
  const firstExit = start + s.call_count * CALL_COUNT.size;
  return {
    entries: Number(s.entries),
    resumes: Number(s.resumes),
    aexs: Number(s.aexs),
    hostCalls: Number(s.host_calls),
    accepted: Number(s.accepted),
    pages: Number(s.pages),
    pagesMost: Number(s.pages_most),
    unaccepted: Number(s.unaccepted),
    augmented: Number(s.augmented),
    removed: Number(s.removed),
    injected: Number(s.injected),
    ignored: Number(s.ignored),
    patchedSites: s.patched_sites,
    mapNs: Number(s.map_ns),
    firstNs: Number(s.first_ns),
    totalNs: Number(s.total_ns),
    ioctls: s.ioctls,
    leftNs: Number(s.left_ns),
    switchless: Number(s.switchless),
    calls: readCounts(payload, start, s.call_count),
    exits: readCounts(payload, firstExit, s.exit_count),
  };
}

/** Reads the payload of ENDED. Throws HELPER_PROTOCOL. */
export function decodeEnded(payload: Uint8Array): { end: End; stats: KeepStats } {
  const e = ENDED.read(payload);
  const stats = decodeStatistics(payload, ENDED.size);
  const ended = HOW[e.ended];
  if (ended === undefined) {
    throw new MotteError('HELPER_PROTOCOL', { field: 'ENDED.ended', expected: '1 to 5', found: e.ended });
  }
  if (ended === 'exited' || ended === 'signalled') {
    const fault = e.offset === 0n ? {} : { fault: { vector: e.vector, at: e.offset, cr2: e.address } };
    return { end: { ended, status: e.status, ...(ended === 'signalled' ? fault : {}) }, stats };
  }
  const { name, text } = ended === 'refused' ? lookUp(REASONS, e.status) : lookUp(CAUSES, e.cause);
  const more = sentence(e.text);
  const where = ended === 'refused' && e.offset !== 0n ? ` at shim offset 0x${e.offset.toString(16)}` : '';
  return {
    end: { ended, status: 0, cause: name, reason: `${text}${where}${more === '' ? '' : `: ${more}`}` },
    stats,
  };
}
