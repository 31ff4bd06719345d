// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { toHex } from '@motte/binary/hex';
import type { KeepConfig } from '@motte/config/keep-config';
import { planSigstruct } from '@motte/sign/sgx/sign';
import { parseSigstruct, signedBytes } from '@motte/sign/sgx/sigstruct';
import { verifySigstruct } from '@motte/sign/sgx/verify';
import type { Sigstruct } from '@motte/sign/sgx/sigstruct';
import type { MeasuredKeep } from './keep.js';

/** The SIGSTRUCT that this Keep wants, unsigned: only its date is free. */
export function keepSigstruct(
  { plan, measurement }: MeasuredKeep,
  { sgx }: KeepConfig,
  date: number,
): Uint8Array {
  return planSigstruct(plan, measurement, { date, isvprodid: sgx.isvprodid, isvsvn: sgx.isvsvn });
}

const shown = (value: unknown): string =>
  value instanceof Uint8Array
    ? toHex(value)
    : typeof value === 'bigint'
      ? `0x${value.toString(16)}`
      : String(value);

/**
 * Whether a SIGSTRUCT is genuine and for this Keep: its MRENCLAVE, attributes with every mask bit set, and the product
 * of its configuration. Returns its fields. Throws SIGSTRUCT_*, IMAGE_NATIVE_SIGNATURE.
 */
export function checkSigstruct(sigstruct: Uint8Array, keep: MeasuredKeep, config: KeepConfig): Sigstruct {
  const found = verifySigstruct(sigstruct);
  const wanted = keepSigstruct(keep, config, found.date);
  if (toHex(signedBytes(wanted)) === toHex(signedBytes(sigstruct))) return found;
  const expected = parseSigstruct(wanted);
  const unsigned: readonly string[] = ['modulus', 'exponent', 'signature', 'q1', 'q2'];
  const field = (Object.keys(expected) as (keyof Sigstruct)[]).find(
    (name) => !unsigned.includes(name) && shown(expected[name]) !== shown(found[name]),
  );
  throw new MotteError('IMAGE_NATIVE_SIGNATURE', {
    field: `SIGSTRUCT: ${field ?? 'signed bytes'}`,
    ...(field === undefined ? {} : { expected: shown(expected[field]), found: shown(found[field]) }),
  });
}
