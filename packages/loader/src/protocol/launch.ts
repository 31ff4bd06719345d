// SPDX-License-Identifier: Apache-2.0
import { layout } from '@motte/binary/layout';
import type { Layout } from '@motte/binary/layout';

const SOURCE = 'Motte, docs/helper-protocol.md';

/** LAUNCH.flags. */
export const LAUNCH_FLAGS = { ID_BLOCK: 0x1, AUTHOR_KEY: 0x2 } as const;

export const LAUNCH_FIELDS = [
  { at: 0x00, name: 'policy', type: 'u64', doc: 'guest policy' },
  { at: 0x08, name: 'host_data', type: 'bytes32', doc: 'SHA-256 of the config blob' },
  { at: 0x28, name: 'flags', type: 'u32', doc: 'LAUNCH_FLAGS' },
  { at: 0x2c, name: 'run_count', type: 'u32', doc: 'LAUNCH_RUNs that follow' },
  { at: 0x30, name: 'id_block', type: 'bytes96' },
  { at: 0x90, name: 'id_auth', type: 'bytes4096' },
] as const;

/** SEV-SNP: how the Keep is launched. */
export const LAUNCH: Layout<typeof LAUNCH_FIELDS> = layout(
  { name: 'LAUNCH', size: 0x1090, source: SOURCE },
  LAUNCH_FIELDS,
);

export const LAUNCH_RUN_FIELDS = [
  { at: 0x00, name: 'offset', type: 'u64', doc: 'from the base' },
  { at: 0x08, name: 'pages', type: 'u32' },
  { at: 0x0c, name: 'type', type: 'u32', doc: 'PAGE_INFO.PAGE_TYPE; never a VMSA, which are KVM’s' },
] as const;

/** Pages that are launched alike, in launch order. */
export const LAUNCH_RUN: Layout<typeof LAUNCH_RUN_FIELDS> = layout(
  { name: 'LAUNCH_RUN', size: 16, source: SOURCE },
  LAUNCH_RUN_FIELDS,
);
