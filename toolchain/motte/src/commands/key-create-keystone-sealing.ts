// SPDX-License-Identifier: Apache-2.0
import { sealingKey } from '@motte/sign/keystone/sealing';
import type { Input, Outcome } from '../grammar/command.js';
import { bytesDigest } from '../keep/digest.js';
import { createKey } from '../sign/create-key.js';
import { HASH_BYTES, secretFrom } from '../sign/keystone.js';
import { hexOption } from '../sign/values.js';

/**
 * `motte key create keystone-sealing --key MONITOR.KEY --measurement HEX [--identifier HEX] -o KEY`: the 128 bytes that
 * the monitor gives the enclave. Printed is their SHA-256.
 */
export function run({ options }: Input): Outcome {
  const enclave = hexOption(options.measurement, 'measurement', HASH_BYTES);
  const identifier = hexOption(options.identifier ?? '', 'identifier');
  return createKey(options, () => {
    const monitor = secretFrom(options.key, 'key');
    const secret = sealingKey(monitor, enclave, identifier);
    monitor.fill(0);
    return { secret, digests: { keyDigest: bytesDigest(secret) } };
  });
}
