// SPDX-License-Identifier: Apache-2.0
// A signer whose nonces are those of RFC 6979, so that signatures can be compared byte by byte; OpenSSL draws its own.
import { createECDH, createHash, createHmac, createPrivateKey } from 'node:crypto';
import type { SnpSigner } from '@motte/sign/snp/id-block';
import { snpSignerFromPem } from '@motte/sign/snp/ecdsa-node';

/** The order of P-384. */
const N = BigInt(
  '0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973',
);

const toNumber = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
const toBytes = (value: bigint): Buffer => Buffer.from(value.toString(16).padStart(96, '0'), 'hex');

function inverse(value: bigint): bigint {
  let [r0, r1, t0, t1] = [N, value % N, 0n, 1n];
  while (r1 !== 0n) {
    const q = r0 / r1;
    [r0, r1, t0, t1] = [r1, r0 - q * r1, t1, t0 - q * t1];
  }
  return ((t0 % N) + N) % N;
}

/** The nonce of RFC 6979, 3.2, for SHA-384 and P-384, whose sizes are equal. */
function nonce(secret: bigint, digest: Buffer): bigint {
  const seed = [toBytes(secret), toBytes(toNumber(digest) % N)];
  let [k, v] = [Buffer.alloc(48, 0), Buffer.alloc(48, 1)];
  const mac = (...parts: readonly Uint8Array[]): Buffer<ArrayBuffer> =>
    Buffer.from(createHmac('sha384', k).update(Buffer.concat(parts)).digest());
  for (const round of [0, 1]) {
    k = mac(v, Buffer.from([round]), ...seed);
    v = mac(v);
  }
  for (;;) {
    v = mac(v);
    const candidate = toNumber(v);
    if (candidate > 0n && candidate < N) return candidate;
    k = mac(v, Buffer.from([0]));
    v = mac(v);
  }
}

/** As `snpSignerFromPem`, but the same signature each time. */
export function deterministicSigner(pem: Uint8Array): SnpSigner {
  const { d = '' } = createPrivateKey(Buffer.from(pem)).export({ format: 'jwk' });
  const secret = toNumber(Buffer.from(d, 'base64url'));
  return {
    publicKey: snpSignerFromPem(pem).publicKey,
    sign(message) {
      const digest = createHash('sha384').update(message).digest();
      const k = nonce(secret, digest);
      const point = createECDH('secp384r1');
      point.setPrivateKey(toBytes(k));
      const r = toNumber(point.getPublicKey().subarray(1, 49)) % N;
      const s = (inverse(k) * (toNumber(digest) + r * secret)) % N;
      return new Uint8Array(Buffer.concat([toBytes(r), toBytes(s)]));
    },
  };
}
