// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { layout } from '@motte/binary/layout';
import type { Layout, LayoutValues } from '@motte/binary/layout';
import { EC_KEY, EC_SIGNATURE, ID_AUTH, ID_BLOCK } from '@motte/sign/snp/id-block';
import type { SnpIdentity } from '@motte/sign/snp/id-block';
import { isAuthored } from '@motte/sign/snp/verify';
import { IGVM_SOURCE } from './fixed-header.js';

export const SIGNATURE_FIELDS = [
  { at: 0x00, name: 'r', type: 'bytes72', doc: 'little-endian' },
  { at: 0x48, name: 's', type: 'bytes72' },
] as const;

const SIGNATURE: Layout<typeof SIGNATURE_FIELDS> = layout(
  { name: 'SNP_ID_BLOCK_SIGNATURE', size: 0x90, source: IGVM_SOURCE },
  SIGNATURE_FIELDS,
);

export const PUBLIC_KEY_FIELDS = [
  { at: 0x00, name: 'curve', type: 'u32' },
  { at: 0x04, name: 'reserved_004', type: 'bytes4', doc: 'which firmware’s own structure does not have' },
  { at: 0x08, name: 'x', type: 'bytes72', doc: 'little-endian' },
  { at: 0x50, name: 'y', type: 'bytes72' },
] as const;

const PUBLIC_KEY: Layout<typeof PUBLIC_KEY_FIELDS> = layout(
  { name: 'SNP_ID_BLOCK_PUBLIC_KEY', size: 0x98, source: IGVM_SOURCE },
  PUBLIC_KEY_FIELDS,
);

export const SNP_ID_BLOCK_FIELDS = [
  { at: 0x000, name: 'compatibility_mask', type: 'u32' },
  { at: 0x004, name: 'author_key_enabled', type: 'u8', doc: '1 with an author key' },
  { at: 0x005, name: 'reserved_005', type: 'bytes3' },
  { at: 0x008, name: 'ld', type: 'bytes48' },
  { at: 0x038, name: 'family_id', type: 'bytes16' },
  { at: 0x048, name: 'image_id', type: 'bytes16' },
  { at: 0x058, name: 'version', type: 'u32' },
  { at: 0x05c, name: 'guest_svn', type: 'u32' },
  { at: 0x060, name: 'id_key_algorithm', type: 'u32' },
  { at: 0x064, name: 'author_key_algorithm', type: 'u32' },
  { at: 0x068, name: 'id_key_signature', type: 'bytes144' },
  { at: 0x0f8, name: 'id_public_key', type: 'bytes152' },
  { at: 0x190, name: 'author_key_signature', type: 'bytes144' },
  { at: 0x220, name: 'author_public_key', type: 'bytes152' },
] as const;

/** ID block and ID authentication without their padding; the policy is GUEST_POLICY's. */
export const SNP_ID_BLOCK: Layout<typeof SNP_ID_BLOCK_FIELDS> = layout(
  { name: 'SNP_ID_BLOCK', size: 0x2b8, source: IGVM_SOURCE },
  SNP_ID_BLOCK_FIELDS,
);

export type SnpIdBlockValues = LayoutValues<typeof SNP_ID_BLOCK_FIELDS>;

const signatureOut = (bytes: Uint8Array): Uint8Array => {
  const { r, s } = EC_SIGNATURE.read(bytes);
  return SIGNATURE.write({ r, s });
};

const keyOut = (bytes: Uint8Array): Uint8Array => {
  const { curve, x, y } = EC_KEY.read(bytes);
  return PUBLIC_KEY.write({ curve, x, y });
};

/** What an IGVM file carries of an ID block and its authentication, whose padding must be zero: verify them before. */
export function igvmIdBlock({ block, auth }: SnpIdentity, mask: number): SnpIdBlockValues {
  const id = ID_BLOCK.read(block);
  const keys = ID_AUTH.read(auth);
  return {
    compatibility_mask: mask,
    author_key_enabled: isAuthored(keys) ? 1 : 0,
    reserved_005: new Uint8Array(3),
    ld: id.ld,
    family_id: id.family_id,
    image_id: id.image_id,
    version: id.version,
    guest_svn: id.guest_svn,
    id_key_algorithm: keys.id_key_algo,
    author_key_algorithm: keys.auth_key_algo,
    id_key_signature: signatureOut(keys.id_block_sig),
    id_public_key: keyOut(keys.id_key),
    author_key_signature: signatureOut(keys.id_key_sig),
    author_public_key: keyOut(keys.author_key),
  };
}

const signatureIn = (bytes: Uint8Array): Uint8Array => EC_SIGNATURE.write(SIGNATURE.read(bytes));

const keyIn = (bytes: Uint8Array, at: number): Uint8Array => {
  const { curve, x, y } = PUBLIC_KEY.readStrict(bytes, 0, at);
  return EC_KEY.write({ curve, x, y });
};

/**
 * The structures that a loader gives to firmware; `at` is where the header's values lie in the file. An author key is
 * handed on only when the file says so, whatever its other fields hold, which must be zero then: an algorithm without a
 * key would make firmware look for one. Throws IGVM_FORMAT, STRUCT_RESERVED.
 */
export function snpIdentity(values: SnpIdBlockValues, policy: bigint, at: number): SnpIdentity {
  const enabled = values.author_key_enabled;
  const where = (name: keyof SnpIdBlockValues): number => at + SNP_ID_BLOCK.offsetOf(name);
  if (enabled > 1)
    throw new MotteError('IGVM_FORMAT', {
      field: 'SNP_ID_BLOCK.author_key_enabled',
      expected: '0 or 1',
      found: enabled,
      offset: where('author_key_enabled'),
    });
  if (enabled === 0) {
    for (const name of ['author_key_signature', 'author_public_key'] as const) {
      const first = values[name].findIndex((byte) => byte !== 0);
      if (first !== -1)
        throw new MotteError('IGVM_FORMAT', {
          field: `SNP_ID_BLOCK.${name}`,
          expected: 'zero without an author key',
          found: values[name][first] ?? 0,
          offset: where(name) + first,
        });
    }
  }
  const { ld, family_id, image_id, version, guest_svn } = values;
  return {
    block: ID_BLOCK.write({ ld, family_id, image_id, version, guest_svn, policy }),
    auth: ID_AUTH.write({
      id_key_algo: values.id_key_algorithm,
      // igvmmeasure writes an algorithm also where there is no author key.
      auth_key_algo: enabled === 0 ? 0 : values.author_key_algorithm,
      id_block_sig: signatureIn(values.id_key_signature),
      id_key: keyIn(values.id_public_key, where('id_public_key')),
      id_key_sig: signatureIn(values.author_key_signature),
      author_key: keyIn(values.author_public_key, where('author_public_key')),
    }),
  };
}
