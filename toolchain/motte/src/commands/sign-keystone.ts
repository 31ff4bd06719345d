// SPDX-License-Identifier: Apache-2.0
import { toHex } from '@motte/binary/hex';
import { publicKeyOf } from '@motte/sign/ed25519';
import { deriveMonitorKeys, signKeystoneReport } from '@motte/sign/keystone/boot';
import { verifyKeystoneReport } from '@motte/sign/keystone/report';
import type { Input, Outcome } from '../grammar/command.js';
import { needed } from '../grammar/needed.js';
import { readSmall } from '../io/file.js';
import { writeFile } from '../io/output.js';
import { lines } from '../measure/lines.js';
import { HASH_BYTES, monitorHash, secretFrom } from '../sign/keystone.js';
import { hexOption } from '../sign/values.js';

/**
 * `motte sign keystone --key DEVICE.KEY --monitor-hash HEX --measurement HEX [--data FILE] -o REPORT`: the report that
 * boot ROM and monitor of such a device would make, for emulators and for tests of verifiers.
 */
export function run({ options }: Input): Outcome {
  const output = needed(options.output, 'output');
  const enclaveHash = hexOption(options.measurement, 'measurement', HASH_BYTES);
  const hash = monitorHash(options);
  const data = options.data === undefined ? new Uint8Array(0) : readSmall(options.data);
  const device = secretFrom(options.key, 'key');
  const deviceKey = publicKeyOf(device);
  const monitor = deriveMonitorKeys(device, hash);
  device.fill(0);
  const report = signKeystoneReport({ enclaveHash, data, monitorHash: hash, monitor, deviceKey });
  monitor.secretKey.fill(0);
  verifyKeystoneReport(report, deviceKey);
  writeFile(output, report);
  const result = {
    path: output,
    enclave_hash: toHex(enclaveHash),
    data: toHex(data),
    monitor_hash: toHex(hash),
    monitor_key: toHex(monitor.publicKey),
    device_key: toHex(deviceKey),
  };
  return { result, text: lines(result) };
}
