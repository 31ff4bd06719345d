// SPDX-License-Identifier: Apache-2.0
// However large the file, measuring takes no more memory than this. Files with holes: what counts is that nothing
// holds them whole.
import { tempFolder } from '@motte/test-helpers/temp';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LARGE_INPUTS, MOST_BYTES, peakBytes } from '../src/measure/memory.js';

/** A file of more than the limit shows as much as 1 GiB, where hashing is slow. */
const SIZES: Readonly<Record<string, number>> = { tdx: 1 << 28, keystone: 1 << 28 };

const folder = tempFolder('motte-memory');

for (const input of LARGE_INPUTS) {
  const size = SIZES[input.name] ?? 1 << 30;
  test(`motte measure ${input.name} of ${size / 2 ** 20} MiB`, () => {
    const bytes = peakBytes(input, folder, size, 'zeros');
    // Node itself has 40 MB: less would be another process than ours.
    assert.ok(bytes > 30e6, `${bytes} bytes`);
    assert.ok(bytes < MOST_BYTES, `${bytes} bytes`);
  });
}

test.run();
