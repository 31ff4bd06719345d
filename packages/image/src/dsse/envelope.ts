// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import * as v from 'valibot';
import { readJson, writeJson } from '../json/canonical.js';
import { MEDIA } from '../oci/media-types.js';
import { preAuthEncoding } from './pae.js';
import type { PublicKey } from './keys.js';
import type { ImageSigner } from './signers.js';

/** A signature of an envelope, and who made it. */
export interface EnvelopeSignature {
  readonly keyid: string;
  /** Base64. */
  readonly sig: string;
}

/** A DSSE envelope. envelope.md of DSSE 1.0.2; signatures in the order of their keyid. */
export interface Envelope {
  readonly payloadType: typeof MEDIA.provenance;
  /** Base64. */
  readonly payload: string;
  readonly signatures: readonly EnvelopeSignature[];
}

const base64: v.GenericSchema<string> = v.pipe(
  v.string(),
  v.check((text) => Buffer.from(text, 'base64').toString('base64') === text, 'base64'),
);

const envelopeSchema: v.GenericSchema<Envelope> = v.strictObject({
  payloadType: v.literal(MEDIA.provenance),
  payload: base64,
  signatures: v.pipe(
    v.array(v.strictObject({ keyid: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)), sig: base64 })),
    v.minLength(1),
    v.maxLength(64),
  ),
});

const FIELD = 'DSSE envelope';

/** The envelope that `bytes` are. Throws what `readJson` throws. */
export function readEnvelope(bytes: Uint8Array): Envelope {
  return readJson(envelopeSchema, bytes, FIELD);
}

/** What is signed for a statement. */
export function signedMessage(statement: Uint8Array): Uint8Array {
  return preAuthEncoding(MEDIA.provenance, statement);
}

/** An envelope over `statement` with these signatures, one a key. */
export function writeEnvelope(statement: Uint8Array, signatures: readonly EnvelopeSignature[]): Uint8Array {
  const envelope: Envelope = {
    payloadType: MEDIA.provenance,
    payload: Buffer.from(statement).toString('base64'),
    signatures: [...signatures].sort((a, b) => (a.keyid < b.keyid ? -1 : 1)),
  };
  return writeJson(envelopeSchema, envelope, FIELD);
}

/** The signature of a statement by `signer`, checked. Throws IMAGE_SIGNATURE for a signer that signs something else. */
export function signStatement(statement: Uint8Array, signer: ImageSigner): EnvelopeSignature {
  const { key } = signer;
  const message = signedMessage(statement);
  const signature = signer.sign(message);
  if (!key.verify(message, signature))
    throw new MotteError('IMAGE_SIGNATURE', {
      field: `signature by ${key.keyid}`,
      expected: 'a genuine one',
    });
  return { keyid: key.keyid, sig: Buffer.from(signature).toString('base64') };
}

/**
 * Whether an envelope is genuine: over `statement`, a signature for each of `keys` and no other, in one order, each right.
 * Whose the keys are is for the caller to say. Throws IMAGE_ENVELOPE, IMAGE_SIGNATURE.
 */
export function verifyEnvelope(
  { payload, signatures }: Envelope,
  statement: Uint8Array,
  keys: readonly PublicKey[],
): void {
  if (payload !== Buffer.from(statement).toString('base64'))
    throw new MotteError('IMAGE_ENVELOPE', {
      field: 'payload',
      expected: 'the provenance',
      found: 'another',
    });
  const signers = signatures.map(({ keyid }) => keyid);
  const given = keys.map(({ keyid }) => keyid);
  const ordered = signers.every((keyid, i) => i === 0 || (signers[i - 1] ?? '') < keyid);
  if (!ordered || signers.join() !== given.join()) {
    throw new MotteError('IMAGE_ENVELOPE', {
      field: 'signatures',
      expected: `one by each key of the image, ascending: ${given.join(', ')}`,
      found: signers.join(', '),
    });
  }
  const message = signedMessage(statement);
  for (const [i, key] of keys.entries()) {
    if (!key.verify(message, Buffer.from(signatures[i]?.sig ?? '', 'base64')))
      throw new MotteError('IMAGE_SIGNATURE', {
        field: `signature by ${key.keyid}`,
        expected: 'a genuine one',
      });
  }
}
