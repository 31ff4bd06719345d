// SPDX-License-Identifier: Apache-2.0
import { sha256 } from '@motte/measure/hash';
import { fromLittleEndian } from '@motte/sign/sgx/rsa';
import { toHex } from '@motte/binary/hex';
import { SIGSTRUCT, SIGSTRUCT_SIGNED } from '@motte/binary/sgx/sigstruct';

/** SHA-256's DigestInfo, as EMSA-PKCS1-v1_5 puts it before the digest (RFC 8017, 9.2). */
const DIGEST_INFO = '3031300d060960864801650304020105000420';

/**
 * Why EINIT does not take a SIGSTRUCT's signature; `undefined` when it does. As the CPU, it divides nothing: with
 * Q1 and Q2 given, s^3 mod n is two multiplications and two subtractions, and each quotient is right exactly if its
 * remainder lies below the modulus. `packages/sign` computes and checks signatures its own way.
 */
export function signatureFault(bytes: Uint8Array): string | undefined {
  const sig = SIGSTRUCT.read(bytes);
  const [n, s, q1, q2] = [sig.modulus, sig.signature, sig.q1, sig.q2].map(fromLittleEndian) as [
    bigint,
    bigint,
    bigint,
    bigint,
  ];
  if (n >> 3071n === 0n) return 'MODULUS';
  if (s >= n) return 'SIGNATURE';
  const square = s * s - q1 * n;
  if (square < 0n || square >= n) return 'Q1';
  const cube = square * s - q2 * n;
  if (cube < 0n || cube >= n) return 'Q2';
  const digest = sha256(...SIGSTRUCT_SIGNED.map(([from, to]) => bytes.subarray(from, to)));
  const tail = `00${DIGEST_INFO}${toHex(digest)}`;
  const expected = `0001${'ff'.repeat(sig.modulus.length - 2 - tail.length / 2)}${tail}`;
  return cube === BigInt(`0x${expected}`) ? undefined : 'SIGNATURE';
}
