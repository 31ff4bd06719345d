// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { fromHex } from '@motte/binary/hex';
import {
  SIGSTRUCT,
  SIGSTRUCT_EXPONENT,
  SIGSTRUCT_HEADER,
  SIGSTRUCT_HEADER2,
} from '@motte/binary/sgx/sigstruct';
import { sha256 } from '@motte/measure/hash';
import type { PagePlan } from '@motte/plan/plan';
import { planSecs } from '@motte/plan/sgx/secs';
import { fromLittleEndian, isModulus, quotients, RSA_BYTES, toLittleEndian } from './rsa.js';
import { parseSigstruct, signedBytes } from './sigstruct.js';
import { verifySigstruct } from './verify.js';

/**
 * What is signed. Nothing is taken from the machine or the clock, so that signing again gives the same bytes.
 */
export interface SigstructInput {
  readonly mrenclave: Uint8Array;
  /** 0xYYYYMMDD in BCD, see `bcdDate`. */
  readonly date: number;
  readonly attributes: bigint;
  readonly xfrm: bigint;
  readonly miscselect: number;
  /** Bits of each that must be equal at launch; without them all. */
  readonly attributesMask?: bigint;
  readonly xfrmMask?: bigint;
  readonly miscmask?: number;
  readonly isvprodid: number;
  readonly isvsvn: number;
  /** With ATTRIBUTES.KSS alone. */
  readonly isvfamilyid?: Uint8Array;
  readonly isvextprodid?: Uint8Array;
  /** 0x8086 is Intel's; without it 0. */
  readonly vendor?: number;
  readonly swdefined?: number;
}

/** What of SigstructInput the plan and its measurement do not say. */
export type SigstructIdentity = Omit<
  SigstructInput,
  'mrenclave' | 'attributes' | 'xfrm' | 'miscselect' | 'attributesMask' | 'xfrmMask' | 'miscmask'
>;

/** Whoever holds the private key: a PEM file (`@motte/sign/key-node`), an HSM, a service. */
export interface SgxSigner {
  /** The public modulus. */
  readonly modulus: bigint;
  /** RSASSA-PKCS1-v1_5 with SHA-256 of `message`: 384 bytes, big-endian, as every library has it. */
  sign(message: Uint8Array): Uint8Array;
}

const ALL_64: bigint = (1n << 64n) - 1n;
const ALL_32 = 0xffffffff;

/** The date of what nobody dated: a constant, so that signing again gives the same bytes. Never the clock. */
export const UNDATED = '2020-01-01';

/** `YYYY-MM-DD` as SIGSTRUCT.DATE. Throws SIGSTRUCT_VALUE. */
export function bcdDate(date: string): number {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/u.exec(date);
  // The calendar of UTC; a day that it does not have comes back as another.
  const real =
    match !== null && !Number.isNaN(Date.parse(date)) && new Date(date).toISOString().startsWith(date);
  if (!real) {
    const expected = 'a day as YYYY-MM-DD';
    throw new MotteError('SIGSTRUCT_VALUE', { field: 'DATE', expected, found: date });
  }
  return Number.parseInt(date.replaceAll('-', ''), 16);
}

/** A SIGSTRUCT without key, signature, Q1 and Q2. Throws SIGSTRUCT_VALUE. */
export function unsignedSigstruct(input: SigstructInput): Uint8Array {
  try {
    return SIGSTRUCT.write({
      header: fromHex(SIGSTRUCT_HEADER),
      header2: fromHex(SIGSTRUCT_HEADER2),
      vendor: input.vendor ?? 0,
      date: input.date,
      swdefined: input.swdefined ?? 0,
      miscselect: input.miscselect,
      miscmask: input.miscmask ?? ALL_32,
      isvfamilyid: input.isvfamilyid ?? new Uint8Array(16),
      attributes: input.attributes,
      xfrm: input.xfrm,
      attributes_mask: input.attributesMask ?? ALL_64,
      xfrm_mask: input.xfrmMask ?? ALL_64,
      enclavehash: input.mrenclave,
      isvextprodid: input.isvextprodid ?? new Uint8Array(16),
      isvprodid: input.isvprodid,
      isvsvn: input.isvsvn,
    });
  } catch (cause) {
    if (!(cause instanceof MotteError)) throw cause;
    throw new MotteError('SIGSTRUCT_VALUE', {
      ...(cause.field === undefined ? {} : { field: cause.field }),
      ...(cause.expected === undefined ? {} : { expected: cause.expected }),
      ...(cause.found === undefined ? {} : { found: cause.found }),
      cause,
    });
  }
}

/**
 * The unsigned SIGSTRUCT of a plan with digest `mrenclave`: ATTRIBUTES, XFRM and MISCSELECT are those of its
 * SECS, and every mask bit is one, so that no other may be launched under this signature (SECURITY.md, rule
 * 5).
 */
export function planSigstruct(
  plan: PagePlan,
  mrenclave: Uint8Array,
  identity: SigstructIdentity,
): Uint8Array {
  const { attributes, xfrm, miscselect } = planSecs(plan);
  return unsignedSigstruct({ ...identity, mrenclave, attributes, xfrm, miscselect });
}

/** The digest that somebody else is to sign: SHA-256 of the signed bytes. */
export function signingDigest(unsigned: Uint8Array): Uint8Array {
  parseSigstruct(unsigned);
  return sha256(signedBytes(unsigned));
}

/**
 * The whole SIGSTRUCT from an unsigned one and a signature made elsewhere (big-endian, 384 bytes). It is
 * verified before it is returned: throws SIGN_KEY for a modulus that SGX does not take, SIGSTRUCT_SIGNATURE
 * for a signature of something else.
 */
export function completeSigstruct(unsigned: Uint8Array, modulus: bigint, signature: Uint8Array): Uint8Array {
  if (!isModulus(modulus)) {
    const found = `${modulus.toString(2).length} bits`;
    throw new MotteError('SIGN_KEY', { field: 'modulus', expected: 'an odd number of 3072 bits', found });
  }
  if (signature.length !== RSA_BYTES) {
    const expected = `${RSA_BYTES} bytes, big-endian`;
    throw new MotteError('SIGSTRUCT_SIGNATURE', { field: 'signature', expected, found: signature.length });
  }
  const little = signature.toReversed();
  const { q1, q2 } = quotients(fromLittleEndian(little), modulus);
  const out = SIGSTRUCT.write({
    ...parseSigstruct(unsigned),
    modulus: toLittleEndian(modulus),
    exponent: SIGSTRUCT_EXPONENT,
    signature: little,
    // For a signature that is not below the modulus they do not fit; verifying refuses it by its reason.
    q1: toLittleEndian(q1 % modulus),
    q2: toLittleEndian(q2 % modulus),
  });
  verifySigstruct(out);
  return out;
}

/** Signs an unsigned SIGSTRUCT. Throws what `completeSigstruct` throws, and what the signer throws. */
export function signSigstruct(unsigned: Uint8Array, signer: SgxSigner): Uint8Array {
  parseSigstruct(unsigned);
  return completeSigstruct(unsigned, signer.modulus, signer.sign(signedBytes(unsigned)));
}
