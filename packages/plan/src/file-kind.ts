// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { readBytes } from '@motte/binary/source';
import type { ByteSource } from '@motte/binary/source';
import { readElf } from '@motte/elf/read';
import { SDK_SECTION } from './sgx/sdk/metadata.js';

/** What a file that an SGX plan is made of can be. */
export type FileKind = 'exec' | 'sgxs' | 'plan' | 'enclave';

/** How each kind begins. */
const STARTS: readonly (readonly [kind: FileKind, bytes: string])[] = [
  ['exec', '\x7fELF'],
  ['sgxs', 'ECREATE\0'],
  ['plan', '{'],
];

function headOf(file: ByteSource): string {
  return String.fromCharCode(...readBytes(file, 0, Math.min(8, file.size)));
}

/** What `file` is, seen from its first bytes; an ELF file with Intel's metadata is an enclave. */
export function seenKind(file: ByteSource): FileKind | undefined {
  const head = headOf(file);
  const kind = STARTS.find(([, start]) => head.startsWith(start))?.[0];
  if (kind !== 'exec') return kind;
  return readElf(file).sections.some(({ name }) => name === SDK_SECTION) ? 'enclave' : 'exec';
}

/** As `seenKind`; `path` is the file's name for the error. Throws FILE_KIND. */
export function detectKind(path: string, file: ByteSource): FileKind {
  const kind = seenKind(file);
  if (kind !== undefined) return kind;
  throw new MotteError('FILE_KIND', {
    field: path,
    expected: 'an ELF program, an .sgxs stream or a written plan',
    found: file.size === 0 ? 'an empty file' : `bytes ${JSON.stringify(headOf(file))}`,
    offset: 0,
  });
}
