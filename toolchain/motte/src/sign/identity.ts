// SPDX-License-Identifier: Apache-2.0
// An ID block and its authentication, as the options of a command ask for them.
import { MotteError } from '@motte/binary/error';
import { toHex } from '@motte/binary/hex';
import { verifyP384 } from '@motte/sign/snp/ecdsa-node';
import { ID_AUTH, ID_BLOCK, idAuth } from '@motte/sign/snp/id-block';
import type { SnpIdentity } from '@motte/sign/snp/id-block';
import { verifyIdBlock } from '@motte/sign/snp/verify';
import { needed } from '../grammar/needed.js';
import type { OptionName, OptionValues } from '../grammar/options.js';
import { idBlockOf, signerOf } from './snp.js';
import { readBinary } from './values.js';

/** Makes the ID block for a launch digest, which is asked for only then. Throws SNP_ID_OTHER, SNP_ID_*. */
export type Identifier = (digest: () => Uint8Array) => SnpIdentity;

/** What only a block that is made here can be given, beside its key. */
const MADE: readonly OptionName[] = ['author-key', 'policy', 'guest-svn', 'family-id', 'image-id'];

/** The ID block of two files, which `motte sign snp` wrote. */
function given(options: OptionValues): Identifier {
  const block = readBinary(needed(options['id-block'], 'id-block'), ID_BLOCK.size);
  const auth = readBinary(needed(options['id-auth'], 'id-auth'), ID_AUTH.size);
  const { ld } = verifyIdBlock(block, auth, verifyP384);
  return (digest) => {
    const [expected, found] = [toHex(digest()), toHex(ld)];
    if (found !== expected) throw new MotteError('SNP_ID_OTHER', { field: 'ld', expected, found, offset: 0 });
    return { block, auth };
  };
}

/**
 * Who makes the ID block that the options ask for, if they do: --id-block and --id-auth, else the key of `--KEY`. `alone` are
 * options that mean something without it. Throws USAGE_VALUE, SIGN_KEY, SNP_ID_*.
 */
export function identifierOf(
  options: OptionValues,
  key: 'key' | 'id-key',
  alone: readonly OptionName[] = [],
): Identifier | undefined {
  const refuse = (name: OptionName, expected: string, found: string): never => {
    throw new MotteError('USAGE_VALUE', { field: `--${name}`, expected, found });
  };
  const id = options[key];
  if (options['id-block'] !== undefined || options['id-auth'] !== undefined) {
    const names: readonly OptionName[] = [key, ...MADE];
    const stray = names.find((name) => options[name] !== undefined);
    return stray === undefined ? given(options) : refuse(stray, 'not beside --id-block', 'both');
  }
  if (id === undefined) {
    const stray = MADE.find((name) => !alone.includes(name) && options[name] !== undefined);
    return stray === undefined ? undefined : refuse(stray, `it with --${key}`, 'it alone');
  }
  const author = options['author-key'];
  const idKey = signerOf(id, undefined);
  const authorKey = author === undefined ? undefined : signerOf(author, undefined);
  return (digest) => {
    const block = idBlockOf(options, digest());
    return { block, auth: idAuth(block, idKey, authorKey) };
  };
}
