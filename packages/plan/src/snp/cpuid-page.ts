// SPDX-License-Identifier: Apache-2.0
import { layout } from '@motte/binary/layout';
import type { Layout } from '@motte/binary/layout';

const SOURCE = 'AMD 56860 rev 1.58, PAGE_TYPE_CPUID, CPUID_FUNCTION';

export const CPUID_PAGE_FIELDS = [
  { at: 0x0, name: 'count', type: 'u32', doc: 'rows that follow' },
  { at: 0x4, name: 'reserved_004', type: 'u32' },
  { at: 0x8, name: 'reserved_008', type: 'u64' },
] as const;

/** What the CPUID page starts with. */
export const CPUID_PAGE: Layout<typeof CPUID_PAGE_FIELDS> = layout(
  { name: 'CPUID_PAGE', size: 0x10, source: SOURCE },
  CPUID_PAGE_FIELDS,
);

export const CPUID_ROW_FIELDS = [
  { at: 0x00, name: 'leaf', type: 'u32', doc: 'EAX' },
  { at: 0x04, name: 'subleaf', type: 'u32', doc: 'ECX' },
  { at: 0x08, name: 'xcr0', type: 'u64', doc: 'for which XCR0; leaf Dh alone' },
  { at: 0x10, name: 'xss', type: 'u64' },
  { at: 0x18, name: 'eax', type: 'u32' },
  { at: 0x1c, name: 'ebx', type: 'u32' },
  { at: 0x20, name: 'ecx', type: 'u32' },
  { at: 0x24, name: 'edx', type: 'u32' },
  { at: 0x28, name: 'reserved_028', type: 'u64' },
] as const;

export const CPUID_ROW: Layout<typeof CPUID_ROW_FIELDS> = layout(
  { name: 'CPUID_ROW', size: 0x30, source: SOURCE },
  CPUID_ROW_FIELDS,
);

/** Rows that the page has room for. */
export const CPUID_ROWS = 64;
