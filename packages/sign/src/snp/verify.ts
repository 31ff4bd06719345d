// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
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
import type { ID_BLOCK_FIELDS, P384Pair } from './id-block.js';

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

/** What is wrong with an ID block and its authentication, or that nothing is. */
export interface IdVerdict {
  /** The first check that fails. */
  readonly failed: IdCheck | undefined;
  readonly block: LayoutValues<typeof ID_BLOCK_FIELDS>;
}

function pair(first: Uint8Array, second: Uint8Array): P384Pair {
  const big = (half: Uint8Array): Uint8Array => half.subarray(0, P384_BYTES).toReversed();
  return new Uint8Array([...big(first), ...big(second)]);
}

/** Whether anything stands where a key or signature has only padding. */
function hasPadding(key: Uint8Array, signature: Uint8Array): boolean {
  const { x, y } = EC_KEY.read(key);
  const { r, s } = EC_SIGNATURE.read(signature);
  const beyond = [x, y, r, s].some((half) => half.subarray(P384_BYTES).some((byte) => byte !== 0));
  return (
    beyond || EC_KEY.nonZeroReserved(key).length > 0 || EC_SIGNATURE.nonZeroReserved(signature).length > 0
  );
}

function isSigned(key: Uint8Array, message: Uint8Array, signature: Uint8Array, verify: VerifyP384): boolean {
  const { x, y } = EC_KEY.read(key);
  const { r, s } = EC_SIGNATURE.read(signature);
  return verify(pair(x, y), message, pair(r, s));
}

function firstFailure(block: Uint8Array, auth: Uint8Array, verify: VerifyP384): IdCheck | undefined {
  const values = ID_AUTH.read(auth);
  const {
    id_key: idKey,
    author_key: authorKey,
    id_block_sig: blockSignature,
    id_key_sig: keySignature,
  } = values;
  const authored = values.auth_key_algo !== 0 || [...authorKey, ...keySignature].some((byte) => byte !== 0);
  if (ID_BLOCK.read(block).version !== 1) return 'version';
  if (values.id_key_algo !== ALGO_ECDSA_P384 || (authored && values.auth_key_algo !== ALGO_ECDSA_P384))
    return 'algo';
  if (ID_AUTH.nonZeroReserved(auth).length > 0) return 'reserved';
  const keys = authored ? [idKey, authorKey] : [idKey];
  if (keys.some((key) => EC_KEY.read(key).curve !== CURVE_P384)) return 'curve';
  if (hasPadding(idKey, blockSignature) || (authored && hasPadding(authorKey, keySignature)))
    return 'reserved-in-key-or-sig';
  if (!isSigned(idKey, block, blockSignature, verify)) return 'id_block signature';
  if (authored && !isSigned(authorKey, idKey, keySignature, verify)) return 'id_key signature';
  return undefined;
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
  return { failed: firstFailure(block, auth, verify), block: ID_BLOCK.read(block) };
}

/** As `checkIdBlock`, and throws SNP_ID (a size) or SNP_ID_REFUSED, whose field is the check that failed. */
export function verifyIdBlock(block: Uint8Array, auth: Uint8Array, verify: VerifyP384): IdVerdict['block'] {
  const verdict = checkIdBlock(block, auth, verify);
  if (verdict.failed !== undefined) throw new MotteError('SNP_ID_REFUSED', { field: verdict.failed });
  return verdict.block;
}
