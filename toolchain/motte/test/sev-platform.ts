// SPDX-License-Identifier: Apache-2.0
// An SEV platform for tests: a chain of AMD's shape whose private keys are known. The signatures are by node:crypto.
import { newEcPair, newRsaPair } from '@motte/sign/key-pair-node';
import { AMD_CERT, SEV_CERT } from '@motte/sign/sev/certificates';
import { USAGE } from '@motte/sign/sev/owner';
import { constants, createPrivateKey, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

const little = (base64url: string | undefined, length: number): Uint8Array => {
  const out = new Uint8Array(length);
  out.set(Buffer.from(base64url ?? '', 'base64url').toReversed());
  return out;
};

function pss(data: Uint8Array, key: KeyObject): Uint8Array {
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  return new Uint8Array(sign('sha256', data, { key, padding, saltLength: 32 })).toReversed();
}

function amdCertificate(usage: number, own: KeyObject, issuer: KeyObject): Uint8Array {
  const { n, e } = own.export({ format: 'jwk' });
  const head = AMD_CERT.write({ version: 1, usage, exponent_bits: 2048, modulus_bits: 2048 });
  const signed = new Uint8Array([...head, ...little(e, 256), ...little(n, 256)]);
  return new Uint8Array([...signed, ...pss(signed, issuer)]);
}

interface Signature {
  readonly usage: number;
  readonly algorithm: number;
  readonly by: KeyObject;
}

function signature(data: Uint8Array, { algorithm, by }: Signature): Uint8Array {
  const out = new Uint8Array(512);
  if (algorithm === 1) out.set(pss(data, by));
  else {
    const raw = new Uint8Array(sign('sha256', data, { key: by, dsaEncoding: 'ieee-p1363' }));
    out.set(raw.subarray(0, 48).toReversed());
    out.set(raw.subarray(48).toReversed(), 72);
  }
  return out;
}

function sevCertificate(usage: number, own: KeyObject, ...by: readonly Signature[]): Uint8Array {
  const { x, y } = own.export({ format: 'jwk' });
  const algorithm = usage === USAGE.PDH ? 3 : 2;
  const values = {
    version: 1,
    api_minor: 24,
    usage,
    algorithm,
    curve: 2,
    x: little(x, 72),
    y: little(y, 72),
  };
  const body = SEV_CERT.write(values).subarray(0, SEV_CERT.offsetOf('sig1_usage'));
  const [first, second] = by;
  return SEV_CERT.write({
    ...values,
    sig1_usage: first?.usage ?? USAGE.INVALID,
    sig1_algorithm: first?.algorithm ?? 0,
    ...(first === undefined ? {} : { sig1: signature(body, first) }),
    sig2_usage: second?.usage ?? USAGE.INVALID,
    sig2_algorithm: second?.algorithm ?? 0,
    ...(second === undefined ? {} : { sig2: signature(body, second) }),
  });
}

/** A platform: its certificates by name, and the private half of its PDH. */
export function sevPlatform(): { chain: Readonly<Record<string, Uint8Array>>; pdh: KeyObject } {
  const rsa = (): KeyObject => createPrivateKey(newRsaPair(2048).privateKey);
  const ec = (): KeyObject => createPrivateKey(newEcPair('P-384').privateKey);
  const [ark, ask, cek, oca, pek, pdh] = [rsa(), rsa(), ec(), ec(), ec(), ec()];
  const by = (usage: number, key: KeyObject): Signature => ({
    usage,
    algorithm: key.asymmetricKeyType === 'rsa' ? 1 : 2,
    by: key,
  });
  const chain = {
    ark: amdCertificate(USAGE.ARK, ark, ark),
    ask: amdCertificate(USAGE.ASK, ask, ark),
    cek: sevCertificate(USAGE.CEK, cek, by(USAGE.ASK, ask)),
    oca: sevCertificate(USAGE.OCA, oca, by(USAGE.OCA, oca)),
    pek: sevCertificate(USAGE.PEK, pek, by(USAGE.OCA, oca), by(USAGE.CEK, cek)),
    pdh: sevCertificate(USAGE.PDH, pdh, by(USAGE.PEK, pek)),
  };
  return { chain, pdh };
}
