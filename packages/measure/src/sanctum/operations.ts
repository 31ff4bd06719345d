// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import type { ByteSource } from '@motte/binary/source';
import { SANCTUM_FLAVOURS } from './flavours.js';
import type { OperationField, OperationKind, SanctumFlavour, SanctumFlavourName } from './flavours.js';

/** An operation of the monitor with its numbers and, if it loads something, the bytes. */
export interface SanctumOperation {
  readonly op: string;
  readonly values: Readonly<Record<string, bigint>>;
  readonly data?: Uint8Array | ByteSource;
}

function bad(field: string, expected: string, found: string | number | bigint): MotteError {
  return new MotteError('SANCTUM_OPERATION', { field, expected, found });
}

/** The table row of an operation. Throws SANCTUM_OPERATION. */
export function kindOf(flavour: SanctumFlavour, op: string, field: string): OperationKind {
  const kind = Object.hasOwn(flavour.operations, op) ? flavour.operations[op] : undefined;
  if (kind === undefined) throw bad(field, Object.keys(flavour.operations).join(', '), op);
  return kind;
}

/** Throws SANCTUM_OPERATION for a number that has no place in its field. */
export function checkValue({ bytes, signed }: OperationField, value: bigint, field: string): void {
  const bits = BigInt(8 * bytes);
  const [from, to] = signed === true ? [-(1n << (bits - 1n)), 1n << (bits - 1n)] : [0n, 1n << bits];
  if (value < from || value >= to) throw bad(field, `${from} to ${to - 1n}`, String(value));
}

function number(value: unknown, field: string): bigint {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  if (typeof value === 'string' && /^(?:0x[0-9a-f]{1,16}|-?[0-9]{1,20})$/iu.test(value)) return BigInt(value);
  throw bad(field, 'a whole number, or a text with one in decimal or 0x…', JSON.stringify(value) ?? 'none');
}

/** Reads an operation of a list in JSON; `read` makes bytes of what stands in `data`. */
function readOperation(
  flavour: SanctumFlavour,
  json: unknown,
  field: string,
  read: (data: unknown, field: string) => Uint8Array | ByteSource,
): SanctumOperation {
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw bad(field, 'an object', JSON.stringify(json) ?? 'none');
  const members = new Map<string, unknown>(Object.entries(json));
  const op = members.get('op');
  if (typeof op !== 'string') throw bad(`${field}.op`, 'a text', JSON.stringify(op) ?? 'none');
  const kind = kindOf(flavour, op, `${field}.op`);
  const values = Object.fromEntries(
    kind.fields.map((row) => {
      const value = number(members.get(row.name), `${field}.${row.name}`);
      checkValue(row, value, `${field}.${row.name}`);
      return [row.name, value];
    }),
  );
  for (const name of members.keys())
    if (name !== 'op' && values[name] === undefined && (name !== 'data' || kind.data === undefined))
      throw bad(`${field}.${name}`, `what ${op} takes`, 'another member');
  if (kind.data === undefined) return { op, values };
  return { op, values, data: read(members.get('data'), `${field}.data`) };
}

/**
 * Reads a list of operations, as `motte measure sanctum --ops` takes it. Throws SANCTUM_OPERATION for what is
 * unknown, missing, too much or out of range.
 */
export function readSanctumOperations(
  name: SanctumFlavourName,
  json: unknown,
  read: (data: unknown, field: string) => Uint8Array | ByteSource,
): SanctumOperation[] {
  if (!Array.isArray(json)) throw bad('operations', 'an array', typeof json);
  return json.map((item, i) => readOperation(SANCTUM_FLAVOURS[name], item, `operations[${i}]`, read));
}
