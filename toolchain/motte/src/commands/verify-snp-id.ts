// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { toHex } from '@motte/binary/hex';
import { verifyP384 } from '@motte/sign/snp/ecdsa-node';
import { ID_AUTH, ID_BLOCK } from '@motte/sign/snp/id-block';
import { verifyIdBlock } from '@motte/sign/snp/verify';
import type { Input, Outcome } from '../grammar/command.js';
import { needed } from '../grammar/needed.js';
import { lines } from '../measure/lines.js';
import { idText } from '../sign/snp.js';
import { hexOption, readBinary } from '../sign/values.js';

/**
 * `motte verify snp-id --id-block F --id-auth F [--measurement HEX]`, raw or in base64: whether firmware takes them,
 * and whether they are for this launch; whose keys they are is for the reader to compare.
 */
export function run({ options }: Input): Outcome {
  const block = readBinary(needed(options['id-block'], 'id-block'), ID_BLOCK.size);
  const auth = readBinary(needed(options['id-auth'], 'id-auth'), ID_AUTH.size);
  const { ld } = verifyIdBlock(block, auth, verifyP384);
  if (options.measurement !== undefined) {
    const expected = toHex(hexOption(options.measurement, 'measurement', ld.length));
    const found = toHex(ld);
    if (found !== expected) throw new MotteError('SNP_ID_OTHER', { field: 'ld', expected, found, offset: 0 });
  }
  const result = idText(block, auth);
  return { result, text: lines({ ...result, authorKeyDigest: result.authorKeyDigest ?? 'none' }) };
}
