// SPDX-License-Identifier: Apache-2.0
import { layout } from '@motte/binary/layout';
import type { Layout } from '@motte/binary/layout';

/** Bytes of a header, and what contents are padded to. */
export const TAR_BLOCK = 512;

export const USTAR_FIELDS = [
  { at: 0x000, name: 'name', type: 'bytes100' },
  { at: 0x064, name: 'mode', type: 'bytes8', doc: 'octal digits, then NUL or space; so all numbers' },
  { at: 0x06c, name: 'uid', type: 'bytes8' },
  { at: 0x074, name: 'gid', type: 'bytes8' },
  { at: 0x07c, name: 'size', type: 'bytes12' },
  { at: 0x088, name: 'mtime', type: 'bytes12' },
  { at: 0x094, name: 'chksum', type: 'bytes8', doc: 'sum of the header’s bytes, these eight as spaces' },
  { at: 0x09c, name: 'typeflag', type: 'u8', doc: '0 a file, 5 a folder; 1 and 2 links, 3, 4 and 6 devices' },
  { at: 0x09d, name: 'linkname', type: 'bytes100' },
  { at: 0x101, name: 'magic', type: 'bytes6' },
  { at: 0x107, name: 'version', type: 'bytes2' },
  { at: 0x109, name: 'uname', type: 'bytes32' },
  { at: 0x129, name: 'gname', type: 'bytes32' },
  { at: 0x149, name: 'devmajor', type: 'bytes8' },
  { at: 0x151, name: 'devminor', type: 'bytes8' },
  { at: 0x159, name: 'prefix', type: 'bytes155' },
  { at: 0x1f4, name: 'reserved_1f4', type: 'bytes12' },
] as const;

/** A header of the tar format that POSIX calls ustar. */
export const USTAR: Layout<typeof USTAR_FIELDS> = layout(
  { name: 'USTAR', size: TAR_BLOCK, source: 'POSIX.1-2017, pax, ustar Interchange Format' },
  USTAR_FIELDS,
);

/** `magic` and `version`. */
export const USTAR_MAGIC = 'ustar\0';
export const USTAR_VERSION = '00';

/** `typeflag` of what an image has. */
export const TAR_FILE: number = '0'.charCodeAt(0);
export const TAR_FOLDER: number = '5'.charCodeAt(0);

/** Largest size that eleven octal digits say. */
export const MOST_TAR_SIZE: number = 8 ** 11 - 1;

/** The sum that `chksum` holds. */
export function tarChecksum(header: Uint8Array): number {
  const from = USTAR.offsetOf('chksum');
  return header.reduce((sum, byte, at) => sum + (at >= from && at < from + 8 ? 0x20 : byte), 0);
}
