// SPDX-License-Identifier: Apache-2.0
import { toHex } from '@motte/binary/hex';
import { p384FromPem, snpSignerFromPem, snpSignerOf } from '@motte/sign/snp/ecdsa-node';
import { ID_AUTH, ID_BLOCK, idBlock, snpKeyDigest } from '@motte/sign/snp/id-block';
import type { SnpSigner } from '@motte/sign/snp/id-block';
import { readP384Signature } from '@motte/sign/snp/signature';
import { isAuthored } from '@motte/sign/snp/verify';
import type { OptionValues } from '../grammar/options.js';
import { readSmall } from '../io/file.js';
import { hexOption, numberOption } from './values.js';

/** QEMU's default: SMT is allowed, and the bit that must be one. */
const POLICY = '0x30000';

/** The guest's policy that the options ask for. */
export function policyOf({ policy = POLICY }: OptionValues): bigint {
  return numberOption(policy, 'policy', 64);
}

/** The ID block that the options describe, of the launch that they name unless another is given. */
export function idBlockOf(options: OptionValues, launchDigest?: Uint8Array): Uint8Array {
  const { 'family-id': family, 'image-id': image } = options;
  return idBlock({
    launchDigest: launchDigest ?? hexOption(options.measurement, 'measurement', 48),
    ...(family === undefined ? {} : { familyId: hexOption(family, 'family-id', 16) }),
    ...(image === undefined ? {} : { imageId: hexOption(image, 'image-id', 16) }),
    guestSvn: Number(numberOption(options['guest-svn'] ?? '0', 'guest-svn', 32)),
    policy: policyOf(options),
  });
}

/** The holder of the key in `path`: the file itself, or whoever made the signature in `signaturePath` with it. */
export function signerOf(path: string, signaturePath: string | undefined): SnpSigner {
  if (signaturePath === undefined) return snpSignerFromPem(readSmall(path));
  return snpSignerOf(
    p384FromPem(readSmall(path)),
    readP384Signature(readSmall(signaturePath)),
    signaturePath,
  );
}

/** What an ID block and its authentication say. */
export interface IdText {
  readonly measurement: string;
  readonly familyId: string;
  readonly imageId: string;
  readonly version: number;
  readonly guestSvn: number;
  readonly policy: string;
  readonly idKeyDigest: string;
  /** `null` when nobody stands behind the ID key. */
  readonly authorKeyDigest: string | null;
}

/** An ID block and its authentication for people. */
export function idText(block: Uint8Array, auth: Uint8Array): IdText {
  const values = ID_BLOCK.read(block);
  const keys = ID_AUTH.read(auth);
  const digest = (key: Uint8Array): string => toHex(snpKeyDigest(key));
  return {
    measurement: toHex(values.ld),
    familyId: toHex(values.family_id),
    imageId: toHex(values.image_id),
    version: values.version,
    guestSvn: values.guest_svn,
    policy: `0x${values.policy.toString(16)}`,
    idKeyDigest: digest(keys.id_key),
    authorKeyDigest: isAuthored(keys) ? digest(keys.author_key) : null,
  };
}
