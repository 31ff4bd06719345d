// SPDX-License-Identifier: Apache-2.0
import { layout } from '../layout.js';
import type { Layout } from '../layout.js';

export const SITE_FIELDS = [
  { at: 0x0, name: 'offset', type: 'u32', doc: 'of the instruction, from the base of the shim' },
  { at: 0x4, name: 'kind', type: 'u32', doc: 'see SITE_KIND' },
] as const;

/** A record of the shim's ELF section `.motte.sites`: an instruction that emulation may patch. */
export const SITE: Layout<typeof SITE_FIELDS> = layout(
  { name: 'SITE', size: 8, source: 'Motte, docs/sgx-keep.md' },
  SITE_FIELDS,
);

/** SITE.kind. */
export const SITE_KIND = {
  ENCLU: 1,
  WRFSBASE_RAX: 2,
  RDFSBASE_RAX: 3,
} as const;

/** Bytes at a site, by kind: the instruction, and for ENCLU the two-byte NOP that makes room for a jump. */
export const SITE_BYTES: Readonly<Record<number, string>> = {
  [SITE_KIND.ENCLU]: '0f01d76690',
  [SITE_KIND.WRFSBASE_RAX]: 'f3480faed0',
  [SITE_KIND.RDFSBASE_RAX]: 'f3480faec0',
};
