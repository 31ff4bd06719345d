// SPDX-License-Identifier: Apache-2.0
import { layout } from '@motte/binary/layout';
import type { Layout } from '@motte/binary/layout';

/** VM_SWITCHLESS.state: whose the host-call block is. */
export const SWITCHLESS = { NONE: 0, ASKED: 1, ANSWERED: 2 } as const;

export const VM_SWITCHLESS_FIELDS = [
  {
    at: 0x0,
    name: 'state',
    type: 'u64',
    doc: 'SWITCHLESS: the Keep writes ASKED, the host ANSWERED or NONE',
  },
  { at: 0x8, name: 'watched', type: 'u64', doc: 'host: not 0 while it looks at `state`' },
] as const;

/**
 * In each host-call block of a VM-based Keep, at VM_MAP.SWITCHLESS: how a host call is made without an exit, where the host looks at
 * the block all the time (ADR 0032).
 */
export const VM_SWITCHLESS: Layout<typeof VM_SWITCHLESS_FIELDS> = layout(
  { name: 'VM_SWITCHLESS', size: 0x10, source: 'Motte, docs/vm-keep.md' },
  VM_SWITCHLESS_FIELDS,
);
