// SPDX-License-Identifier: Apache-2.0
import { readBytes } from '@motte/binary/source';
import { parseSigstruct, sigstructText } from '@motte/sign/sgx/sigstruct';
import { sigstructChecks, verifySigstruct } from '@motte/sign/sgx/verify';
import type { Job } from './job.js';
import { failureOf } from './report.js';
import type { Failure, Part } from './report.js';

function verdict(bytes: Uint8Array): Failure | undefined {
  try {
    verifySigstruct(bytes);
    return undefined;
  } catch (error) {
    return failureOf(error);
  }
}

/**
 * What a SIGSTRUCT says and whether it is genuine, every check by itself; `mrenclave` is what its ENCLAVEHASH must
 * be. Throws SIGSTRUCT_SIZE.
 */
export function sigstructPart(bytes: Uint8Array, mrenclave?: string): Part {
  const checks = Object.entries(sigstructChecks(bytes));
  const { mrenclave: hash, mrsigner, ...rest } = sigstructText(parseSigstruct(bytes));
  const failure = verdict(bytes);
  const failed = checks.filter(([, ok]) => !ok).map(([name]) => name);
  return {
    title: 'SIGSTRUCT',
    digests: [
      { name: 'ENCLAVEHASH', hex: hash },
      { name: 'MRSIGNER', hex: mrsigner },
    ],
    facts: [
      {
        name: 'signature and fields',
        value: failed.length === 0 ? 'genuine' : `wrong: ${failed.join(', ')}`,
      },
      ...(mrenclave === undefined
        ? []
        : [{ name: 'ENCLAVEHASH is the MRENCLAVE above', value: hash === mrenclave ? 'yes' : 'no' }]),
      ...Object.entries(rest).map(([name, value]) => ({ name, value: String(value) })),
    ],
    notes: ['Whether this signer is one to trust is yours to say.'],
    ...(failure === undefined ? {} : { failure }),
  };
}

/** A SIGSTRUCT file. */
export function* sigstructParts({ image }: Job): Generator<Part> {
  yield sigstructPart(readBytes(image.source, 0, image.source.size));
}
