// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { toHex } from '@motte/binary/hex';
import { keepIgvm } from '@motte/igvm/keep';
import { igvmLaunch } from '@motte/igvm/launch';
import { IGVM_LOADERS } from '@motte/igvm/loaders';
import type { IgvmLoader } from '@motte/igvm/loaders';
import type { SnpIdentity } from '@motte/igvm/snp-id-block';
import { writeIgvm } from '@motte/igvm/write';
import { sha256 } from '@motte/measure/hash';
import { measureSnp } from '@motte/measure/snp';
import { verifyP384 } from '@motte/sign/snp/ecdsa-node';
import { ID_AUTH, ID_BLOCK, idAuth } from '@motte/sign/snp/id-block';
import { verifyIdBlock } from '@motte/sign/snp/verify';
import type { Input, Outcome } from '../grammar/command.js';
import { needed } from '../grammar/needed.js';
import type { OptionName, OptionValues } from '../grammar/options.js';
import { openOutput } from '../io/output.js';
import { prepare } from '../keep/prepare.js';
import { fixedSettings } from '../keep/settings.js';
import { igvmLoader } from '../measure/igvm.js';
import { lines } from '../measure/lines.js';
import { idBlockOf, policyOf, signerOf } from '../sign/snp.js';
import { readBinary } from '../sign/values.js';

/** What only a block that is made here can be given. */
const MADE: readonly OptionName[] = ['key', 'author-key', 'policy', 'guest-svn', 'family-id', 'image-id'];

/** The ID block of two files, which `motte sign snp` wrote; for this launch. Throws SNP_ID_OTHER, SNP_ID_*. */
function givenIdentity(options: OptionValues, digest: () => Uint8Array): SnpIdentity {
  const stray = MADE.find((name) => options[name] !== undefined);
  if (stray !== undefined)
    throw new MotteError('USAGE_VALUE', {
      field: `--${stray}`,
      expected: 'not beside --id-block',
      found: 'both',
    });
  const block = readBinary(needed(options['id-block'], 'id-block'), ID_BLOCK.size);
  const auth = readBinary(needed(options['id-auth'], 'id-auth'), ID_AUTH.size);
  const { ld } = verifyIdBlock(block, auth, verifyP384);
  const [expected, found] = [toHex(digest()), toHex(ld)];
  if (found !== expected) throw new MotteError('SNP_ID_OTHER', { field: 'ld', expected, found, offset: 0 });
  return { block, auth };
}

/** The ID block of the file, if it is to have one. */
function identityOf(options: OptionValues, digest: () => Uint8Array): SnpIdentity | undefined {
  if (options['id-block'] !== undefined || options['id-auth'] !== undefined)
    return givenIdentity(options, digest);
  const { key, 'author-key': author } = options;
  if (key === undefined) {
    const stray = MADE.find((name) => name !== 'policy' && options[name] !== undefined);
    if (stray === undefined) return undefined;
    throw new MotteError('USAGE_VALUE', {
      field: `--${stray}`,
      expected: 'it with --key',
      found: 'it alone',
    });
  }
  const block = idBlockOf(options, digest());
  const auth = idAuth(
    block,
    signerOf(key, undefined),
    author === undefined ? undefined : signerOf(author, undefined),
  );
  return { block, auth };
}

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
  const prepared = await prepare(file, options, fixedSettings(options, file), 'snp');
  try {
    const { plan, keep } = prepared;
    const bare = keepIgvm(plan, { policy: policyOf(options) });
    const digestBy = (one: IgvmLoader): Uint8Array => measureSnp(igvmLaunch(bare, one).plan);
    const identity = identityOf(options, () => digestBy(loader));
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
