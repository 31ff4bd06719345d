// SPDX-License-Identifier: Apache-2.0

/** AES-256-GCM under a key of 32 bytes with a tag of 16; `@motte/sign/pef/crypto-node` has one. */
export interface Aead {
  seal(
    key: Uint8Array,
    iv: Uint8Array,
    plain: Uint8Array,
  ): { readonly ciphertext: Uint8Array; readonly mac: Uint8Array };
  /** `undefined` when the tag does not match. */
  open(key: Uint8Array, iv: Uint8Array, ciphertext: Uint8Array, mac: Uint8Array): Uint8Array | undefined;
}

/** Whom a lockbox is for. */
export interface Recipient {
  /** SHA-256 of the PEM file of the public key. */
  readonly fingerprint: Uint8Array;
  /** RSA-OAEP with SHA-256 and an empty label. */
  encrypt(key: Uint8Array): Uint8Array;
}

/** Who opens a lockbox: a key in a file, or a callback to wherever it is. */
export interface Opener {
  readonly fingerprint: Uint8Array;
  /** `undefined` when the padding is not right. */
  decrypt(encryptedKey: Uint8Array): Uint8Array | undefined;
}

/** Fresh random bytes: keys and nonces come from the caller's generator. */
export type RandomBytes = (length: number) => Uint8Array;
