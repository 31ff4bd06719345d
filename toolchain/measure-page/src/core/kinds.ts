// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { SIGSTRUCT } from '@motte/binary/sgx/sigstruct';
import type { ByteSource } from '@motte/binary/source';
import { seenKind } from '@motte/plan/file-kind';
import { readFooterTable } from '@motte/plan/firmware/footer-table';
import { hasTdvf } from '@motte/plan/tdx/tdvf';

/** What a file can be read as, in the words of the page. */
export const KINDS = {
  enclave: 'enclave of the Intel SGX SDK (.so with .note.sgxmeta)',
  sgxs: '.sgxs stream',
  plan: 'written page plan',
  raw: 'raw SGX image (a TCS page, then pages of code and data)',
  sigstruct: 'SIGSTRUCT',
  sev: 'OVMF-like firmware: SEV, SEV-ES, SEV-SNP',
  tdvf: 'TDVF or td-shim: TDX',
  exec: 'program',
} as const;

/** What a file is read as. */
export type Kind = keyof typeof KINDS;

/** A footer table that is there but damaged makes firmware all the same: its error is what people want to see. */
function isFirmware(file: ByteSource): boolean {
  try {
    return readFooterTable(file) !== undefined;
  } catch {
    return true;
  }
}

function isTdvf(file: ByteSource): boolean {
  try {
    return hasTdvf(file);
  } catch {
    return false;
  }
}

/**
 * All that a file is: one kind, but firmware may be for SEV and TDX. A raw SGX image has nothing to be known by.
 * Throws FILE_KIND.
 */
export function kindsOf(name: string, file: ByteSource): Kind[] {
  const seen = seenKind(file);
  if (seen !== undefined) return [seen];
  if (file.size === SIGSTRUCT.size) return ['sigstruct'];
  const kinds: Kind[] = [];
  if (isFirmware(file)) kinds.push('sev');
  if (isTdvf(file)) kinds.push('tdvf');
  if (kinds.length > 0) return kinds;
  throw new MotteError('FILE_KIND', {
    field: name,
    expected: 'an enclave, an .sgxs stream, a written plan, a SIGSTRUCT, or firmware with a table at its end',
    found: `${file.size} bytes of something else`,
  });
}
