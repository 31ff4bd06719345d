// SPDX-License-Identifier: Apache-2.0
import { PAGE_SIZE, toSafeNumber } from '@motte/binary/range';
import { PAGE_FLAGS } from './directives.js';
import type { KnownHeader } from './headers.js';

/** Bytes of a large page. */
export const LARGE_PAGE: number = 2 << 20;

/** Which bytes of the file a header takes. */
export interface DataNeed {
  /** `registers`: a u32 n, then n registers of 32 bytes, as Hyper-V's own isolation has its vCPUs. */
  readonly size: number | 'registers';
  /** A file_offset of 0 stands for zeros. */
  readonly zeros: boolean;
}

/** What file_offset of a header names; `undefined` for a header without one. Throws NUMBER_UNSAFE. */
export function dataNeed(header: KnownHeader, vsmMask: number): DataNeed | undefined {
  const { kind, values, at } = header;
  if (kind === 'PAGE_DATA')
    return { size: (values.flags & PAGE_FLAGS.LARGE) !== 0 ? LARGE_PAGE : PAGE_SIZE, zeros: true };
  if (kind === 'PARAMETER_AREA')
    return { size: toSafeNumber(values.number_of_bytes, 'PARAMETER_AREA.number_of_bytes', at), zeros: true };
  if (kind === 'VP_CONTEXT')
    return { size: (values.compatibility_mask & vsmMask) !== 0 ? 'registers' : PAGE_SIZE, zeros: false };
  if (kind === 'CORIM_DOCUMENT' || kind === 'CORIM_SIGNATURE')
    return { size: values.size_bytes, zeros: false };
  return undefined;
}
