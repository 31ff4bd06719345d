// SPDX-License-Identifier: Apache-2.0
import { toHex } from '@motte/binary/hex';
import { newSha3With512 } from '@motte/measure/hash';
import { ED25519_BYTES, expandSeed, publicKeyOf } from '@motte/sign/ed25519';
import { randomBytes } from '@motte/sign/pef/crypto-node';
import type { Input, Outcome } from '../grammar/command.js';
import { createKey } from '../sign/create-key.js';

/** `motte key create keystone -o KEY`: a device’s, as its ROM has it: the expanded secret key, 64 bytes. */
export function run({ options }: Input): Outcome {
  return createKey(options, () => {
    const seed = randomBytes(ED25519_BYTES);
    const secret = expandSeed(seed, newSha3With512);
    seed.fill(0);
    const publicKey = publicKeyOf(secret);
    return { secret, publicKey, digests: { publicKey: toHex(publicKey) } };
  });
}
