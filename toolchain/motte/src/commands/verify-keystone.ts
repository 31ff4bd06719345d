// SPDX-License-Identifier: Apache-2.0
import { fromHex, toHex } from '@motte/binary/hex';
import { verifyKeystoneReport } from '@motte/sign/keystone/report';
import type { Input, Outcome } from '../grammar/command.js';
import { needed } from '../grammar/needed.js';
import { readSmall } from '../io/file.js';
import { lines } from '../measure/lines.js';

/** `motte verify keystone FILE --device-key HEX|FILE`: genuine or not; whether to accept the hashes is for the reader. */
export function run({ options, words: [file = ''] }: Input): Outcome {
  const given = needed(options['device-key'], 'device-key');
  const deviceKey = /^[0-9a-f]{64}$/iu.test(given) ? fromHex(given) : readSmall(given);
  const report = verifyKeystoneReport(readSmall(file), deviceKey);
  const result = {
    enclave_hash: toHex(report.enclave_hash),
    data: toHex(report.data),
    monitor_hash: toHex(report.monitor_hash),
    monitor_key: toHex(report.monitor_key),
  };
  return { result, text: lines(result) };
}
