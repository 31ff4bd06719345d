// SPDX-License-Identifier: Apache-2.0
import { toHex } from '@motte/binary/hex';
import type { Input, Outcome } from '../grammar/command.js';
import { lines } from '../measure/lines.js';
import { verifiedLaunch } from '../sign/sev.js';

/** `motte verify sev-launch --tik F --launch-measure F --measurement HEX --policy N --api-major N --api-minor N --build-id N` */
export function run({ options }: Input): Outcome {
  const { tik, measure, digest } = verifiedLaunch(options);
  tik.fill(0);
  const result = { measurement: toHex(digest), measure: toHex(measure) };
  return { result, text: lines(result) };
}
