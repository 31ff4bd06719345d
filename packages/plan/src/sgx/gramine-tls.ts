// SPDX-License-Identifier: Apache-2.0
import { layout } from '@motte/binary/layout';
import type { Layout } from '@motte/binary/layout';

export const GRAMINE_TLS_FIELDS = [
  { at: 0x000, name: 'self', type: 'u64', doc: 'offset of this page' },
  { at: 0x008, name: 'canary', type: 'u64', doc: 'replaced at start-up' },
  { at: 0x010, name: 'reserved_010', type: 'bytes256' },
  { at: 0x110, name: 'enclave_size', type: 'u64' },
  { at: 0x118, name: 'tcs', type: 'u64', doc: 'offset of the TCS' },
  { at: 0x120, name: 'stack_top', type: 'u64' },
  { at: 0x128, name: 'reserved_128', type: 'u64' },
  { at: 0x130, name: 'signal_stack_bottom', type: 'u64' },
  { at: 0x138, name: 'signal_stack_top', type: 'u64' },
  { at: 0x140, name: 'reserved_140', type: 'u64' },
  { at: 0x148, name: 'ssa', type: 'u64', doc: 'offset of the first SSA frame' },
  { at: 0x150, name: 'gpr', type: 'u64', doc: 'offset of GPRSGX in it' },
  { at: 0x158, name: 'reserved_158', type: 'bytes72' },
  { at: 0x1a0, name: 'manifest_size', type: 'u64', doc: 'with the NUL' },
  { at: 0x1a8, name: 'heap_start', type: 'u64' },
  { at: 0x1b0, name: 'heap_end', type: 'u64', doc: 'where the PAL is loaded' },
  { at: 0x1b8, name: 'reserved_1b8', type: 'bytes3656' },
] as const;

/** What Gramine's signer writes into the first page of each thread. */
export const GRAMINE_TLS: Layout<typeof GRAMINE_TLS_FIELDS> = layout(
  { name: 'GRAMINE_TLS', size: 4096, source: 'Gramine ff71d7a, enclave_tls of pal_tcb.h' },
  GRAMINE_TLS_FIELDS,
);

/** GRAMINE_TLS.canary as it is measured. */
export const GRAMINE_CANARY = 0xbadbadbadbadn;
