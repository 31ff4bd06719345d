// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { toHex } from '@motte/binary/hex';
import { ATTRIBUTES } from '@motte/binary/sgx/attributes';
import {
  SIGSTRUCT,
  SIGSTRUCT_EXPONENT,
  SIGSTRUCT_HEADER,
  SIGSTRUCT_HEADER2,
} from '@motte/binary/sgx/sigstruct';
import { sha256 } from '@motte/measure/hash';
import { cubeMod, fromLittleEndian, isModulus, paddedDigest, quotients } from './rsa.js';
import { parseSigstruct, signedBytes } from './sigstruct.js';
import type { Sigstruct } from './sigstruct.js';

interface Parsed {
  readonly bytes: Uint8Array;
  readonly values: Sigstruct;
  readonly s: bigint;
  readonly n: bigint;
}

/** What EINIT looks at, in the order in which `verifySigstruct` does. */
export const SIGSTRUCT_CHECKS = [
  'header',
  'type',
  'reserved',
  'exponent',
  'modulus',
  'signature',
  'q1',
  'q2',
] as const;

/** The name of a check. */
export type SigstructCheck = (typeof SIGSTRUCT_CHECKS)[number];

type Check = (parsed: Parsed) => MotteError | undefined;

function checkHeader({ values }: Parsed): MotteError | undefined {
  const constants = [
    { field: 'header', expected: SIGSTRUCT_HEADER },
    { field: 'header2', expected: SIGSTRUCT_HEADER2 },
  ] as const;
  for (const { field, expected } of constants) {
    const found = toHex(values[field]);
    if (found !== expected) {
      const offset = SIGSTRUCT.offsetOf(field);
      return new MotteError('SIGSTRUCT_HEADER', { field: field.toUpperCase(), expected, found, offset });
    }
  }
  return undefined;
}

function checkType({ values }: Parsed): MotteError | undefined {
  if (values.type === 0) return undefined;
  const offset = SIGSTRUCT.offsetOf('type');
  const found = `0x${values.type.toString(16)}`;
  return new MotteError('SIGSTRUCT_HEADER', { field: 'TYPE', expected: 0, found, offset });
}

function checkReserved({ bytes, values }: Parsed): MotteError | undefined {
  const fields = SIGSTRUCT.nonZeroReserved(bytes);
  const cet = (values.attributes & ATTRIBUTES.CET) !== 0n;
  // Manuals before CET reserve these; without the attribute they have no meaning in newer ones either.
  if (!cet && (values.cet_attributes !== 0 || values.cet_attributes_mask !== 0))
    fields.push('cet_attributes');
  const [field] = fields;
  if (field === undefined) return undefined;
  const offset = SIGSTRUCT.fields.find(({ name }) => name === field)?.at ?? 0;
  return new MotteError('SIGSTRUCT_RESERVED', { field, expected: 'zero', offset });
}

function checkExponent({ values }: Parsed): MotteError | undefined {
  if (values.exponent === SIGSTRUCT_EXPONENT) return undefined;
  const offset = SIGSTRUCT.offsetOf('exponent');
  return new MotteError('SIGSTRUCT_EXPONENT', {
    field: 'EXPONENT',
    expected: SIGSTRUCT_EXPONENT,
    found: values.exponent,
    offset,
  });
}

function checkModulus({ s, n }: Parsed): MotteError | undefined {
  if (!isModulus(n)) {
    const offset = SIGSTRUCT.offsetOf('modulus');
    const expected = 'an odd number of 3072 bits';
    return new MotteError('SIGSTRUCT_MODULUS', { field: 'MODULUS', expected, offset });
  }
  if (s >= n) {
    const offset = SIGSTRUCT.offsetOf('signature');
    return new MotteError('SIGSTRUCT_SIGNATURE', {
      field: 'SIGNATURE',
      expected: 'less than MODULUS',
      offset,
    });
  }
  return undefined;
}

function checkSignature(parsed: Parsed): MotteError | undefined {
  const { bytes, s, n, values } = parsed;
  const right =
    values.exponent === SIGSTRUCT_EXPONENT &&
    checkModulus(parsed) === undefined &&
    cubeMod(s, n) === paddedDigest(sha256(signedBytes(bytes)));
  if (right) return undefined;
  return new MotteError('SIGSTRUCT_SIGNATURE', {
    field: 'SIGNATURE',
    expected: 'a PKCS #1 v1.5 signature of SHA-256 of bytes 0x0-0x7f and 0x384-0x403',
    offset: SIGSTRUCT.offsetOf('signature'),
  });
}

function checkQuotient(field: 'q1' | 'q2'): Check {
  return ({ values, s, n }) => {
    if (n !== 0n && fromLittleEndian(values[field]) === quotients(s, n)[field]) return undefined;
    return new MotteError('SIGSTRUCT_Q', {
      field: field.toUpperCase(),
      expected: field === 'q1' ? 'floor(s^2 / n)' : 'floor((s^3 - Q1 s n) / n)',
      offset: SIGSTRUCT.offsetOf(field),
    });
  };
}

const CHECKS: Readonly<Record<SigstructCheck, Check>> = {
  header: checkHeader,
  type: checkType,
  reserved: checkReserved,
  exponent: checkExponent,
  modulus: checkModulus,
  signature: checkSignature,
  q1: checkQuotient('q1'),
  q2: checkQuotient('q2'),
};

function parse(bytes: Uint8Array): Parsed {
  const values = parseSigstruct(bytes);
  return { bytes, values, s: fromLittleEndian(values.signature), n: fromLittleEndian(values.modulus) };
}

/** The result of each check by itself, for a report that shows all of them. Throws SIGSTRUCT_SIZE. */
export function sigstructChecks(bytes: Uint8Array): Readonly<Record<SigstructCheck, boolean>> {
  const parsed = parse(bytes);
  const results = SIGSTRUCT_CHECKS.map((name) => [name, CHECKS[name](parsed) === undefined] as const);
  return Object.fromEntries(results) as Record<SigstructCheck, boolean>;
}

/**
 * Whether a SIGSTRUCT is genuine, as EINIT decides it: constants, reserved bytes, exponent, modulus,
 * signature, Q1 and Q2. Returns its fields; throws for the first check that fails. Whether its signer is one
 * to trust, and its ENCLAVEHASH the right one, is for the caller to say; nor is DATE looked at, which some
 * signers do not write in BCD.
 */
export function verifySigstruct(bytes: Uint8Array): Sigstruct {
  const parsed = parse(bytes);
  for (const name of SIGSTRUCT_CHECKS) {
    const error = CHECKS[name](parsed);
    if (error !== undefined) throw error;
  }
  return parsed.values;
}
