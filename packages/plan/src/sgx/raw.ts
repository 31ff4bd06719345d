// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { nextPowerOfTwo, PAGE_SIZE } from '@motte/binary/range';
import { sliceSource } from '@motte/binary/source';
import type { ByteSource } from '@motte/binary/source';
import type { PagePlan, PageRun } from '../plan.js';
import { checkSgxPlan } from './check.js';
import { NO_PERMISSIONS } from './secinfo-flags.js';
import { secsRun } from './secs.js';
import type { SecsInput } from './secs.js';

/** What a raw image does not say by itself. */
export type RawOptions = Pick<SecsInput, 'attributes' | 'xfrm' | 'miscselect'> & {
  /** The image's name, for `RunSource.file`. */
  readonly file: string;
};

/**
 * The plan of a raw enclave image as the Linux selftest and the early enarx crates have it: page 0 is the
 * TCS, every other page is readable, writable and executable, all are measured, SIZE is the next power of
 * two, SSA frames have one page.
 */
export function rawSgxPlan(image: ByteSource, options: RawOptions): PagePlan {
  if (image.size < 2 * PAGE_SIZE || image.size % PAGE_SIZE !== 0) {
    throw new MotteError('PLAN_INVALID', {
      field: options.file,
      message: 'not a raw enclave image',
      expected: 'a TCS page and at least one more, whole pages',
      found: `${image.size} bytes`,
    });
  }
  const size = nextPowerOfTwo(BigInt(image.size));
  const tcs: PageRun = {
    address: 0n,
    pages: 1,
    kind: 'tcs',
    permissions: NO_PERMISSIONS,
    measured: true,
    bytes: sliceSource(image, 0, PAGE_SIZE),
    source: { file: options.file, section: 'tcs', offset: 0 },
  };
  const rest: PageRun = {
    address: BigInt(PAGE_SIZE),
    pages: image.size / PAGE_SIZE - 1,
    kind: 'reg',
    permissions: { read: true, write: true, execute: true },
    measured: true,
    bytes: sliceSource(image, PAGE_SIZE, image.size - PAGE_SIZE),
    source: { file: options.file, section: 'image', offset: PAGE_SIZE },
  };
  return checkSgxPlan({
    tee: 'sgx',
    size,
    runs: [secsRun({ ...options, size, ssaFrameSize: 1 }), tcs, rest],
  });
}
