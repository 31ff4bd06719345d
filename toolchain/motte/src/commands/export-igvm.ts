// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { toHex } from '@motte/binary/hex';
import { keepIgvm } from '@motte/igvm/keep';
import { igvmLaunch } from '@motte/igvm/launch';
import { IGVM_LOADERS } from '@motte/igvm/loaders';
import type { IgvmLoader } from '@motte/igvm/loaders';
import { writeIgvm } from '@motte/igvm/write';
import { sha256 } from '@motte/measure/hash';
import { measureSnp } from '@motte/measure/snp';
import { ID_BLOCK } from '@motte/sign/snp/id-block';
import type { Input, Outcome } from '../grammar/command.js';
import { needed } from '../grammar/needed.js';
import { openOutput } from '../io/output.js';
import { prepare } from '../keep/prepare.js';
import { fixedSettings } from '../keep/settings.js';
import { igvmLoader } from '../measure/igvm.js';
import { lines } from '../measure/lines.js';
import { identifierOf } from '../sign/identity.js';
import { policyOf } from '../sign/snp.js';

function writeParts(path: string, parts: Iterable<Uint8Array>): number {
  const output = openOutput(path);
  let size = 0;
  try {
    for (const part of parts) {
      output.write(part);
      size += part.length;
    }
    output.commit();
  } finally {
    output.abandon();
  }
  return size;
}

/**
 * `motte export igvm FILE -o OUT [--key ID.PEM [--author-key AUTHOR.PEM]] [--vmm-type LOADER]`: prints the launch digest
 * under each loader; an ID block holds under the one that is named.
 */
export async function run({ options, words: [file = ''] }: Input): Promise<Outcome> {
  const path = needed(options.output, 'output');
  if (path === '-')
    throw new MotteError('USAGE_VALUE', { field: '--output', expected: 'a path', found: 'standard output' });
  const loader = igvmLoader(options);
  const identify = identifierOf(options, 'key', ['policy']);
  const prepared = await prepare(file, options, fixedSettings(options, file), 'snp');
  try {
    const { plan, keep } = prepared;
    const bare = keepIgvm(plan, { policy: policyOf(options) });
    const digestBy = (one: IgvmLoader): Uint8Array => measureSnp(igvmLaunch(bare, one).plan);
    const identity = identify?.(() => digestBy(loader));
    const policy = identity === undefined ? policyOf(options) : ID_BLOCK.read(identity.block).policy;
    const bytes = writeParts(path, writeIgvm(keepIgvm(plan, { policy, identity })));
    const measurements = Object.fromEntries(
      Object.values(IGVM_LOADERS).map((one) => [one.name, toHex(digestBy(one))]),
    );
    const result = {
      path,
      bytes,
      policy: `0x${policy.toString(16)}`,
      // IGVM has no place for it: whoever launches the file says it.
      hostData: keep === undefined ? null : toHex(sha256(keep.config)),
      idBlock: identity === undefined ? null : loader.name,
      measurements,
    };
    return { result, text: lines(measurements) };
  } finally {
    prepared.close();
  }
}
