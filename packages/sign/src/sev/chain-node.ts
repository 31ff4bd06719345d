// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { AMD_CERT, readAmdCertificate, readSevCertificate, SEV_CERT } from './certificates.js';
import type { AmdCertificate, SevCertificate } from './certificates.js';
import { isSignedBy, isSignedByAmd } from './certificates-node.js';
import { USAGE } from './owner.js';

/** A platform's certificates, from AMD's root to the key that sessions are made with. */
export interface SevChain {
  readonly ark: AmdCertificate;
  readonly ask: AmdCertificate;
  readonly cek: SevCertificate;
  readonly oca: SevCertificate;
  readonly pek: SevCertificate;
  readonly pdh: SevCertificate;
}

type Name = keyof SevChain;

const NAMES = ['ark', 'ask', 'cek', 'oca', 'pek', 'pdh'] as const;
const SEV_USAGES: Readonly<Record<number, Name>> = {
  [USAGE.OCA]: 'oca',
  [USAGE.PEK]: 'pek',
  [USAGE.PDH]: 'pdh',
  [USAGE.CEK]: 'cek',
};

/** The certificate at `at` of a file: its name and size. */
function nextCertificate(file: Uint8Array, at: number): { name: Name; size: number } {
  if (file.length - at >= SEV_CERT.size) {
    const { usage, curve } = SEV_CERT.read(file, at);
    const name = SEV_USAGES[usage];
    // In a certificate of AMD's these two are bytes of random key IDs.
    if (name !== undefined && curve === 2) return { name, size: SEV_CERT.size };
  }
  const { usage, modulus_bits: bits } = AMD_CERT.read(file, at);
  const name = usage === USAGE.ARK ? 'ark' : usage === USAGE.ASK ? 'ask' : undefined;
  const bad = (field: 'usage' | 'modulus_bits', expected: string, found: string | number): MotteError =>
    new MotteError('SEV_CERTIFICATE', { field, expected, found, offset: at + AMD_CERT.offsetOf(field) });
  if (name === undefined) throw bad('usage', 'ARK, ASK, CEK, OCA, PEK or PDH', `0x${usage.toString(16)}`);
  if (bits !== 2048 && bits !== 4096) throw bad('modulus_bits', '2048 or 4096', bits);
  return { name, size: AMD_CERT.size + (3 * bits) / 8 };
}

/** One certificate of a chain. */
export interface OneCertificate {
  readonly name: keyof SevChain;
  /** What its signatures cover. */
  readonly signed: Uint8Array;
}

/** Reads a file that is one certificate. Throws SEV_CERTIFICATE, STRUCT_TRUNCATED, STRUCT_RESERVED. */
export function readOneCertificate(file: Uint8Array): OneCertificate {
  const { name, size } = nextCertificate(file, 0);
  if (file.length > size)
    throw new MotteError('SEV_CERTIFICATE', {
      field: name,
      expected: `${size} bytes`,
      found: file.length,
      offset: size,
    });
  const read = name === 'ark' || name === 'ask' ? readAmdCertificate : readSevCertificate;
  return { name, signed: read(file).signed };
}

/**
 * Reads the certificates of a platform from files of one or several each, in any order: `sevctl export`, AMD's
 * `ask_ark`, or six files. Throws SEV_CERTIFICATE for one that is missing or there twice, STRUCT_TRUNCATED.
 */
export function readSevChain(files: readonly Uint8Array[]): SevChain {
  const found = new Map<Name, Uint8Array>();
  for (const file of files)
    for (let at = 0; at < file.length;) {
      const { name, size } = nextCertificate(file, at);
      if (found.has(name))
        throw new MotteError('SEV_CERTIFICATE', { field: name, expected: 'one', found: 'two', offset: at });
      found.set(name, file.subarray(at, at + size));
      at += size;
    }
  const part = (name: Name): Uint8Array => {
    const bytes = found.get(name);
    if (bytes === undefined)
      throw new MotteError('SEV_CERTIFICATE', { field: name, expected: NAMES.join(', '), found: 'none' });
    return bytes;
  };
  return {
    ark: readAmdCertificate(part('ark')),
    ask: readAmdCertificate(part('ask')),
    cek: readSevCertificate(part('cek')),
    oca: readSevCertificate(part('oca')),
    pek: readSevCertificate(part('pek')),
    pdh: readSevCertificate(part('pdh')),
  };
}

/**
 * Verifies every signature of a chain: the ARK's by itself, the ASK's by the ARK, the CEK's by the ASK, the PEK's by
 * both CEK and OCA, the PDH's by the PEK. That the ARK is AMD's, and who is behind the OCA, is for the caller to know.
 * Throws SEV_CHAIN, whose field is the certificate that is not genuine.
 */
export function verifySevChain({ ark, ask, cek, oca, pek, pdh }: SevChain): void {
  const either = (certificate: SevCertificate, by: AmdCertificate | SevCertificate): boolean =>
    isSignedBy(certificate, 1, by) || isSignedBy(certificate, 2, by);
  const links: readonly (readonly [Name, string, boolean])[] = [
    ['ark', 'the ARK', isSignedByAmd(ark, ark)],
    ['ask', 'the ARK', isSignedByAmd(ask, ark)],
    ['cek', 'the ASK', either(cek, ask)],
    ['oca', 'the OCA', either(oca, oca)],
    ['pek', 'the CEK', either(pek, cek)],
    ['pek', 'the OCA', either(pek, oca)],
    ['pdh', 'the PEK', either(pdh, pek)],
  ];
  for (const [field, by, isGenuine] of links)
    if (!isGenuine) throw new MotteError('SEV_CHAIN', { field, expected: `a signature by ${by}` });
}
