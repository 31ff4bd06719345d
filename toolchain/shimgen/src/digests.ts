// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { PIN } from './pin.js';
import type { ShimStamp } from './stamp.js';

/** The released digest of a variant of the shim, by the pinned compiler. */
export interface ReleasedDigest {
  readonly variant: string;
  /** Package and version of the compiler: `gcc-12_12.2.0-14+deb12u1`. */
  readonly compiler: string;
  readonly sha256: string;
}

/** How shims/DIGESTS names the pinned compiler. */
export const PINNED_COMPILER: string = `${PIN.compiler}_${PIN.compilerVersion}`;

const LINE = /^(\S+) (\S+) ([0-9a-f]{64})$/;

/** The lines of shims/DIGESTS; `#` begins a comment. Throws SHIM_DIGEST for a malformed line. */
export function parseDigests(text: string): ReleasedDigest[] {
  return text.split('\n').flatMap((line, i) => {
    if (line === '' || line.startsWith('#')) return [];
    const [, variant, compiler, sha256] = LINE.exec(line) ?? [];
    if (variant === undefined || compiler === undefined || sha256 === undefined) {
      const expected = 'VARIANT COMPILER SHA-256';
      throw new MotteError('SHIM_DIGEST', { field: `shims/DIGESTS line ${i + 1}`, expected, found: line });
    }
    return [{ variant, compiler, sha256 }];
  });
}

/** shims/DIGESTS with these lines. */
export function formatDigests(digests: readonly ReleasedDigest[]): string {
  return [
    '# SHA-256 of each shim.elf as the pinned compiler builds it (docs/adr/0002-compiler-pin.md).',
    '# Written by `node scripts/build-shims.mjs --update`, compared by --check.',
    ...digests.map(({ variant, compiler, sha256 }) => `${variant} ${compiler} ${sha256}`),
    '',
  ].join('\n');
}

/** The outcome of comparing a shim with its released digest. */
export type DigestCheck = { readonly compared: true } | { readonly compared: false; readonly why: string };

/**
 * Compares a shim with what shims/DIGESTS says. A shim by another compiler than the pinned one is not compared, and
 * the answer says why. Throws SHIM_DIGEST when it differs, or when the variant is not listed.
 */
export function checkDigest(
  variant: string,
  stamp: Pick<ShimStamp, 'sha256' | 'provenance'>,
  released: readonly ReleasedDigest[],
): DigestCheck {
  if (stamp.provenance.compiler === 'unpinned') {
    return { compared: false, why: `built with ${stamp.provenance.version}, pinned is ${PINNED_COMPILER}` };
  }
  const line = released.find((one) => one.variant === variant && one.compiler === PINNED_COMPILER);
  if (line?.sha256 !== stamp.sha256) {
    throw new MotteError('SHIM_DIGEST', {
      field: variant,
      expected: line?.sha256 ?? `a line for ${variant} by ${PINNED_COMPILER}`,
      found: stamp.sha256,
    });
  }
  return { compared: true };
}
