// SPDX-License-Identifier: Apache-2.0
import { modulusFromPem } from '@motte/sign/key-node';
import { completeSigstruct } from '@motte/sign/sgx/sign';
import { needed } from '../grammar/needed.js';
import type { OptionValues } from '../grammar/options.js';
import { readSmall } from '../io/file.js';
import { signUnsigned } from '../keep/sign.js';
import type { Signed } from '../keep/sign.js';

/** Signs with the key, or takes the signature that somebody else made with it: of exactly these bytes, or none. */
export function signedSigstruct(unsigned: Uint8Array, options: OptionValues): Signed {
  const signature = options['signature-in'];
  if (signature === undefined) return signUnsigned(unsigned, options);
  const modulus = modulusFromPem(readSmall(needed(options.key, 'key')));
  return { sigstruct: completeSigstruct(unsigned, modulus, readSmall(signature)), developer: false };
}
