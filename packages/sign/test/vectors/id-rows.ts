// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { fromHex, toHex } from '@motte/binary/hex';
import { snpSignerFromPem, verifyP384 } from '@motte/sign/snp/ecdsa-node';
import {
  EC_SIGNATURE,
  ID_AUTH,
  idAuth,
  idBlock,
  publicKeyBytes,
  signatureBytes,
  snpKeyDigest,
} from '@motte/sign/snp/id-block';
import type { SnpSigner } from '@motte/sign/snp/id-block';
import { checkIdBlock, verifyIdBlock } from '@motte/sign/snp/verify';

import { checkRow, object, objects, text } from './folder.js';
import type { Meta, Row, RowResult, VectorFolder } from './folder.js';

const base64 = (meta: Meta, name: string): Uint8Array =>
  new Uint8Array(Buffer.from(text(meta, name), 'base64'));

function keyPair(
  folder: VectorFolder,
  idKey: string,
  authorKey: string,
): { id: SnpSigner; author: SnpSigner } {
  return { id: snpSignerFromPem(folder.file(idKey)), author: snpSignerFromPem(folder.file(authorKey)) };
}

function checkRowOfKeys(row: Row, folder: VectorFolder, keys: Meta, vector: Meta): void {
  const { id, author } = keyPair(folder, text(keys, 'id_key'), text(keys, 'author_key'));
  const block = idBlock({
    launchDigest: fromHex(text(vector, 'launch_digest')),
    familyId: fromHex(text(vector, 'family_id')),
    imageId: fromHex(text(vector, 'image_id')),
    guestSvn: Number(vector['guest_svn']),
    policy: BigInt(text(vector, 'policy')),
  });
  row.equal('id_block', toHex(block), vector['id_block']);
  const auth = idAuth(block, id, author);
  const { id_block_sig: signature } = ID_AUTH.read(auth);
  const { r, s } = EC_SIGNATURE.readStrict(signature);
  row.equal('id_block_sig_r_le72', toHex(r), vector['id_block_sig_r_le72']);
  row.equal('id_block_sig_s_le72', toHex(s), vector['id_block_sig_s_le72']);
  row.equal('id_auth_sha384', createHash('sha384').update(auth).digest('hex'), vector['id_auth_sha384']);
  row.equal('id_key_digest', toHex(snpKeyDigest(publicKeyBytes(id.publicKey))), vector['id_key_digest']);
  row.equal(
    'author_key_digest',
    toHex(snpKeyDigest(publicKeyBytes(author.publicKey))),
    vector['author_key_digest'],
  );
  if (vector['id_auth_file'] !== undefined)
    row.equal('id_auth', toHex(auth), toHex(folder.file(text(vector, 'id_auth_file'))));
  verifyIdBlock(block, auth, verifyP384);
}

/** Files of a peer, by what their names say they are. */
function fileNamed(vector: Meta, pattern: RegExp): string | undefined {
  const files = vector['files'];
  return Array.isArray(files) ? files.map(String).find((name) => pattern.test(name)) : undefined;
}

function needed(vector: Meta, pattern: RegExp): string {
  const name = fileNamed(vector, pattern);
  if (name === undefined) throw new Error(`no file ${pattern.source}`);
  return name;
}

function checkPeer(row: Row, folder: VectorFolder, vector: Meta): void {
  const { id, author } = keyPair(
    folder,
    needed(vector, /id[_-]?key\.pem|id\.key/u),
    needed(vector, /auth[_-]key\.pem|author\.key/u),
  );
  const [idKey, authorKey] = [publicKeyBytes(id.publicKey), publicKeyBytes(author.publicKey)];
  const digest = (key: Uint8Array, name: string): void => {
    const found = snpKeyDigest(key);
    if (vector[name] !== undefined) row.equal(name, toHex(found), vector[name]);
    else row.equal(`${name}_b64`, toHex(found), toHex(base64(vector, `${name}_b64`)));
  };
  digest(idKey, 'id_key_digest');
  digest(authorKey, 'author_key_digest');
  const blob = fileNamed(vector, /signature\.blob$/u);
  if (blob !== undefined) {
    const made = new Uint8Array([...signatureBytes(author.sign(idKey)), ...authorKey]);
    row.equal(blob, toHex(made), toHex(folder.file(blob)));
  }
  const authFile = fileNamed(vector, /auth_block\.bin$/u);
  if (authFile === undefined) return;
  const block = idBlock({
    launchDigest: fromHex(text(vector, 'launch_digest')),
    guestSvn: 0,
    policy: BigInt(text(vector, 'policy')),
  });
  row.equal('id_block', toHex(block), toHex(base64(vector, 'id_block_b64')));
  const auth = folder.file(authFile);
  verifyIdBlock(block, auth, verifyP384);
  const values = ID_AUTH.readStrict(auth);
  row.equal('id_key', toHex(values.id_key), toHex(idKey));
  row.equal('author_key', toHex(values.author_key), toHex(authorKey));
  row.equal('id_sig', toHex(values.id_block_sig), toHex(folder.file(needed(vector, /id_sig\.bin$/u))));
  row.equal('auth_sig', toHex(values.id_key_sig), toHex(folder.file(needed(vector, /auth_sig\.bin$/u))));
}

function checkNegative(row: Row, folder: VectorFolder, base: Meta, vector: Meta): void {
  const block = base64(base, 'base_id_block_b64');
  const auth = folder.file(text(base, 'base_id_auth'));
  row.equal('the base', checkIdBlock(block, auth, verifyP384).failed, undefined);
  const target = text(vector, 'target') === 'id_block' ? block : auth;
  const at = Number(vector['offset']);
  if (vector['hex'] === undefined) target[at] = (target[at] ?? 0) ^ Number(vector['xor'] ?? vector['value']);
  else target.set(fromHex(text(vector, 'hex')), at);
  row.equal('verdict', checkIdBlock(block, auth, verifyP384).failed, vector['verdict']);
}

/** snp-id-block: a peer, a launch signed with given nonces, or a damaged block a row. */
export function idRows(folder: VectorFolder): RowResult[] {
  const data = folder.json('idblock.json');
  const keys = object(data['keys'], 'keys');
  const negatives = object(data['negatives'], 'negatives');
  return [
    ...objects(data['peers'], 'peers').map((vector) =>
      checkRow(`peer ${text(vector, 'peer')}`, (row) => checkPeer(row, folder, vector)),
    ),
    ...objects(data['deterministic_rows'], 'deterministic_rows').map((vector, i) =>
      checkRow(`deterministic ${i}`, (row) =>
        checkRowOfKeys(row, folder, object(keys[text(vector, 'keys')], text(vector, 'keys')), vector),
      ),
    ),
    ...objects(negatives['rows'], 'negatives').map((vector) =>
      checkRow(`negative ${text(vector, 'name')}`, (row) => checkNegative(row, folder, negatives, vector)),
    ),
  ];
}
