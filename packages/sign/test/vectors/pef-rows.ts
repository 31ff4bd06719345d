// SPDX-License-Identifier: Apache-2.0
import { fromHex, toHex } from '@motte/binary/hex';
import { bytesSource, readBytes } from '@motte/binary/source';
import { carriedBlob, carryBlob, readCpio } from '@motte/measure/pef/cpio';
import { pefDigests, readDigests, writeDigests } from '@motte/measure/pef/digests';
import type { FdtNode } from '@motte/measure/pef/fdt';
import { readFdt } from '@motte/measure/pef/fdt-read';
import { writeFdt } from '@motte/measure/pef/fdt-write';
import { flatKernel } from '@motte/measure/pef/kernel';
import { readEsmBlob, writeEsmBlob } from '@motte/sign/pef/blob';
import { aesGcm, openerFromPem, recipientFromPem } from '@motte/sign/pef/crypto-node';
import { openEsmBlob, openLockbox, unseal } from '@motte/sign/pef/open';
import { codeAndField, codeOf } from '@motte/test-helpers/errors';
import { checkRow, object, objects, text } from './folder.js';
import type { Meta, Row, RowResult, VectorFolder } from './folder.js';
import { patched } from './keystone-rows.js';

function cleaned(node: FdtNode): FdtNode {
  const properties = node.properties.map(({ name, value }) =>
    name === 'files-fdt' ? { name, value: withoutPadding(value) } : { name, value },
  );
  return { ...node, properties, nodes: node.nodes.map(cleaned) };
}

/** The tree with zeros for padding, as in the tree within: what svm-tool leaves there is its process's memory. */
function withoutPadding(bytes: Uint8Array): Uint8Array {
  const { root, strings } = readFdt(bytes);
  return writeFdt({ root: cleaned(root), strings });
}

const SHA512_MEMBERS = ['rtas', 'kernel', 'initrd', 'bootargs'] as const;

function checkInputs(row: Row, folder: VectorFolder, vector: Meta, plain: Uint8Array): void {
  const inputs = object(vector['inputs'], 'inputs');
  const flat = flatKernel(bytesSource(folder.file(text(inputs, 'kernel'))));
  const kernel = readBytes(flat, 0, flat.size);
  row.equal('flat kernel', toHex(kernel) === toHex(folder.file(text(inputs, 'kernel_binary'))), true);
  const digests = pefDigests({
    kernel: flat,
    initrd: folder.file(text(inputs, 'initrd')),
    bootargs: text(vector, 'bootargs'),
  });
  const size = new Uint8Array(4);
  new DataView(size.buffer).setUint32(0, digests.kernelSize, false);
  const found = {
    algorithm: 'SHA512',
    'kernel-size': toHex(size),
    ...Object.fromEntries(SHA512_MEMBERS.map((name) => [name, toHex(digests[name])])),
  };
  const expected = object(vector['digests'], 'digests');
  for (const name of new Set([...Object.keys(found), ...Object.keys(expected)]))
    row.equal(`digests.${name}`, (found as Meta)[name], expected[name]);
  row.equal('digests-fdt', toHex(writeDigests(digests)), toHex(withoutPadding(plain)));
}

function checkBlob(row: Row, folder: VectorFolder, vector: Meta, keys: Meta): void {
  const file = folder.file(text(vector, 'blob'));
  row.equal('bytes', file.length, vector['bytes']);
  const blob = readEsmBlob(file);
  row.equal('written again', toHex(writeEsmBlob(blob)), toHex(withoutPadding(file)));
  const lockboxes = objects(vector['lockboxes'], 'lockboxes');
  const found = blob.lockboxes.map(({ name, fingerprint, comment }) => [name, toHex(fingerprint), comment]);
  row.equal(
    'lockboxes',
    found,
    lockboxes.map((box) => [box['node'], box['fingerprint'], box['comment']]),
  );
  for (const box of lockboxes) {
    const { fingerprint } = recipientFromPem(folder.file(text(box, 'public_key')));
    row.equal(`fingerprint of ${text(box, 'public_key')}`, toHex(fingerprint), box['fingerprint']);
  }
  row.equal('iv_bytes', blob.digests?.iv.length, vector['iv_bytes']);
  const plain = fromHex(text(vector, 'digests_fdt_plain'));
  for (const name of vector['opened_by'] as string[]) {
    const opener = openerFromPem(folder.file(name));
    const publicKey = recipientFromPem(folder.file(text(keys, name)));
    row.equal(`fingerprint by ${name}`, toHex(opener.fingerprint), toHex(publicKey.fingerprint));
    const key = openLockbox(blob, opener);
    row.equal(`symkey by ${name}`, toHex(key), vector['symkey']);
    if (blob.digests === undefined) row.fail('no digests');
    else row.equal('digests_fdt_plain', toHex(unseal(blob.digests, key, aesGcm)), toHex(plain));
    const opened = openEsmBlob(blob, opener, aesGcm);
    row.equal('opened digests', opened.digests, readDigests(plain));
    const files = Object.entries(object(vector['files'], 'files')).map(([file_, stored]) => [
      file_,
      toHex(folder.file(String(stored))),
    ]);
    row.equal(
      'files',
      opened.files.map(({ name: n, content }) => [n, toHex(content)]),
      files,
    );
  }
  for (const name of vector['not_opened_by'] as string[]) {
    const opener = openerFromPem(folder.file(name));
    row.equal(
      `opened by ${name}`,
      codeOf(() => openLockbox(blob, opener)),
      'ESM_NO_LOCKBOX',
    );
  }
  checkInputs(row, folder, vector, plain);
}

/** What we call each reason that the vectors give: a code, and what its field must end with. */
const REASONS: Readonly<Record<string, readonly [code: string, field: string]>> = {
  'FDT magic': ['FDT', 'magic'],
  'FDT version is not 17': ['FDT', 'version'],
  compatible: ['ESM_BLOB', '/compatible'],
  'AES-GCM tag': ['ESM_SEAL', 'digests-fdt'],
  algorithm: ['ESM_BLOB', '/algorithm'],
  'RSA-OAEP': ['ESM_LOCKBOX', '/encrypted-symkey'],
  'no lockbox for this key': ['ESM_NO_LOCKBOX', 'lockboxes'],
};

function checkNegative(row: Row, folder: VectorFolder, base: Meta, negative: Meta): void {
  const file = patched(folder.file(text(base, 'base')), negative);
  const opener = openerFromPem(folder.file(text(base, 'key')));
  const found = codeAndField(() => openEsmBlob(readEsmBlob(file), opener, aesGcm));
  const verdict = text(negative, 'verdict');
  const [code, field] = REASONS[verdict.replace(/^reject: /u, '')] ?? [];
  if (verdict === 'accept') row.equal('verdict', found, 'accepted');
  else if (code === undefined || field === undefined) {
    // A reason that is not in the table: the refusal counts.
    if (found === 'accepted') row.fail(`accepted, expected ${verdict}`);
  } else if (!found.startsWith(`${code} `) || !found.endsWith(field))
    row.fail(`${found}, expected ${code} …${field} for ${verdict}`);
}

function checkCpio(row: Row, folder: VectorFolder, vector: Meta): void {
  const file = folder.file(text(vector, 'file'));
  const initrd = folder.file(text(vector, 'initrd'));
  const { entries } = readCpio(file);
  row.equal('names', [...entries.map(({ name }) => name), 'TRAILER!!!'], vector['names']);
  const { name, blob, end } = carriedBlob(file);
  row.equal('initrd_offset', end, vector['initrd_offset']);
  row.equal('name', name, vector['blob']);
  row.equal('blob', toHex(blob), toHex(folder.file(text(vector, 'blob'))));
  row.equal('initrd', toHex(file.subarray(end)), toHex(initrd));
  const own = carryBlob(blob, initrd, name);
  row.equal('written again', carriedBlob(own), { name, blob, end });
  row.equal('written again, initrd', toHex(own.subarray(end)), toHex(initrd));
}

/** pef-esm: a blob, a damaged blob or an archive a row. */
export function pefRows(folder: VectorFolder): RowResult[] {
  const data = folder.json('esm.json');
  const keys = object(data['keys'], 'keys');
  const negatives = object(data['negatives'], 'negatives');
  const cpios = Array.isArray(data['cpio']) ? objects(data['cpio'], 'cpio') : [object(data['cpio'], 'cpio')];
  return [
    ...objects(data['blobs'], 'blobs').map((vector) =>
      checkRow(text(vector, 'blob'), (row) => checkBlob(row, folder, vector, keys)),
    ),
    ...objects(negatives['rows'], 'negatives.rows').map((negative) =>
      checkRow(text(negative, 'name'), (row) => checkNegative(row, folder, negatives, negative)),
    ),
    ...cpios.map((vector) => checkRow(text(vector, 'file'), (row) => checkCpio(row, folder, vector))),
  ];
}
