// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { layout } from '@motte/binary/layout';
import type { Layout } from '@motte/binary/layout';
import { sha384 } from '@motte/measure/hash';

const SOURCE = 'AMD 56860 rev 1.58, ID Block and ID Authentication Information Structure';

export const ID_BLOCK_FIELDS = [
  { at: 0x00, name: 'ld', type: 'bytes48', doc: 'the launch digest that is expected' },
  { at: 0x30, name: 'family_id', type: 'bytes16' },
  { at: 0x40, name: 'image_id', type: 'bytes16' },
  { at: 0x50, name: 'version', type: 'u32', doc: '1' },
  { at: 0x54, name: 'guest_svn', type: 'u32' },
  { at: 0x58, name: 'policy', type: 'u64' },
] as const;

/** What the owner of a guest expects to be launched. */
export const ID_BLOCK: Layout<typeof ID_BLOCK_FIELDS> = layout(
  { name: 'ID_BLOCK', size: 96, source: SOURCE },
  ID_BLOCK_FIELDS,
);

export const EC_KEY_FIELDS = [
  { at: 0x000, name: 'curve', type: 'u32', doc: '2 P-384' },
  { at: 0x004, name: 'x', type: 'bytes72', doc: 'little-endian' },
  { at: 0x04c, name: 'y', type: 'bytes72' },
  { at: 0x094, name: 'reserved_094', type: 'bytes880' },
] as const;

/** A public key as firmware reads it, and whose SHA-384 is in the attestation report. */
export const EC_KEY: Layout<typeof EC_KEY_FIELDS> = layout(
  { name: 'ECDSA public key', size: 1028, source: SOURCE },
  EC_KEY_FIELDS,
);

export const EC_SIGNATURE_FIELDS = [
  { at: 0x00, name: 'r', type: 'bytes72', doc: 'little-endian' },
  { at: 0x48, name: 's', type: 'bytes72' },
  { at: 0x90, name: 'reserved_090', type: 'bytes368' },
] as const;

/** A signature as firmware reads it. */
export const EC_SIGNATURE: Layout<typeof EC_SIGNATURE_FIELDS> = layout(
  { name: 'ECDSA signature', size: 512, source: SOURCE },
  EC_SIGNATURE_FIELDS,
);

export const ID_AUTH_FIELDS = [
  { at: 0x000, name: 'id_key_algo', type: 'u32', doc: '1 ECDSA P-384 with SHA-384' },
  { at: 0x004, name: 'auth_key_algo', type: 'u32', doc: 'as id_key_algo; 0 without an author key' },
  { at: 0x008, name: 'reserved_008', type: 'bytes56' },
  { at: 0x040, name: 'id_block_sig', type: 'bytes512', doc: 'by the ID key, over the ID block' },
  { at: 0x240, name: 'id_key', type: 'bytes1028' },
  { at: 0x644, name: 'reserved_644', type: 'bytes60' },
  { at: 0x680, name: 'id_key_sig', type: 'bytes512', doc: 'by the author key, over id_key' },
  { at: 0x880, name: 'author_key', type: 'bytes1028' },
  { at: 0xc84, name: 'reserved_c84', type: 'bytes892' },
] as const;

/** Who vouches for an ID block. */
export const ID_AUTH: Layout<typeof ID_AUTH_FIELDS> = layout(
  { name: 'ID_AUTH', size: 4096, source: SOURCE },
  ID_AUTH_FIELDS,
);

/** Bytes of a coordinate, or of half a signature. */
export const P384_BYTES = 48;
/** EC_KEY.curve. */
export const CURVE_P384 = 2;
/** ID_AUTH.id_key_algo. */
export const ALGO_ECDSA_P384 = 1;
const FIELD_BYTES = 72;

/** A key or signature as two numbers, big-endian, 48 bytes each, one after the other. */
export type P384Pair = Uint8Array;

function littleEndian(half: Uint8Array): Uint8Array {
  const out = new Uint8Array(FIELD_BYTES);
  out.set(half.toReversed());
  return out;
}

function halves(pair: P384Pair, field: string): [Uint8Array, Uint8Array] {
  if (pair.length !== 2 * P384_BYTES) {
    const expected = `${2 * P384_BYTES} bytes, big-endian`;
    throw new MotteError('SNP_ID', { field, expected, found: pair.length });
  }
  return [littleEndian(pair.subarray(0, P384_BYTES)), littleEndian(pair.subarray(P384_BYTES))];
}

/** The structure of a public key x || y. Throws SNP_ID. */
export function publicKeyBytes(point: P384Pair): Uint8Array {
  const [x, y] = halves(point, 'public key');
  return EC_KEY.write({ curve: CURVE_P384, x, y });
}

/** The structure of a signature r || s. Throws SNP_ID. */
export function signatureBytes(signature: P384Pair): Uint8Array {
  const [r, s] = halves(signature, 'signature');
  return EC_SIGNATURE.write({ r, s });
}

/** ID_KEY_DIGEST or AUTHOR_KEY_DIGEST of a report: SHA-384 of the key's structure. */
export function snpKeyDigest(key: Uint8Array): Uint8Array {
  return new Uint8Array(sha384(key));
}

/** What an ID block states. */
export interface IdBlockInput {
  readonly launchDigest: Uint8Array;
  readonly familyId?: Uint8Array;
  readonly imageId?: Uint8Array;
  readonly guestSvn: number;
  readonly policy: bigint;
}

/** An ID block. Throws STRUCT_VALUE for what does not fit. */
export function idBlock(input: IdBlockInput): Uint8Array {
  return ID_BLOCK.write({
    ld: input.launchDigest,
    ...(input.familyId === undefined ? {} : { family_id: input.familyId }),
    ...(input.imageId === undefined ? {} : { image_id: input.imageId }),
    version: 1,
    guest_svn: input.guestSvn,
    policy: input.policy,
  });
}

/** Whoever holds a P-384 key: a PEM file (`@motte/sign/snp/ecdsa-node`), an HSM, a service. */
export interface SnpSigner {
  /** x || y. */
  readonly publicKey: P384Pair;
  /** ECDSA with SHA-384 of `message`: r || s. */
  sign(message: Uint8Array): P384Pair;
}

/** An ID block and its authentication as firmware takes them. */
export interface SnpIdentity {
  readonly block: Uint8Array;
  readonly auth: Uint8Array;
}

/** The ID authentication structure of an ID block; without an author key the ID key stands alone. Throws SNP_ID. */
export function idAuth(block: Uint8Array, idKey: SnpSigner, authorKey?: SnpSigner): Uint8Array {
  const key = publicKeyBytes(idKey.publicKey);
  const author =
    authorKey === undefined
      ? {}
      : {
          auth_key_algo: ALGO_ECDSA_P384,
          id_key_sig: signatureBytes(authorKey.sign(key)),
          author_key: publicKeyBytes(authorKey.publicKey),
        };
  return ID_AUTH.write({
    id_key_algo: ALGO_ECDSA_P384,
    id_block_sig: signatureBytes(idKey.sign(block)),
    id_key: key,
    ...author,
  });
}
