// SPDX-License-Identifier: Apache-2.0
import { layout } from '@motte/binary/layout';
import type { Layout } from '@motte/binary/layout';

const SOURCE = 'Intel SDM 332831 vol. 3D, MRENCLAVE updates of ECREATE, EADD and EEXTEND';

export const ECREATE_RECORD_FIELDS = [
  { at: 0x00, name: 'tag', type: 'u64', doc: 'RECORD_TAGS.ECREATE' },
  { at: 0x08, name: 'ssaframesize', type: 'u32' },
  { at: 0x0c, name: 'size', type: 'u64', doc: 'SECS.SIZE' },
  { at: 0x14, name: 'reserved_014', type: 'bytes44' },
] as const;

/** What ECREATE hashes. */
export const ECREATE_RECORD: Layout<typeof ECREATE_RECORD_FIELDS> = layout(
  { name: 'ECREATE', size: 64, source: SOURCE },
  ECREATE_RECORD_FIELDS,
);

export const EADD_RECORD_FIELDS = [
  { at: 0x00, name: 'tag', type: 'u64', doc: 'RECORD_TAGS.EADD' },
  { at: 0x08, name: 'offset', type: 'u64', doc: 'of the page from the base' },
  { at: 0x10, name: 'flags', type: 'u64', doc: 'SECINFO.FLAGS' },
  { at: 0x18, name: 'reserved_018', type: 'bytes40', doc: 'the start of what SECINFO reserves' },
] as const;

/** What EADD hashes. */
export const EADD_RECORD: Layout<typeof EADD_RECORD_FIELDS> = layout(
  { name: 'EADD', size: 64, source: SOURCE },
  EADD_RECORD_FIELDS,
);

export const EEXTEND_RECORD_FIELDS = [
  { at: 0x00, name: 'tag', type: 'u64', doc: 'RECORD_TAGS.EEXTEND' },
  { at: 0x08, name: 'offset', type: 'u64', doc: 'of the chunk from the base; its 256 bytes follow' },
  { at: 0x10, name: 'reserved_010', type: 'bytes48' },
] as const;

/** What EEXTEND hashes before the chunk. */
export const EEXTEND_RECORD: Layout<typeof EEXTEND_RECORD_FIELDS> = layout(
  { name: 'EEXTEND', size: 64, source: SOURCE },
  EEXTEND_RECORD_FIELDS,
);

/** The first eight bytes of a record: the leaf's name, zero padded. */
export const RECORD_TAGS = {
  ECREATE: 0x0045544145524345n,
  EADD: 0x0000000044444145n,
  EEXTEND: 0x00444e4554584545n,
} as const;

/** Bytes of every record. */
export const RECORD_BYTES = 64;
/** Bytes that one EEXTEND measures. */
export const CHUNK_BYTES = 256;
/** EEXTENDs of a page. */
export const PAGE_CHUNKS = 16;
/** Records and contents of one measured page. */
export const MEASURED_PAGE_BYTES: number = RECORD_BYTES + PAGE_CHUNKS * (RECORD_BYTES + CHUNK_BYTES);
