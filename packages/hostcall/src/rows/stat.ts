// SPDX-License-Identifier: Apache-2.0
import type { FieldCheck } from '../row.js';

const LONG_MAX = (1n << 63n) - 1n;
const NANOSECONDS = { range: [0n, 999_999_999n] } as const;

/** struct stat of x86-64 (asm/stat.h), 144 bytes: what an application computes with must be sane. */
export const STAT: readonly FieldCheck[] = [
  { at: 24, name: 'st_mode', type: 'u32', check: { bits: 0o177777 } },
  { at: 48, name: 'st_size', type: 'i64', check: { range: [0n, LONG_MAX] } },
  // stdio sizes its buffers by it; 1 GiB is hugetlbfs's, the largest there is.
  { at: 56, name: 'st_blksize', type: 'i64', check: { range: [1n, 1n << 30n] } },
  { at: 64, name: 'st_blocks', type: 'i64', check: { range: [0n, LONG_MAX] } },
  { at: 80, name: 'st_atime_nsec', type: 'i64', check: NANOSECONDS },
  { at: 96, name: 'st_mtime_nsec', type: 'i64', check: NANOSECONDS },
  { at: 112, name: 'st_ctime_nsec', type: 'i64', check: NANOSECONDS },
];
