// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { readFdt } from '@motte/measure/pef/fdt-read';
import { NodeReader, textProperty } from '@motte/measure/pef/fdt-shape';
import { writeFdt } from '@motte/measure/pef/fdt-write';
import { lockboxNode, lockboxNumber, ORIGIN, readLockbox } from './lockbox.js';
import type { Lockbox } from './lockbox.js';
import { readSealed, sealedNode } from './sealed.js';
import type { Sealed } from './sealed.js';

/** An ESM blob: what the ultravisor needs to make a secure VM of a normal one. open-power/svm-tools ac4e8b6. */
export interface EsmBlob {
  /** In the order of the file: the newest first, that of the origin last. */
  readonly lockboxes: readonly Lockbox[];
  /** The digests of what the VM boots; a blob that was not finished has none. */
  readonly digests?: Sealed;
  /** Files that the VM asks the ultravisor for, the newest first. */
  readonly files: readonly Sealed[];
}

/** What the node of the digests is called. */
export const DIGESTS = 'digests-fdt';

/** Names of properties in the order in which svm-tool first uses them. */
const STRINGS = [
  'compatible',
  'untrusted-comment',
  'encrypted-symkey',
  'algorithm',
  'hash',
  'ciphertext',
  'iv',
  'mac',
  'files-fdt',
] as const;
const FILE_STRINGS = ['compatible', 'algorithm', 'untrusted-comment', 'ciphertext', 'iv', 'mac'] as const;

function readLockboxes(node: NodeReader): Lockbox[] {
  const lockboxes = node.children().map(readLockbox);
  if (!lockboxes.some(({ name }) => name === ORIGIN)) throw node.bad(ORIGIN, 'a node', 'none');
  return lockboxes;
}

function readFiles(node: NodeReader): Sealed[] {
  node.only(['files-fdt'], []);
  if (node.node.properties.length === 0) return [];
  const path = `${node.path}/files-fdt`;
  const root = new NodeReader(readFdt(node.bytes('files-fdt')).root, path, node.code);
  root.only(['compatible'], ['files']).fixed('compatible', 'ibm,esm-file');
  return root.child('files').children().map(readSealed);
}

/** Reads an ESM blob: strictly, each member and no other. Nothing in it is believed yet. Throws FDT or ESM_BLOB. */
export function readEsmBlob(bytes: Uint8Array): EsmBlob {
  const root = new NodeReader(readFdt(bytes).root, '/', 'ESM_BLOB');
  root.only(['compatible'], ['lockboxes', 'digest', 'file']).fixed('compatible', 'ibm,esm');
  const lockboxes = readLockboxes(root.child('lockboxes'));
  const digest = root.child('digest').only([], [DIGESTS]);
  const files = readFiles(root.child('file'));
  if (digest.node.nodes.length === 0) return { lockboxes, files };
  return { lockboxes, digests: readSealed(digest.child(DIGESTS)), files };
}

function filesFdt(files: readonly Sealed[]): Uint8Array {
  const root = {
    name: '',
    properties: [textProperty('compatible', 'ibm,esm-file')],
    nodes: [{ name: 'files', properties: [], nodes: files.map(sealedNode) }],
  };
  return writeFdt({ root, strings: FILE_STRINGS });
}

/**
 * Writes an ESM blob: the bytes of svm-tool but for the padding of properties, which is zero. The caller owns it.
 * Throws ESM_BLOB or FDT.
 */
export function writeEsmBlob({ lockboxes, digests, files }: EsmBlob): Uint8Array {
  for (const { name, comment } of [...lockboxes, ...files])
    if (/[\n\0]/u.test(comment))
      throw new MotteError('ESM_BLOB', {
        field: `${name}/untrusted-comment`,
        expected: 'one line',
        found: 'several',
      });
  for (const { name } of lockboxes)
    if (lockboxNumber(name) === undefined)
      throw new MotteError('ESM_BLOB', {
        field: name,
        expected: 'origin-lockbox or lockbox-NUMBER',
        found: name,
      });
  const fileProperties = files.length === 0 ? [] : [{ name: 'files-fdt', value: filesFdt(files) }];
  const root = {
    name: '',
    properties: [textProperty('compatible', 'ibm,esm')],
    nodes: [
      { name: 'lockboxes', properties: [], nodes: lockboxes.map(lockboxNode) },
      { name: 'digest', properties: [], nodes: digests === undefined ? [] : [sealedNode(digests)] },
      { name: 'file', properties: fileProperties, nodes: [] },
    ],
  };
  const unused = digests === undefined ? ['ciphertext', 'iv', 'mac'] : [];
  if (files.length === 0) unused.push('files-fdt');
  return writeFdt({ root, strings: STRINGS.filter((name) => !unused.includes(name)) });
}
