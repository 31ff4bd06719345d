// SPDX-License-Identifier: Apache-2.0
// What the owner of a guest sends to the platform, and gets back from it.
import { MotteError } from '@motte/binary/error';
import { fromHex } from '@motte/binary/hex';
import { layout } from '@motte/binary/layout';
import type { Layout } from '@motte/binary/layout';
import { SEV_CERT } from './certificates.js';
import type { Session } from './session.js';

const SOURCE = 'AMD 55766 rev 3.24';

export const SESSION_FIELDS = [
  { at: 0x00, name: 'nonce', type: 'bytes16' },
  { at: 0x10, name: 'wrap_tk', type: 'bytes32', doc: 'TEK and TIK, encrypted' },
  { at: 0x30, name: 'wrap_iv', type: 'bytes16' },
  { at: 0x40, name: 'wrap_mac', type: 'bytes32' },
  { at: 0x60, name: 'policy_mac', type: 'bytes32' },
] as const;

/** The session data of LAUNCH_START. */
export const SESSION: Layout<typeof SESSION_FIELDS> = layout(
  { name: 'SEV session', size: 128, source: `${SOURCE}, LAUNCH_START session data buffer` },
  SESSION_FIELDS,
);

export const MEASURE_FIELDS = [
  { at: 0x00, name: 'measure', type: 'bytes32', doc: 'a MAC under the TIK' },
  { at: 0x20, name: 'mnonce', type: 'bytes16', doc: 'by the platform' },
] as const;

/** What LAUNCH_MEASURE answers. */
export const MEASURE: Layout<typeof MEASURE_FIELDS> = layout(
  { name: 'LAUNCH_MEASURE', size: 48, source: `${SOURCE}, LAUNCH_MEASURE measurement buffer` },
  MEASURE_FIELDS,
);

export const SECRET_HEADER_FIELDS = [
  { at: 0x00, name: 'flags', type: 'u32', doc: 'bit 0: compressed' },
  { at: 0x04, name: 'iv', type: 'bytes16' },
  { at: 0x14, name: 'mac', type: 'bytes32' },
] as const;

/** What goes to LAUNCH_SECRET in front of the encrypted secret. */
export const SECRET_HEADER: Layout<typeof SECRET_HEADER_FIELDS> = layout(
  { name: 'SEV secret header', size: 52, source: `${SOURCE}, LAUNCH_SECRET packet header buffer` },
  SECRET_HEADER_FIELDS,
);

/** Usages of SEV certificates and of their signatures. */
export const USAGE = {
  ARK: 0,
  ASK: 0x13,
  INVALID: 0x1000,
  OCA: 0x1001,
  PEK: 0x1002,
  PDH: 0x1003,
  CEK: 0x1004,
} as const;
const ECDH_SHA256 = 3;
const P384 = 2;

/** A number of a key or signature as certificates have it: little-endian, 72 bytes. */
export function certificateNumber(bigEndian: Uint8Array): Uint8Array {
  const out = new Uint8Array(72);
  out.set(bigEndian.toReversed());
  return out;
}

/** The certificate of the owner's Diffie-Hellman key; nobody signs it, as the MACs bind it. `point` is x || y. */
export function ownerCertificate(point: Uint8Array): Uint8Array {
  return SEV_CERT.write({
    version: 1,
    usage: USAGE.PDH,
    algorithm: ECDH_SHA256,
    curve: P384,
    x: certificateNumber(point.subarray(0, 48)),
    y: certificateNumber(point.subarray(48)),
    sig1_usage: USAGE.INVALID,
    sig2_usage: USAGE.INVALID,
  });
}

/** The session data of LAUNCH_START. */
export function sessionBytes(session: Session, nonce: Uint8Array, iv: Uint8Array): Uint8Array {
  const { wrapTk, wrapMac, policyMac } = session;
  return SESSION.write({ nonce, wrap_tk: wrapTk, wrap_iv: iv, wrap_mac: wrapMac, policy_mac: policyMac });
}

/** A GUID as EFI writes it: its first three numbers are little-endian. Throws SEV_INPUT. */
export function guidBytes(guid: string): Uint8Array {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/iu.test(guid))
    throw new MotteError('SEV_INPUT', { field: 'GUID', expected: '8-4-4-4-12 hex digits', found: guid });
  const bytes = fromHex(guid.replaceAll('-', ''));
  return new Uint8Array([
    ...bytes.subarray(0, 4).toReversed(),
    ...bytes.subarray(4, 6).toReversed(),
    ...bytes.subarray(6, 8).toReversed(),
    ...bytes.subarray(8),
  ]);
}

/** A secret that a guest finds by its GUID. */
export interface GuidSecret {
  readonly guid: string;
  readonly content: Uint8Array;
}

/** What OVMF and Linux (efi_secret) look for in the page of secrets. */
const TABLE = '1e74f542-71dd-4d66-963e-ef4287ff173b';
const ENTRY_HEAD = 20;
const AES_BLOCK = 16;

function entry(guid: string, content: Uint8Array): Uint8Array {
  const out = new Uint8Array(ENTRY_HEAD + content.length);
  out.set(guidBytes(guid));
  new DataView(out.buffer).setUint32(16, out.length, true);
  out.set(content, ENTRY_HEAD);
  return out;
}

/** Secrets as a table that a guest can search, padded to blocks of AES. The caller wipes it. Throws SEV_INPUT. */
export function secretTable(secrets: readonly GuidSecret[]): Uint8Array {
  const entries = secrets.map(({ guid, content }) => entry(guid, content));
  const table = new Uint8Array(entries.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const one of entries) {
    table.set(one, at);
    at += one.length;
    one.fill(0);
  }
  const whole = entry(TABLE, table);
  const padded = new Uint8Array(Math.ceil(whole.length / AES_BLOCK) * AES_BLOCK);
  padded.set(whole);
  table.fill(0);
  whole.fill(0);
  return padded;
}
