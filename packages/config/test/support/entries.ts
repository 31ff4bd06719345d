// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { CHUNK_BYTES, DIGEST_BYTES } from '../../src/file-index-layout.js';
import { foldersOf } from '../../src/image-rules.js';
import type { IndexEntry } from '../../src/file-index.js';

const part = fc.stringMatching(/^[A-Za-z0-9_.é🦊-]{1,6}$/u).filter((name) => name !== '.' && name !== '..');
const path = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => `/i/${parts.join('/')}`);
const digests = (size: number): fc.Arbitrary<Uint8Array> => {
  const length = DIGEST_BYTES * Math.ceil(size / CHUNK_BYTES);
  return fc.uint8Array({ minLength: length, maxLength: length });
};
const size = fc.oneof(
  fc.constantFrom(0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1),
  fc.nat({ max: 5 * CHUNK_BYTES }),
);

const entry: fc.Arbitrary<IndexEntry> = fc.oneof(
  size.chain((bytes) =>
    fc.record({
      kind: fc.constant('file' as const),
      path,
      executable: fc.boolean(),
      size: fc.constant(bytes),
      digests: digests(bytes),
    }),
  ),
  fc.record({
    kind: fc.constant('link' as const),
    path,
    text: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 9 }).filter((text) => !text.includes('\0')),
  }),
  fc.record({ kind: fc.constant('directory' as const), path }),
);

/** Entries of one index, in any order; all are below `/i`. */
export const entries: fc.Arbitrary<IndexEntry[]> = fc
  .uniqueArray(entry, { selector: (one) => one.path, minLength: 1, maxLength: 12 })
  .map((all) => {
    const paths = new Set(all.map((one) => one.path));
    return all.filter((one) => !foldersOf(one.path).some((folder) => paths.has(folder)));
  });
