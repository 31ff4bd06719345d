// SPDX-License-Identifier: Apache-2.0
import { toHex } from '@motte/binary/hex';
import { SIGSTRUCT } from '@motte/binary/sgx/sigstruct';
import { signerFromPem } from '@motte/sign/key-node';
import { signSigstruct, unsignedSigstruct } from '@motte/sign/sgx/sign';
import { mrsigner, parseSigstruct } from '@motte/sign/sgx/sigstruct';
import type { Sigstruct } from '@motte/sign/sgx/sigstruct';
import { sigstructChecks } from '@motte/sign/sgx/verify';
import type { Meta, Row } from './folder.js';

const word = (value: number): string => `0x${value.toString(16)}`;

/** How the vectors write the fields of a SIGSTRUCT. */
const FIELDS: Readonly<Record<string, (values: Sigstruct, bytes: Uint8Array) => unknown>> = {
  header: (v) => toHex(v.header),
  header2: (v) => toHex(v.header2),
  type: (v) => word(v.type),
  vendor: (v) => word(v.vendor),
  date: (v) => v.date.toString(16).padStart(8, '0'),
  swdefined: (v) => word(v.swdefined),
  exponent: (v) => v.exponent,
  miscselect: (v) => word(v.miscselect),
  miscmask: (v) => word(v.miscmask),
  attributes: (_v, bytes) => toHex(bytes.subarray(SIGSTRUCT.offsetOf('attributes')).subarray(0, 16)),
  attributemask: (_v, bytes) => toHex(bytes.subarray(SIGSTRUCT.offsetOf('attributes_mask')).subarray(0, 16)),
  mrenclave: (v) => toHex(v.enclavehash),
  mrsigner: (v) => toHex(mrsigner(v.modulus)),
  isvprodid: (v) => v.isvprodid,
  isvsvn: (v) => v.isvsvn,
  isvfamilyid: (v) => toHex(v.isvfamilyid),
  isvextprodid: (v) => toHex(v.isvextprodid),
};

/** Compares every field that `expected` names. */
export function checkFields(row: Row, bytes: Uint8Array, expected: Meta): void {
  const values = parseSigstruct(bytes);
  for (const [name, value] of Object.entries(expected)) {
    const field = FIELDS[name];
    if (field === undefined) row.fail(`expected.${name}: no such field is known here`);
    else row.equal(name, field(values, bytes), value);
  }
}

const CHECK_NAMES = {
  rsa3072_pkcs1v15_sha256: 'signature',
  q1: 'q1',
  q2: 'q2',
  header_magic: 'header',
  reserved_zero: 'reserved',
} as const;

/** Compares the single checks with what the vector says of each. */
export function checkChecks(row: Row, bytes: Uint8Array, expected: Meta): void {
  const found = sigstructChecks(bytes);
  for (const [name, value] of Object.entries(expected)) {
    if (Object.hasOwn(CHECK_NAMES, name)) {
      row.equal(`checks.${name}`, found[CHECK_NAMES[name as keyof typeof CHECK_NAMES]], value);
    } else row.fail(`checks.${name}: no such check is known here`);
  }
}

/** Builds the SIGSTRUCT again from its fields, signs it with its key, and wants the same bytes. */
export function checkSignedAgain(row: Row, bytes: Uint8Array, pem: Uint8Array): void {
  const v = parseSigstruct(bytes);
  const unsigned = unsignedSigstruct({
    mrenclave: v.enclavehash,
    date: v.date,
    vendor: v.vendor,
    swdefined: v.swdefined,
    attributes: v.attributes,
    xfrm: v.xfrm,
    attributesMask: v.attributes_mask,
    xfrmMask: v.xfrm_mask,
    miscselect: v.miscselect,
    miscmask: v.miscmask,
    isvprodid: v.isvprodid,
    isvsvn: v.isvsvn,
    isvfamilyid: v.isvfamilyid,
    isvextprodid: v.isvextprodid,
  });
  row.equal('signed again', toHex(signSigstruct(unsigned, signerFromPem(pem))), toHex(bytes));
}
