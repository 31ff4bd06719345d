// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import type { Input, Outcome } from '../grammar/command.js';
import { faultingOf, faultLine } from '../keep/faulting.js';
import { prepare } from '../keep/prepare.js';
import { fixedSettings } from '../keep/settings.js';

/** `motte lint FILE` */
export async function run({ options, words: [file = ''] }: Input): Promise<Outcome> {
  const prepared = await prepare(file, options, fixedSettings(options, file));
  try {
    const found = faultingOf(prepared);
    if (found === undefined)
      throw new MotteError('FILE_KIND', {
        field: file,
        expected: 'a program or an image',
        found: prepared.kind,
      });
    const instructions = found.map(({ address, symbol, name, served }) => ({
      address: `0x${address.toString(16)}`,
      symbol: symbol ?? null,
      name,
      served,
    }));
    const text = found.map((one) => `${faultLine(one)}\n`).join('');
    return { result: { sgx: prepared.config.sgx.version, instructions }, text };
  } finally {
    prepared.close();
  }
}
