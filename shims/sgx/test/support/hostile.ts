// SPDX-License-Identifier: Apache-2.0
// What a hostile host is told to do, and what became of the Keep.
import { HOSTILE_HELPER, runImage } from './probe.js';
import type { Lie } from '@motte/loader/helper/start';
import type { PreparedKeep } from '@motte/loader/keep/prepare';

export function lie(number: number, kind: number, value: bigint = 0n, nth: number = 1): Lie {
  return { number, nth, kind, value };
}

/** A probe on a host that lies, and how its Keep ends. */
export interface HostileRow {
  readonly name: string;
  readonly probe: string;
  readonly lies: readonly Lie[];
  readonly expected: string;
}

/** How a Keep ends on that host: `exited N`, `signalled N`, or the cause. */
export async function outcome(
  image: PreparedKeep,
  lies: readonly Lie[],
  trust: boolean = false,
): Promise<string> {
  const { end } = await runImage(image, { helper: HOSTILE_HELPER, emulation: { lies, trust } });
  return end.ended === 'exited' || end.ended === 'signalled'
    ? `${end.ended} ${end.status}`
    : (end.cause ?? end.ended);
}
