// SPDX-License-Identifier: Apache-2.0
// Needs Node: RSA-OAEP, AES-256-GCM and keys in PEM by node:crypto.
import {
  constants,
  createCipheriv,
  createDecipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  privateDecrypt,
  publicEncrypt,
  randomBytes as nodeRandomBytes,
} from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { MotteError } from '@motte/binary/error';
import { newRsaPair } from '../key-pair-node.js';
import type { PemPair } from '../key-pair-node.js';
import type { Aead, Opener, RandomBytes, Recipient } from './crypto.js';
import { MAC_BYTES } from './sealed.js';

const OAEP = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' } as const;
const CIPHER = 'aes-256-gcm';
const [MIN_BITS, MAX_BITS] = [2048, 4096];

/** Random bytes of the system. */
export const randomBytes: RandomBytes = (length) => new Uint8Array(nodeRandomBytes(length));

/** AES-256-GCM by OpenSSL. */
export const aesGcm: Aead = {
  seal(key, iv, plain) {
    const cipher = createCipheriv(CIPHER, key, iv, { authTagLength: MAC_BYTES });
    const ciphertext = new Uint8Array(Buffer.concat([cipher.update(plain), cipher.final()]));
    return { ciphertext, mac: new Uint8Array(cipher.getAuthTag()) };
  },
  open(key, iv, ciphertext, mac) {
    const decipher = createDecipheriv(CIPHER, key, iv, { authTagLength: MAC_BYTES });
    decipher.setAuthTag(mac);
    const plain = decipher.update(ciphertext);
    try {
      return new Uint8Array(Buffer.concat([plain, decipher.final()]));
    } catch {
      // All that can be wrong here is the tag.
      return undefined;
    }
  },
};

function sha256(bytes: string | Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(bytes).digest());
}

function checked(read: () => KeyObject, what: string): KeyObject {
  let key: KeyObject;
  try {
    key = read();
  } catch (cause) {
    throw new MotteError('ESM_KEY', { field: 'key', expected: what, found: 'something else', cause });
  }
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (key.asymmetricKeyType !== 'rsa' || bits < MIN_BITS || bits > MAX_BITS) {
    const found = `${key.asymmetricKeyType ?? 'another key'}${bits > 0 ? ` of ${bits} bits` : ''}`;
    throw new MotteError('ESM_KEY', {
      field: 'key',
      expected: `RSA of ${MIN_BITS} to ${MAX_BITS} bits`,
      found,
    });
  }
  return key;
}

/** A new RSA-3072 key from the system's randomness: PKCS #8 and SPKI, both in PEM. Takes up to a few seconds. */
export function createPefKey(): PemPair {
  return newRsaPair(3072);
}

/** Fingerprints are of the file as it is, so that it must be the one whose digest the recipient knows. */
export function recipientFromPem(pem: Uint8Array): Recipient {
  const text = new TextDecoder('latin1').decode(pem);
  // node:crypto would make a public key of a private one, and the fingerprint would be of the secret's file.
  if (text.includes('PRIVATE KEY'))
    throw new MotteError('ESM_KEY', {
      field: 'key',
      expected: 'a public key in PEM',
      found: 'a private key',
    });
  const key = checked(() => createPublicKey({ key: text, format: 'pem' }), 'a public key in PEM');
  return {
    fingerprint: sha256(pem),
    encrypt: (secret) => new Uint8Array(publicEncrypt({ key, ...OAEP }, secret)),
  };
}

/** Opens lockboxes with a private key in PEM: its fingerprint is of its public key as OpenSSL writes it. */
export function openerFromPem(pem: string | Uint8Array, passphrase?: string): Opener {
  const input = typeof pem === 'string' ? pem : Buffer.from(pem);
  const secret = passphrase === undefined ? {} : { passphrase };
  const key = checked(
    () => createPrivateKey({ key: input, format: 'pem', ...secret }),
    'a private key in PEM, and its passphrase if it has one',
  );
  const publicPem = createPublicKey(key).export({ type: 'spki', format: 'pem' });
  return {
    fingerprint: sha256(typeof publicPem === 'string' ? publicPem : new Uint8Array(publicPem)),
    decrypt(encryptedKey) {
      try {
        return new Uint8Array(privateDecrypt({ key, ...OAEP }, encryptedKey));
      } catch {
        return undefined;
      }
    },
  };
}
