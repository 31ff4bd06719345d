// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { hex64 } from '@motte/binary/hex';
import { toSource } from '@motte/binary/source';
import type { NewHasher } from './hash.js';
import { hashPadded } from './keystone/stream.js';
import { SANCTUM_FLAVOURS } from './sanctum/flavours.js';
import type { OperationKind, SanctumFlavour, SanctumFlavourName } from './sanctum/flavours.js';
import { checkValue, kindOf } from './sanctum/operations.js';
import type { SanctumOperation } from './sanctum/operations.js';
import { stepsOf } from './transcript.js';
import type { OnStep } from './transcript.js';

/** How an enclave is measured; each has a default. */
export interface MeasureSanctumOptions {
  /** Starts the monitor's hash; without it the platform's. */
  readonly newHasher?: NewHasher;
  /** Is told of every operation, for a transcript. */
  readonly onStep?: OnStep | undefined;
}

function bad(field: string, expected: string, found: string | number): MotteError {
  return new MotteError('SANCTUM_OPERATION', { field, expected, found });
}

function headOf(kind: OperationKind, values: SanctumOperation['values'], field: string): Uint8Array {
  const head = new Uint8Array(kind.head);
  const view = new DataView(head.buffer);
  if (kind.opcode !== undefined) view.setBigUint64(0, kind.opcode, true);
  for (const row of kind.fields) {
    const value = values[row.name];
    if (value === undefined) throw bad(`${field}.${row.name}`, 'a number', 'none');
    checkValue(row, value, `${field}.${row.name}`);
    if (row.bytes === 1) view.setUint8(row.at, Number(value));
    else view.setBigUint64(row.at, BigInt.asUintN(64, value), true);
  }
  return head;
}

function checkData(kind: OperationKind, { data }: SanctumOperation, field: string): void {
  if (kind.data === undefined) {
    if (data !== undefined) throw bad(`${field}.data`, 'none', `${toSource(data).size} bytes`);
    return;
  }
  const size = data === undefined ? undefined : toSource(data).size;
  const fits = kind.data === 'any' ? (size ?? 0) > 0 : size === kind.data;
  if (!fits) {
    const expected = kind.data === 'any' ? 'at least one byte' : `${kind.data} bytes`;
    throw bad(`${field}.data`, expected, size ?? 'none');
  }
}

/** `load_page va=0x1000 acl=0x7 4096 bytes` */
function stepName({ op, values, data }: SanctumOperation): string {
  const numbers = Object.entries(values).map(
    ([name, value]) => `${name}=${hex64(BigInt.asUintN(64, value))}`,
  );
  return [op, ...numbers, ...(data === undefined ? [] : [`${toSource(data).size} bytes`])].join(' ');
}

/**
 * The measurement of a Sanctum enclave: SHA-256 (pwnall) or SHA-512 (mit) over what its monitor does, operation
 * after operation. Throws SANCTUM_OPERATION.
 */
export function measureSanctum(
  name: SanctumFlavourName,
  operations: Iterable<SanctumOperation>,
  options: MeasureSanctumOptions = {},
): Uint8Array {
  const flavour: SanctumFlavour = SANCTUM_FLAVOURS[name];
  const hasher = (options.newHasher ?? flavour.newHasher)();
  const step = stepsOf(hasher, options.onStep);
  let count = 0;
  for (const operation of operations) {
    const field = `operations[${count}]`;
    const kind = kindOf(flavour, operation.op, `${field}.op`);
    if ((operation.op === flavour.first) !== (count === 0))
      throw bad(`${field}.op`, count === 0 ? flavour.first : `no second ${flavour.first}`, operation.op);
    checkData(kind, operation, field);
    hasher.update(headOf(kind, operation.values, field));
    if (operation.data !== undefined) {
      const data = toSource(operation.data);
      hashPadded(hasher, data, data.size);
    }
    step(() => stepName(operation));
    count++;
  }
  if (count === 0) throw bad('operations', flavour.first, 'an empty list');
  if (flavour.final !== undefined) {
    hasher.update(headOf(flavour.final, {}, 'final'));
    step(() => 'final');
  }
  return hasher.digest();
}
