// SPDX-License-Identifier: Apache-2.0
import { layout } from '@motte/binary/layout';
import type { Layout } from '@motte/binary/layout';

export const VM_CLOCK_FIELDS = [
  { at: 0x00, name: 'sequence', type: 'u64', doc: 'odd while the host writes the others' },
  { at: 0x08, name: 'tsc', type: 'u64', doc: 'time stamp counter of the vCPUs, at which the times held' },
  { at: 0x10, name: 'valid', type: 'u64', doc: 'ticks from there on for which they serve; 0: not at all' },
  { at: 0x18, name: 'multiplier', type: 'u64', doc: 'nanoseconds a tick, times 2^32' },
  { at: 0x20, name: 'realtime', type: 'u64', doc: 'CLOCK_REALTIME in nanoseconds' },
  { at: 0x28, name: 'monotonic', type: 'u64', doc: 'CLOCK_MONOTONIC in nanoseconds' },
] as const;

/**
 * What the host of a VM-based Keep says of its clocks (VM_MAP.CLOCK), so that the shim can go on from there by the time stamp
 * counter: time is the host's in any case.
 */
export const VM_CLOCK: Layout<typeof VM_CLOCK_FIELDS> = layout(
  { name: 'VM_CLOCK', size: 0x30, source: 'Motte, docs/vm-keep.md' },
  VM_CLOCK_FIELDS,
);
