// SPDX-License-Identifier: Apache-2.0
// Takes an image apart, lets a test change any part, and puts it together again with every digest above the change made
// anew: what somebody does who wants a wrong image to look right. Nothing of the package's writing code is used but the
// tar header.
import { readBytes } from '@motte/binary/source';
import { readTar } from '@motte/image/tar/read';
import { openRegular } from '@motte/image/container/files';
import { tarHeader } from '@motte/image/tar/write';
import { createHash, sign } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { KEYS, at, signedImage } from './samples.js';

// What JSON.parse gives, to be changed freely.
// oxlint-disable-next-line typescript/no-explicit-any
export type Json = any;

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const hex = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** The parts of an image. Texts are what stands in the file; objects are written as JSON.stringify does. */
export interface Parts {
  exec: Uint8Array;
  shim: Uint8Array;
  vmShim: Uint8Array;
  toml: Uint8Array;
  sigstruct: Uint8Array;
  idBlock: Uint8Array;
  idAuth: Uint8Array;
  keep: Json;
  statement: Json;
  envelope: Json;
  keys: string[];
  /** Changes what was made of the parts above, level by level. */
  editOci?: (oci: Json) => Json;
  editIndex?: (index: Json) => Json;
  editFiles?: (files: Map<string, Uint8Array>) => void;
  editTar?: (tar: Uint8Array) => Uint8Array;
}

const textOf = (part: Json): Uint8Array =>
  part instanceof Uint8Array ? part : utf8(typeof part === 'string' ? part : JSON.stringify(part));

function descriptor(mediaType: string, bytes: Uint8Array): Json {
  return { mediaType, digest: `sha256:${hex(bytes)}`, size: bytes.length };
}

/** The parts of the signed sample. */
export function partsOf(path: string = signedImage): Parts {
  const file = openRegular(path);
  const files = readTar(file);
  const bytes = (name: string): Uint8Array => {
    const source = files.get(name);
    if (source === undefined) throw new Error(name);
    return readBytes(source, 0, source.size);
  };
  const json = (name: string): Json => JSON.parse(new TextDecoder().decode(bytes(name)));
  const blob = (one: Json): string => `blobs/sha256/${one.digest.slice(7)}`;
  const oci = json(blob(json('index.json').manifests[0]));
  const of = (end: string): Json[] => oci.layers.filter((one: Json) => one.mediaType.endsWith(end));
  const parts = {
    exec: bytes(blob(of('exec.v1')[0])),
    shim: bytes(blob(of('shim.v1')[0])),
    vmShim: bytes(blob(of('shim.v1')[1])),
    toml: bytes(blob(of('toml.v1')[0])),
    sigstruct: bytes(blob(of('sigstruct.v1')[0])),
    idBlock: bytes(blob(of('id-block.v1')[0])),
    idAuth: bytes(blob(of('id-auth.v1')[0])),
    keep: json(blob(oci.config)),
    statement: json(blob(of('in-toto+json')[0])),
    envelope: json(blob(of('envelope.v1+json')[0])),
    keys: of('signer.v1').map((one) => new TextDecoder().decode(bytes(blob(one)))),
  };
  file.close();
  return parts;
}

/** Makes provenance and signatures fit the Keep manifest as it is now. */
export function reseal(parts: Parts): void {
  parts.statement.subject[0].digest.sha256 = hex(textOf(parts.keep));
  resign(parts);
}

/** Signs the statement as it is now, with the keys of the sample. */
export function resign(parts: Parts): void {
  const payload = textOf(parts.statement);
  const type = 'application/vnd.in-toto+json';
  const message = Buffer.concat([utf8(`DSSEv1 ${type.length} ${type} ${payload.length} `), payload]);
  parts.envelope.payload = Buffer.from(payload).toString('base64');
  const signers = [
    { key: KEYS.ed25519, hash: null },
    { key: KEYS.p384, hash: 'sha384' },
  ];
  for (const { key, hash } of signers) {
    const slot = parts.envelope.signatures.find((one: Json) => one.keyid === key.signer.key.keyid);
    if (slot !== undefined) slot.sig = sign(hash, message, key.pem).toString('base64');
  }
}

/** The descriptors in the Keep manifest, made anew from the parts. */
export function relink(parts: Parts): void {
  const { keep } = parts;
  keep.exec = descriptor(keep.exec.mediaType, parts.exec);
  keep.config.blob = descriptor(keep.config.blob.mediaType, parts.toml);
  keep.shims[0].blob = descriptor(keep.shims[0].blob.mediaType, parts.shim);
  keep.shims[1].blob = descriptor(keep.shims[1].blob.mediaType, parts.vmShim);
  const [sgx, snp] = keep.measurements;
  sgx.signature = descriptor(sgx.signature.mediaType, parts.sigstruct);
  snp.signature.idBlock = descriptor(snp.signature.idBlock.mediaType, parts.idBlock);
  snp.signature.idAuth = descriptor(snp.signature.idAuth.mediaType, parts.idAuth);
  const named: Json[] = parts.statement.predicate.buildDefinition.resolvedDependencies;
  const made = [
    ['exec', parts.exec],
    ['Keep.toml', parts.toml],
    ['shim sgx2', parts.shim],
    ['shim vm', parts.vmShim],
  ] as const;
  for (const [name, bytes] of made) named.find((one) => one.name === name).digest.sha256 = hex(bytes);
}

/** A tar archive of these files, in this order. */
export function tarOf(files: Iterable<readonly [string, Uint8Array]>): Uint8Array {
  const chunks = [...files].flatMap(([name, bytes]) => [
    tarHeader(name, bytes.length),
    bytes,
    new Uint8Array((512 - (bytes.length % 512)) % 512),
  ]);
  return new Uint8Array(Buffer.concat([...chunks, new Uint8Array(1024)]));
}

/** Puts the parts together and gives the path of the image. */
export function forge(parts: Parts): string {
  const files = new Map<string, Uint8Array>();
  const add = (mediaType: string, part: Json): Json => {
    const bytes = textOf(part);
    files.set(`blobs/sha256/${hex(bytes)}`, bytes);
    return descriptor(mediaType, bytes);
  };
  const keep = 'application/vnd.motte.keep';
  const oci: Json = {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    artifactType: `${keep}.v1`,
    config: add(`${keep}.manifest.v1+json`, parts.keep),
    layers: [
      add(`${keep}.exec.v1`, parts.exec),
      add(`${keep}.shim.v1`, parts.shim),
      add(`${keep}.shim.v1`, parts.vmShim),
      add(`${keep}.toml.v1`, parts.toml),
      add(`${keep}.sgx.sigstruct.v1`, parts.sigstruct),
      add(`${keep}.snp.id-block.v1`, parts.idBlock),
      add(`${keep}.snp.id-auth.v1`, parts.idAuth),
      add('application/vnd.in-toto+json', parts.statement),
      add('application/vnd.dsse.envelope.v1+json', parts.envelope),
      ...parts.keys.map((pem) => add(`${keep}.signer.v1`, pem)),
    ],
  };
  const manifest = add(oci.mediaType, parts.editOci?.(oci) ?? oci);
  const index = {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [{ ...manifest, artifactType: `${keep}.v1` }],
  };
  files.set('index.json', textOf(parts.editIndex?.(index) ?? index));
  files.set('oci-layout', utf8('{"imageLayoutVersion":"1.0.0"}'));
  parts.editFiles?.(files);
  const tar = tarOf([...files].sort(([a], [b]) => (a < b ? -1 : 1)));
  const path = at('forged.keep');
  writeFileSync(path, parts.editTar?.(tar) ?? tar);
  return path;
}
