// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { toHex } from '@motte/binary/hex';
import type { LayoutValues } from '@motte/binary/layout';
import { SIGSTRUCT, SIGSTRUCT_SIGNED } from '@motte/binary/sgx/sigstruct';
import type { SIGSTRUCT_FIELDS } from '@motte/binary/sgx/sigstruct';
import { sha256 } from '@motte/measure/hash';

/** What a SIGSTRUCT says, field by field. */
export type Sigstruct = LayoutValues<typeof SIGSTRUCT_FIELDS>;

/**
 * The fields of a SIGSTRUCT. Only its length is checked, so that a wrong one can be looked at;
 * `verifySigstruct` says whether it is right. Throws SIGSTRUCT_SIZE.
 */
export function parseSigstruct(bytes: Uint8Array): Sigstruct {
  if (bytes.length !== SIGSTRUCT.size) {
    throw new MotteError('SIGSTRUCT_SIZE', {
      field: 'SIGSTRUCT',
      expected: `${SIGSTRUCT.size} bytes`,
      found: bytes.length,
    });
  }
  return SIGSTRUCT.read(bytes);
}

/** The 256 bytes that the signature covers; the caller owns them. */
export function signedBytes(sigstruct: Uint8Array): Uint8Array {
  const parts = SIGSTRUCT_SIGNED.map(([from, to]) => sigstruct.subarray(from, to));
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** MRSIGNER: the SHA-256 of the modulus as it stands in the SIGSTRUCT. */
export function mrsigner(modulus: Uint8Array): Uint8Array {
  return sha256(modulus);
}

/** DATE as `YYYY-MM-DD`; `undefined` when it is not BCD, as of older Gramine signers, or no date. */
export function dateText(date: number): string | undefined {
  const digits = date.toString(16).padStart(8, '0');
  const match = /^(\d{4})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])$/u.exec(digits);
  return match === null ? undefined : `${match[1]}-${match[2]}-${match[3]}`;
}

/** A SIGSTRUCT for people, all of it but reserved bytes: hex, names as in the manual, the date as a date. */
export interface SigstructText {
  readonly mrenclave: string;
  readonly mrsigner: string;
  /** `YYYY-MM-DD`, else the raw value. */
  readonly date: string;
  readonly vendor: string;
  readonly type: string;
  readonly swdefined: string;
  readonly isvprodid: number;
  readonly isvsvn: number;
  readonly isvfamilyid: string;
  readonly isvextprodid: string;
  readonly attributes: string;
  readonly attributesMask: string;
  readonly xfrm: string;
  readonly xfrmMask: string;
  readonly miscselect: string;
  readonly miscmask: string;
  readonly cetAttributes: string;
  readonly cetAttributesMask: string;
  readonly header: string;
  readonly header2: string;
  readonly exponent: number;
  /** As the bytes stand, little-endian, as signature, Q1 and Q2. */
  readonly modulus: string;
  readonly signature: string;
  readonly q1: string;
  readonly q2: string;
}

/** `values` as `motte verify sigstruct` shows them. */
export function sigstructText(values: Sigstruct): SigstructText {
  const hex = (value: number | bigint): string => `0x${value.toString(16)}`;
  return {
    mrenclave: toHex(values.enclavehash),
    mrsigner: toHex(mrsigner(values.modulus)),
    date: dateText(values.date) ?? hex(values.date),
    vendor: hex(values.vendor),
    type: hex(values.type),
    swdefined: hex(values.swdefined),
    isvprodid: values.isvprodid,
    isvsvn: values.isvsvn,
    isvfamilyid: toHex(values.isvfamilyid),
    isvextprodid: toHex(values.isvextprodid),
    attributes: hex(values.attributes),
    attributesMask: hex(values.attributes_mask),
    xfrm: hex(values.xfrm),
    xfrmMask: hex(values.xfrm_mask),
    miscselect: hex(values.miscselect),
    miscmask: hex(values.miscmask),
    cetAttributes: hex(values.cet_attributes),
    cetAttributesMask: hex(values.cet_attributes_mask),
    header: toHex(values.header),
    header2: toHex(values.header2),
    exponent: values.exponent,
    modulus: toHex(values.modulus),
    signature: toHex(values.signature),
    q1: toHex(values.q1),
    q2: toHex(values.q2),
  };
}
