// SPDX-License-Identifier: Apache-2.0
import type { FdtNode } from '@motte/measure/pef/fdt';
import { NodeReader, textProperty } from '@motte/measure/pef/fdt-shape';

/** The blob's key, encrypted for one recipient. */
export interface Lockbox {
  /** `origin-lockbox`, or `lockbox-` and a number from 1 on; the ultravisor opens `lockbox-1`. */
  readonly name: string;
  /** SHA-256 of the PEM file of the recipient's public key. */
  readonly fingerprint: Uint8Array;
  /** RSA-OAEP with SHA-256 of the key. */
  readonly encryptedKey: Uint8Array;
  /** What the owner calls the recipient; nothing protects it. */
  readonly comment: string;
}

export const ORIGIN = 'origin-lockbox';
/** Bytes of RSA moduli from 2048 to 4096 bits. */
const [MIN_RSA, MAX_RSA] = [256, 512];
const SHA256_BYTES = 32;

/** A comment: one line. Throws the code of `node`. */
export function readComment(node: NodeReader): string {
  const comment = node.text('untrusted-comment');
  if (comment.includes('\n')) throw node.bad('untrusted-comment', 'one line', 'several');
  return comment;
}

/** The number of a lockbox's name, 0 for that of the origin; `undefined` for another name. */
export function lockboxNumber(name: string): number | undefined {
  if (name === ORIGIN) return 0;
  const digits = /^lockbox-([1-9][0-9]{0,5})$/u.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** Reads a lockbox. Throws ESM_BLOB. */
export function readLockbox(node: NodeReader): Lockbox {
  const { name } = node.node;
  node.only(['encrypted-symkey', 'untrusted-comment'], ['pubkey-fingerprint']);
  if (lockboxNumber(name) === undefined) throw node.bad('', 'origin-lockbox or lockbox-NUMBER', name);
  const encryptedKey = node.bytes('encrypted-symkey');
  if (encryptedKey.length < MIN_RSA || encryptedKey.length > MAX_RSA)
    throw node.bad('encrypted-symkey', `${MIN_RSA} to ${MAX_RSA} bytes`, encryptedKey.length);
  const fingerprint = node.child('pubkey-fingerprint').only(['hash', 'algorithm'], []);
  fingerprint.fixed('algorithm', 'SHA256');
  return {
    name,
    fingerprint: fingerprint.bytes('hash', SHA256_BYTES),
    encryptedKey,
    comment: readComment(node),
  };
}

/** The node of a lockbox, with its members in the order in which svm-tool leaves them. */
export function lockboxNode({ name, fingerprint, encryptedKey, comment }: Lockbox): FdtNode {
  const hash = [{ name: 'hash', value: fingerprint }, textProperty('algorithm', 'SHA256')];
  return {
    name,
    properties: [
      { name: 'encrypted-symkey', value: encryptedKey },
      textProperty('untrusted-comment', comment),
    ],
    nodes: [{ name: 'pubkey-fingerprint', properties: hash, nodes: [] }],
  };
}
