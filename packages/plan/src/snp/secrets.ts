// SPDX-License-Identifier: Apache-2.0
import { layout } from '@motte/binary/layout';
import type { Layout } from '@motte/binary/layout';

export const SECRETS_FIELDS = [
  { at: 0x000, name: 'version', type: 'u32' },
  { at: 0x004, name: 'flags', type: 'u32', doc: 'bit 0: launched by an initial migration image' },
  { at: 0x008, name: 'fms', type: 'u32', doc: 'family, model, stepping' },
  { at: 0x00c, name: 'reserved_00c', type: 'u32' },
  { at: 0x010, name: 'gosvw', type: 'bytes16', doc: 'workarounds that the hypervisor knows of' },
  { at: 0x020, name: 'vmpck0', type: 'bytes32' },
  { at: 0x040, name: 'vmpck1', type: 'bytes32' },
  { at: 0x060, name: 'vmpck2', type: 'bytes32' },
  { at: 0x080, name: 'vmpck3', type: 'bytes32' },
  { at: 0x0a0, name: 'guest_area', type: 'bytes96' },
  { at: 0x100, name: 'vmsa_tweak', type: 'bytes64' },
  { at: 0x140, name: 'later', type: 'bytes3776', doc: 'what later versions add' },
] as const;

/** The page in which the firmware leaves the guest its keys. */
export const SECRETS: Layout<typeof SECRETS_FIELDS> = layout(
  { name: 'SECRETS', size: 0x1000, source: 'AMD 56860 rev 1.58, Secrets Page Format' },
  SECRETS_FIELDS,
);

/** The first version with this layout; later ones add after it. */
export const SECRETS_VERSION = 2;
