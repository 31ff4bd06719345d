// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { fromHex, toHex } from '@motte/binary/hex';
import { ATTRIBUTES } from '@motte/binary/sgx/attributes';
import { SECS } from '@motte/binary/sgx/secs';
import {
  SIGSTRUCT,
  SIGSTRUCT_EXPONENT,
  SIGSTRUCT_HEADER,
  SIGSTRUCT_HEADER2,
} from '@motte/binary/sgx/sigstruct';
import { sha256 } from '@motte/measure/hash';
import type { ErrorCode, ErrorDetails } from '@motte/binary/error';
import type { LayoutValues } from '@motte/binary/layout';
import type { SIGSTRUCT_FIELDS } from '@motte/binary/sgx/sigstruct';
import { SECS_ISVEXTPRODID_OFFSET, SECS_ISVFAMILYID_OFFSET } from '../protocol/epc.js';
import { signatureFault } from './rsa.js';
import type { Secs } from './ecreate.js';

type Sigstruct = LayoutValues<typeof SIGSTRUCT_FIELDS>;

const VENDORS: readonly number[] = [0, 0x8086];

function refuse(code: ErrorCode, field: string, details: Omit<ErrorDetails, 'field'> = {}): MotteError {
  return new MotteError(code, { ...details, field: `EINIT SIGSTRUCT.${field}` });
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

function checkForm(sig: Sigstruct, bytes: Uint8Array): void {
  const bad = (field: string, expected: string, found: string): MotteError =>
    refuse('SGX_INVALID_SIG_STRUCT', field, { expected, found });
  if (!same(sig.header, fromHex(SIGSTRUCT_HEADER))) throw bad('HEADER', SIGSTRUCT_HEADER, toHex(sig.header));
  // The manual counts TYPE to HEADER, and there it is zero.
  if (sig.type !== 0) throw bad('TYPE', '0', `0x${sig.type.toString(16)}`);
  if (!VENDORS.includes(sig.vendor)) throw bad('VENDOR', '0 or 0x8086', `0x${sig.vendor.toString(16)}`);
  if (!same(sig.header2, fromHex(SIGSTRUCT_HEADER2)))
    throw bad('HEADER2', SIGSTRUCT_HEADER2, toHex(sig.header2));
  if (sig.exponent !== SIGSTRUCT_EXPONENT) throw bad('EXPONENT', '3', String(sig.exponent));
  const [reserved] = SIGSTRUCT.nonZeroReserved(bytes);
  if (reserved !== undefined) throw bad(reserved, 'zero', 'not zero');
  if (sig.cet_attributes !== 0 || sig.cet_attributes_mask !== 0)
    throw bad('CET_ATTRIBUTES', 'zero without CET', 'not zero');
}

function checkAttributes(secs: Secs, sig: Sigstruct): void {
  const compare = (name: string, mask: bigint, signed: bigint, launched: bigint): void => {
    if ((signed & mask) === (launched & mask)) return;
    throw refuse('SGX_INVALID_ATTRIBUTE', name, { expected: signed & mask, found: launched & mask });
  };
  compare('ATTRIBUTES', sig.attributes_mask, sig.attributes, secs.attributes);
  compare('XFRM', sig.xfrm_mask, sig.xfrm, secs.xfrm);
  compare('MISCSELECT', BigInt(sig.miscmask), BigInt(sig.miscselect), BigInt(secs.miscselect));
  const families = [...sig.isvfamilyid, ...sig.isvextprodid].some((byte) => byte !== 0);
  if (families && (secs.attributes & ATTRIBUTES.KSS) === 0n) {
    throw refuse('SGX_INVALID_ATTRIBUTE', 'ISVFAMILYID, ISVEXTPRODID', { expected: 'zero without KSS' });
  }
}

/**
 * What EINIT checks, in its order: the form, the signature, the measurement, the attributes. Returns the SECS as
 * EINIT leaves it. Throws the CPU's error.
 */
export function einit(secs: Secs, measurement: Uint8Array, bytes: Uint8Array): Uint8Array {
  if (bytes.length !== SIGSTRUCT.size) {
    const expected = `${SIGSTRUCT.size} bytes`;
    throw new MotteError('SGX_INVALID_SIG_STRUCT', {
      field: 'EINIT SIGSTRUCT',
      expected,
      found: bytes.length,
    });
  }
  const sig = SIGSTRUCT.read(bytes);
  checkForm(sig, bytes);
  const fault = signatureFault(bytes);
  if (fault !== undefined) throw refuse('SGX_INVALID_SIGNATURE', fault);
  if (!same(sig.enclavehash, measurement)) {
    const expected = toHex(sig.enclavehash);
    throw refuse('SGX_INVALID_MEASUREMENT', 'ENCLAVEHASH', { expected, found: toHex(measurement) });
  }
  checkAttributes(secs, sig);
  const after = SECS.write({
    ...secs,
    attributes: secs.attributes | ATTRIBUTES.INIT,
    mrenclave: measurement,
    mrsigner: sha256(sig.modulus),
    isvprodid: sig.isvprodid,
    isvsvn: sig.isvsvn,
  });
  after.set(sig.isvfamilyid, SECS_ISVFAMILYID_OFFSET);
  after.set(sig.isvextprodid, SECS_ISVEXTPRODID_OFFSET);
  return after;
}
