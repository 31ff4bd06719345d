// SPDX-License-Identifier: Apache-2.0
import { sliceSource } from '@motte/binary/source';
import type { ByteSource } from '@motte/binary/source';

/** What the runs of SNP and TDX plans have in common. */
interface Run {
  readonly gpa: bigint;
  readonly pages: number;
  readonly bytes: ByteSource;
}

/** A run as two, cut at some page, when it has pages enough. */
export function halves<R extends Run>(run: R, at: number): readonly R[] {
  const first = at % run.pages;
  if (first === 0) return [run];
  const from = Math.min(first * 4096, run.bytes.size);
  return [
    { ...run, pages: first, bytes: sliceSource(run.bytes, 0, from) },
    {
      ...run,
      gpa: run.gpa + BigInt(first * 4096),
      pages: run.pages - first,
      bytes: sliceSource(run.bytes, from, run.bytes.size - from),
    },
  ];
}
