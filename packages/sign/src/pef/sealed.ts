// SPDX-License-Identifier: Apache-2.0
import type { FdtNode } from '@motte/measure/pef/fdt';
import { textProperty } from '@motte/measure/pef/fdt-shape';
import type { NodeReader } from '@motte/measure/pef/fdt-shape';
import { readComment } from './lockbox.js';

/** Something that AES-256-GCM seals under the blob's key. */
export interface Sealed {
  readonly name: string;
  readonly iv: Uint8Array;
  readonly mac: Uint8Array;
  readonly ciphertext: Uint8Array;
  /** Not protected. */
  readonly comment: string;
}

export const ALGORITHM = 'AES256-GCM';
/** svm-tool's nonces have 16 bytes, not the 12 that are usual with GCM. */
export const IV_BYTES = 16;
export const MAC_BYTES = 16;

/** Reads a sealed node. Throws ESM_BLOB. */
export function readSealed(node: NodeReader): Sealed {
  node.only(['mac', 'iv', 'ciphertext', 'untrusted-comment', 'algorithm'], []);
  node.fixed('algorithm', ALGORITHM);
  return {
    name: node.node.name,
    iv: node.bytes('iv', IV_BYTES),
    mac: node.bytes('mac', MAC_BYTES),
    ciphertext: node.bytes('ciphertext'),
    comment: readComment(node),
  };
}

/** The node of something sealed, with its members in the order in which svm-tool leaves them. */
export function sealedNode({ name, iv, mac, ciphertext, comment }: Sealed): FdtNode {
  return {
    name,
    properties: [
      { name: 'mac', value: mac },
      { name: 'iv', value: iv },
      { name: 'ciphertext', value: ciphertext },
      textProperty('untrusted-comment', comment),
      textProperty('algorithm', ALGORITHM),
    ],
    nodes: [],
  };
}
