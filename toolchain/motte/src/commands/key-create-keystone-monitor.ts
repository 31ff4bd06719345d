// SPDX-License-Identifier: Apache-2.0
import { toHex } from '@motte/binary/hex';
import { deriveMonitorKeys } from '@motte/sign/keystone/boot';
import type { Input, Outcome } from '../grammar/command.js';
import { createKey } from '../sign/create-key.js';
import { monitorHash, secretFrom } from '../sign/keystone.js';

/** `motte key create keystone-monitor --key DEVICE.KEY --monitor-hash HEX -o KEY`: what the boot ROM derives. */
export function run({ options }: Input): Outcome {
  const hash = monitorHash(options);
  return createKey(options, () => {
    const device = secretFrom(options.key, 'key');
    const { secretKey, publicKey } = deriveMonitorKeys(device, hash);
    device.fill(0);
    return { secret: secretKey, publicKey, digests: { publicKey: toHex(publicKey) } };
  });
}
