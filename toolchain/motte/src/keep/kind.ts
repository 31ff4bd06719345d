// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { readBytes } from '@motte/binary/source';
import type { ByteSource } from '@motte/binary/source';
import { readElf } from '@motte/elf/read';

/** What a FILE can be to `plan`, `measure` and `sign`. */
export type FileKind = 'exec' | 'sgxs' | 'plan' | 'enclave';

/** How each kind begins. */
const STARTS: readonly (readonly [kind: FileKind, bytes: string])[] = [
  ['exec', '\x7fELF'],
  ['sgxs', 'ECREATE\0'],
  ['plan', '{'],
];

/** The section by which an enclave of Intel's SDK says how it is to be loaded. */
const SDK_SECTION = '.note.sgxmeta';

/** What `file` is, seen from its first bytes; an ELF file with Intel's metadata is an enclave. Throws FILE_KIND. */
export function detectKind(path: string, file: ByteSource): FileKind {
  const head = String.fromCharCode(...readBytes(file, 0, Math.min(8, file.size)));
  const kind = STARTS.find(([, start]) => head.startsWith(start))?.[0];
  if (kind === undefined) {
    throw new MotteError('FILE_KIND', {
      field: path,
      expected: 'an ELF program, an .sgxs stream or a written plan',
      found: file.size === 0 ? 'an empty file' : `bytes ${JSON.stringify(head)}`,
      offset: 0,
    });
  }
  if (kind !== 'exec') return kind;
  return readElf(file).sections.some(({ name }) => name === SDK_SECTION) ? 'enclave' : 'exec';
}
