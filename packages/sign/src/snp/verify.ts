// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { fieldSize, isReserved } from '@motte/binary/layout';
import type { LayoutValues } from '@motte/binary/layout';
import {
  ALGO_ECDSA_P384,
  CURVE_P384,
  EC_KEY,
  EC_SIGNATURE,
  ID_AUTH,
  ID_BLOCK,
  P384_BYTES,
} from './id-block.js';
import type { ID_AUTH_FIELDS, ID_BLOCK_FIELDS, P384Pair } from './id-block.js';

/** ECDSA P-384 with SHA-384; false for a key that is no point of the curve. `@motte/sign/snp/ecdsa-node` has one. */
export type VerifyP384 = (publicKey: P384Pair, message: Uint8Array, signature: P384Pair) => boolean;

/** What is looked at, in this order. */
export type IdCheck =
  | 'version'
  | 'algo'
  | 'reserved'
  | 'curve'
  | 'reserved-in-key-or-sig'
  | 'id_block signature'
  | 'id_key signature';

/** A check that fails, and where: in the ID block for `version`, else in the authentication. */
export interface IdFailure {
  readonly check: IdCheck;
  readonly offset: number;
  readonly expected: string | number;
  /** What is there, unless that is a whole signature. */
  readonly found?: string | number;
}

/** What is wrong with an ID block and its authentication, or that nothing is. */
export interface IdVerdict {
  /** The first check that fails. */
  readonly failed: IdCheck | undefined;
  readonly failure: IdFailure | undefined;
  readonly block: LayoutValues<typeof ID_BLOCK_FIELDS>;
}

type Auth = LayoutValues<typeof ID_AUTH_FIELDS>;

/** Whether an author key stands behind the ID key. */
export function isAuthored({ auth_key_algo: algo, author_key: key, id_key_sig: signature }: Auth): boolean {
  return algo !== 0 || [...key, ...signature].some((byte) => byte !== 0);
}

function pair(first: Uint8Array, second: Uint8Array): P384Pair {
  const big = (half: Uint8Array): Uint8Array => half.subarray(0, P384_BYTES).toReversed();
  return new Uint8Array([...big(first), ...big(second)]);
}

function nonZero(check: IdCheck, bytes: Uint8Array, from: number, to: number): IdFailure | undefined {
  const at = bytes.subarray(from, to).findIndex((byte) => byte !== 0);
  if (at < 0) return undefined;
  const found = `byte 0x${(bytes[from + at] ?? 0).toString(16).padStart(2, '0')}`;
  return { check, offset: from + at, expected: 'zero', found };
}

/** The ranges of ID_AUTH in which a key and a signature have only padding. */
function padding(key: 'id_key' | 'author_key', signature: 'id_block_sig' | 'id_key_sig'): [number, number][] {
  const [k, s] = [ID_AUTH.offsetOf(key), ID_AUTH.offsetOf(signature)];
  const [x, y, r] = [EC_KEY.offsetOf('x'), EC_KEY.offsetOf('y'), EC_SIGNATURE.offsetOf('r')];
  return [
    [k + x + P384_BYTES, k + y],
    [k + y + P384_BYTES, k + EC_KEY.size],
    [s + r + P384_BYTES, s + EC_SIGNATURE.offsetOf('s')],
    [s + EC_SIGNATURE.offsetOf('s') + P384_BYTES, s + EC_SIGNATURE.size],
  ];
}

function checkSignature(
  auth: Auth,
  [key, signature]: readonly ['id_key' | 'author_key', 'id_block_sig' | 'id_key_sig'],
  message: Uint8Array,
  verify: VerifyP384,
): IdFailure | undefined {
  const { x, y } = EC_KEY.read(auth[key]);
  const { r, s } = EC_SIGNATURE.read(auth[signature]);
  if (verify(pair(x, y), message, pair(r, s))) return undefined;
  return {
    check: signature === 'id_block_sig' ? 'id_block signature' : 'id_key signature',
    offset: ID_AUTH.offsetOf(signature),
    expected: `a signature by ${key} over ${signature === 'id_block_sig' ? 'the ID block' : 'id_key'}`,
  };
}

const ID_KEY = ['id_key', 'id_block_sig'] as const;
const AUTHOR_KEY = ['author_key', 'id_key_sig'] as const;

function firstFailure(block: Uint8Array, bytes: Uint8Array, verify: VerifyP384): IdFailure | undefined {
  const auth = ID_AUTH.read(bytes);
  const pairs = isAuthored(auth) ? [ID_KEY, AUTHOR_KEY] : [ID_KEY];
  const { version } = ID_BLOCK.read(block);
  if (version !== 1)
    return { check: 'version', offset: ID_BLOCK.offsetOf('version'), expected: 1, found: version };
  for (const [key] of pairs) {
    const name = key === 'id_key' ? 'id_key_algo' : 'auth_key_algo';
    const found = auth[name];
    if (found !== ALGO_ECDSA_P384)
      return { check: 'algo', offset: ID_AUTH.offsetOf(name), expected: ALGO_ECDSA_P384, found };
  }
  for (const field of ID_AUTH.fields.filter(isReserved)) {
    const failure = nonZero('reserved', bytes, field.at, field.at + fieldSize(field.type));
    if (failure !== undefined) return failure;
  }
  for (const [key] of pairs) {
    const { curve: found } = EC_KEY.read(auth[key]);
    if (found !== CURVE_P384)
      return { check: 'curve', offset: ID_AUTH.offsetOf(key), expected: CURVE_P384, found };
  }
  for (const [from, to] of pairs.flatMap(([key, signature]) => padding(key, signature))) {
    const failure = nonZero('reserved-in-key-or-sig', bytes, from, to);
    if (failure !== undefined) return failure;
  }
  const failure = checkSignature(auth, ID_KEY, block, verify);
  if (failure !== undefined || !isAuthored(auth)) return failure;
  return checkSignature(auth, AUTHOR_KEY, auth.id_key, verify);
}

/** Looks at an ID block and its authentication as firmware does at SNP_LAUNCH_FINISH. Throws SNP_ID for other sizes. */
export function checkIdBlock(block: Uint8Array, auth: Uint8Array, verify: VerifyP384): IdVerdict {
  for (const [bytes, shape] of [
    [block, ID_BLOCK],
    [auth, ID_AUTH],
  ] as const) {
    if (bytes.length !== shape.size)
      throw new MotteError('SNP_ID', {
        field: shape.name,
        expected: `${shape.size} bytes`,
        found: bytes.length,
      });
  }
  const failure = firstFailure(block, auth, verify);
  return { failed: failure?.check, failure, block: ID_BLOCK.read(block) };
}

/**
 * As `checkIdBlock`, and throws SNP_ID for a size, else SNP_ID_SIGNATURE or SNP_ID_REFUSED, whose field is the
 * check that failed.
 */
export function verifyIdBlock(block: Uint8Array, auth: Uint8Array, verify: VerifyP384): IdVerdict['block'] {
  const { failure, block: values } = checkIdBlock(block, auth, verify);
  if (failure === undefined) return values;
  const { check, ...where } = failure;
  throw new MotteError(check.endsWith('signature') ? 'SNP_ID_SIGNATURE' : 'SNP_ID_REFUSED', {
    field: check,
    ...where,
  });
}
