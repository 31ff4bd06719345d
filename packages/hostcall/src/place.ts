// SPDX-License-Identifier: Apache-2.0
import type { Arg, BufferArg, LengthArg, Row, ValueResultArg } from './row.js';

/** Every buffer starts at a multiple of this, the unit in which a Keep touches host memory. */
export const UNIT = 8;

/** A buffer, or the word of a value-result argument, in the data area. */
export interface Placed {
  readonly name: string;
  readonly direction: BufferArg['direction'];
  /** Most bytes it can have. */
  readonly max: number;
  readonly buffer?: BufferArg;
}

/** The argument called `name`, if it is of this kind. */
export function argNamed<K extends Arg['kind']>(
  row: Row,
  name: string,
  ...kinds: K[]
): Extract<Arg, { kind: K }> | undefined {
  return row.args.find(
    (arg): arg is Extract<Arg, { kind: K }> => arg.name === name && (kinds as string[]).includes(arg.kind),
  );
}

/** The buffers of a row. */
export function buffersOf(row: Row): BufferArg[] {
  return row.args.filter((arg) => arg.kind === 'buffer');
}

/** The value-result arguments of a row. */
export function valueResultsOf(row: Row): ValueResultArg[] {
  return row.args.filter((arg) => arg.kind === 'value-result');
}

/** What says how long `buffer` is, if it is not of fixed size. */
export function lengthOf(row: Row, buffer: BufferArg): LengthArg | ValueResultArg | undefined {
  return 'by' in buffer.size ? argNamed(row, buffer.size.by, 'length', 'value-result') : undefined;
}

/** Most bytes of a buffer. */
export function maxBytes(row: Row, buffer: BufferArg): number {
  if ('bytes' in buffer.size) return buffer.size.bytes;
  return (lengthOf(row, buffer)?.max ?? Number.POSITIVE_INFINITY) * buffer.size.each;
}

/** How far something of `length` bytes reaches in the data area. */
export function room(length: number): number {
  return Math.ceil(length / UNIT) * UNIT;
}

/**
 * What is in the data area, in this order, each at the next multiple of 8 of what was asked for (not of what came),
 * so that guest and host know every place from the arguments alone.
 */
export function placed(row: Row): Placed[] {
  const buffers = buffersOf(row).map((buffer): Placed => ({
    name: buffer.name,
    direction: buffer.direction,
    max: maxBytes(row, buffer),
    buffer,
  }));
  const words = valueResultsOf(row).map((arg): Placed => ({ name: arg.name, direction: 'out', max: UNIT }));
  return [...buffers, ...words];
}

/**
 * The buffer of which the host writes only as much as its result says: the one output of a row, if `filled` by it.
 * With more outputs than one, the host writes all that was asked for, and what is not filled is not looked at.
 */
export function partlyWritten(row: Row): BufferArg | undefined {
  const outputs = placed(row).filter((place) => place.direction !== 'in');
  const [only] = outputs;
  return outputs.length === 1 && only?.buffer?.filled === 'result' ? only.buffer : undefined;
}
