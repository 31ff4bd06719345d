// SPDX-License-Identifier: Apache-2.0
// A key that lasts for the test run, and SIGSTRUCTs that it signed.
import { bcdDate, signSigstruct, unsignedSigstruct } from '@motte/sign/sgx/sign';
import type { SgxSigner, SigstructInput } from '@motte/sign/sgx/sign';
import { createSgxKey, signerFromPem } from '@motte/sign/key-node';

let pem: string | undefined;

/** One key for a whole file: making one takes a second. */
export function samplePem(): string {
  return (pem ??= createSgxKey());
}

export function sampleSigner(): SgxSigner {
  return signerFromPem(samplePem());
}

export const INPUT: SigstructInput = {
  mrenclave: Uint8Array.from({ length: 32 }, (_, i) => i * 8 + 1),
  date: bcdDate('2026-11-25'),
  attributes: 0x84n,
  xfrm: 7n,
  miscselect: 1,
  isvprodid: 0xbeef,
  isvsvn: 7,
  isvfamilyid: Uint8Array.from({ length: 16 }, (_, i) => i),
  isvextprodid: Uint8Array.from({ length: 16 }, (_, i) => 0xf0 + i),
};

export function sampleSigstruct(change: Partial<SigstructInput> = {}): Uint8Array {
  return signSigstruct(unsignedSigstruct({ ...INPUT, ...change }), sampleSigner());
}
