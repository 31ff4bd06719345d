// SPDX-License-Identifier: Apache-2.0
import { fromHex, toHex } from '@motte/binary/hex';
import { aesCtr } from '@motte/sign/sev/aes-node';
import { readAmdCertificate, readSevCertificate } from '@motte/sign/sev/certificates';
import type { AmdCertificate, SevCertificate } from '@motte/sign/sev/certificates';
import { isSignedBy, isSignedByAmd } from '@motte/sign/sev/certificates-node';
import { launchMeasure, sealLaunchSecret, sessionKeys, wrapSession } from '@motte/sign/sev/session';
import { codeOf } from '@motte/test-helpers/errors';
import { checkRow, object, objects, text } from './folder.js';
import type { Meta, Row, RowResult, VectorFolder } from './folder.js';

const bytes = (meta: Meta, name: string): Uint8Array => fromHex(text(meta, name));

function u32(meta: Meta, name: string): number {
  return new DataView(bytes(meta, name).buffer).getUint32(0, true);
}

function checkMeasure(row: Row, vector: Meta): void {
  row.equal('context', vector['context'], 4);
  const found = launchMeasure({
    tik: bytes(vector, 'tik'),
    apiMajor: Number(vector['api_major']),
    apiMinor: Number(vector['api_minor']),
    build: Number(vector['build']),
    policy: Number(vector['policy']),
    digest: bytes(vector, 'digest'),
    mnonce: bytes(vector, 'mnonce'),
  });
  row.equal('measure', toHex(found), vector['measure']);
}

function checkWrap(row: Row, vector: Meta): void {
  const [z, nonce] = [bytes(vector, 'z'), bytes(vector, 'nonce')];
  const session = wrapSession(
    {
      z,
      nonce,
      tek: bytes(vector, 'tek'),
      tik: bytes(vector, 'tik'),
      iv: bytes(vector, 'iv'),
      policy: u32(vector, 'policy_le'),
    },
    aesCtr,
  );
  const found: Meta = {
    ...Object.fromEntries(Object.entries(sessionKeys(z, nonce)).map(([name, key]) => [name, toHex(key)])),
    wrap_tk: toHex(session.wrapTk),
    wrap_mac: toHex(session.wrapMac),
    policy_mac: toHex(session.policyMac),
  };
  for (const name of ['master', 'kek', 'kik', 'wrap_tk', 'wrap_mac', 'policy_mac'])
    if (vector[name] !== undefined) row.equal(name, found[name], vector[name]);
}

/** The known answer of the key wrap says in its name that all its inputs are zero. */
const ZERO_INPUTS: Meta = {
  z: '00'.repeat(48),
  nonce: '00'.repeat(16),
  tek: '00'.repeat(16),
  tik: '00'.repeat(16),
  iv: '00'.repeat(16),
  policy_le: '00000000',
};

function checkSecret(row: Row, vector: Meta): void {
  const { cipher, mac } = sealLaunchSecret(
    {
      tek: bytes(vector, 'tek'),
      tik: bytes(vector, 'tik'),
      iv: bytes(vector, 'iv'),
      flags: u32(vector, 'flags_le'),
      plain: bytes(vector, 'plain'),
      measure: bytes(vector, 'measure'),
    },
    aesCtr,
  );
  row.equal('cipher', toHex(cipher), vector['cipher']);
  row.equal('mac', toHex(mac), vector['mac']);
}

const hex = (value: number): string => `0x${value.toString(16)}`;

function fieldsOf({ values: v }: SevCertificate): Meta {
  return {
    usage: hex(v.usage),
    algo: v.algorithm,
    api: [v.api_major, v.api_minor],
    sig1: { usage: hex(v.sig1_usage), algo: hex(v.sig1_algorithm) },
    sig2: { usage: hex(v.sig2_usage), algo: hex(v.sig2_algorithm) },
  };
}

function checkCertificates(row: Row, folder: VectorFolder, set: Meta): void {
  const files = object(set['files'], 'files');
  const amd = new Map<string, AmdCertificate>();
  const sev = new Map<string, SevCertificate>();
  for (const name of Object.keys(files)) {
    const file = folder.file(text(files, name));
    if (name === 'ark' || name === 'ask') amd.set(name, readAmdCertificate(file));
    else sev.set(name, readSevCertificate(file));
  }
  const by = (name: string): AmdCertificate | SevCertificate => {
    const found = amd.get(name) ?? sev.get(name);
    if (found === undefined) throw new Error(`no certificate ${name}`);
    return found;
  };
  for (const [name, expected] of Object.entries(object(set['checks'], 'checks'))) {
    const [, subject = '', number, signer] = /^([a-z]+)_(?:sig([12])_)?(?:by_)?([a-z]+)$/u.exec(name) ?? [];
    const issuer = by(signer === 'self' ? subject : (signer ?? ''));
    const own = amd.get(subject);
    const other = sev.get(subject);
    if (own !== undefined && 'modulus' in issuer) row.equal(name, isSignedByAmd(own, issuer), expected);
    else if (other !== undefined)
      row.equal(name, isSignedBy(other, number === '2' ? 2 : 1, issuer), expected);
    else row.fail(`checks.${name}: not understood`);
  }
  for (const [name, expected] of Object.entries(object(set['fields'], 'fields'))) {
    const certificate = sev.get(name);
    row.equal(`fields.${name}`, certificate === undefined ? undefined : fieldsOf(certificate), expected);
  }
  for (const negative of objects(set['negatives'], 'negatives')) {
    const file = folder.file(text(negative, 'file'));
    if (negative['verdict'] === undefined) {
      // The signature of the ARK by itself.
      row.equal(text(negative, 'file'), toHex(amd.get('ark')?.signature ?? new Uint8Array(0)), toHex(file));
    } else if (codeOf(() => readAmdCertificate(file)) === 'accepted')
      row.fail(`${text(negative, 'file')}: accepted`);
  }
}

/** sev-legacy: a known answer, a measurement, a wrap, a secret or a set of certificates a row. */
export function sevRows(folder: VectorFolder): RowResult[] {
  const data = folder.json('sev.json');
  const each = (name: string, check: (row: Row, vector: Meta) => void): RowResult[] =>
    objects(data[name], name).map((vector, i) => checkRow(`${name} ${i}`, (row) => check(row, vector)));
  return [
    ...each('known_answers', (row, vector) =>
      vector['measure'] === undefined
        ? checkWrap(row, { ...ZERO_INPUTS, ...vector })
        : checkMeasure(row, vector),
    ),
    ...each('launch_measure', checkMeasure),
    ...each('key_wrap', checkWrap),
    ...each('launch_secret', checkSecret),
    ...Object.entries(object(data['certs'], 'certs')).map(([name, set]) =>
      checkRow(`certs ${name}`, (row) => checkCertificates(row, folder, object(set, name))),
    ),
  ];
}
