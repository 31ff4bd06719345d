// SPDX-License-Identifier: Apache-2.0
import { DATA_SIZE, HOSTCALL_BLOCK } from '../../src/block.js';
import { ALWAYS, ERRNO } from '../../src/errno.js';
import type { ErrnoName } from '../../src/errno.js';
import { REASONS } from '../../src/reasons.js';
import { intSize } from '../../src/row.js';
import type { BufferArg, FieldCheck, IntType, NumberCheck, Row, ValueResultArg } from '../../src/row.js';
import { bytesOf, hash, HASH_START, hex, littleEndian, numberAt, patchTokens } from './content.js';
import type { Content, Patch } from './content.js';

/** A buffer that the guest's function is given. */
export interface GuestBuffer {
  readonly arg: number;
  readonly size: number;
  readonly content: Content;
}

/** What the hostile host answers. */
export interface Lie {
  /** Added to the sequence that should be answered. */
  readonly delta: number;
  readonly result: bigint;
  readonly outLength: number;
  readonly data: Content;
  /** Changes to the rest of the header, which must not matter. */
  readonly header: readonly Patch[];
}

/** One call of a guest's function against one answer. */
export interface GuestCase {
  readonly row: number;
  readonly args: readonly bigint[];
  readonly buffers: readonly GuestBuffer[];
  /** Which copy of the application's own memory fails: 0 none, 1 out, 2 in. */
  readonly fault: 0 | 1 | 2;
  readonly lie: Lie;
}

const U64 = (1n << 64n) - 1n;

/** The call of a case as the harness reads it; each buffer ends at a guard page, or starts at one. */
export function callTokens(one: Omit<GuestCase, 'lie'>, side: 0 | 1): string {
  const buffers = one.buffers.map(
    (buffer) =>
      `${hex(buffer.arg)} ${hex(buffer.size)} ${side} ${hex(buffer.content.seed)} ${patchTokens(buffer.content.patches)}`,
  );
  return [
    'guest',
    hex(one.row),
    ...Array.from({ length: 6 }, (_, i) => hex((one.args[i] ?? 0n) & U64)),
    hex(one.buffers.length),
    ...buffers,
    one.fault,
  ].join(' ');
}

/** The case as the harness reads it. */
export function guestLine(one: GuestCase, side: 0 | 1): string {
  const { lie } = one;
  return [
    callTokens(one, side),
    'lie',
    hex(lie.delta),
    hex(lie.result & U64),
    hex(lie.outLength),
    hex(lie.data.seed),
    patchTokens(lie.data.patches),
    patchTokens(lie.header),
  ].join(' ');
}

/** Whether a number is what it must be: the table's meaning, written a second time. */
export function meets(value: bigint, check: NumberCheck): boolean {
  if ('oneOf' in check) return check.oneOf.some((one) => BigInt(one) === value);
  if ('range' in check) return value >= check.range[0] && value <= check.range[1];
  if ('bits' in check) return (BigInt.asUintN(64, value) & ~BigInt(check.bits) & U64) === 0n;
  return value !== 0n && value % BigInt(check.multipleOf) === 0n;
}

export function fieldValue(bytes: Uint8Array, at: number, type: IntType): bigint {
  return numberAt(bytes, at, intSize(type), type.startsWith('i'));
}

function fieldOk(field: FieldCheck, came: Uint8Array, sent: Uint8Array | undefined): boolean {
  const value = fieldValue(came, field.at, field.type);
  if (field.check !== undefined && !meets(value, field.check)) return false;
  if (sent === undefined) return true;
  if (field.same === true && value !== fieldValue(sent, field.at, field.type)) return false;
  if (field.within === undefined) return true;
  const asked = fieldValue(sent, field.within.at, field.type) | BigInt(field.within.also);
  const may = fieldValue(sent, field.within.handle, 'i32') < 0n ? 0n : asked;
  return (value & ~may) === 0n;
}

/** Whether each element of a buffer is what it must be. */
export function elementsOk(buffer: BufferArg, came: Uint8Array, sent?: Uint8Array): boolean {
  const each = 'bytes' in buffer.size ? buffer.size.bytes : buffer.size.each;
  for (let at = 0; at < came.length; at += each) {
    const element = came.subarray(at, at + each);
    const before = sent?.subarray(at, at + each);
    if (!(buffer.fields ?? []).every((field) => fieldOk(field, element, before))) return false;
  }
  return true;
}

/** What a call has room for, from its arguments: how long each buffer is, and where. */
export interface Extent {
  readonly args: readonly bigint[];
  readonly places: readonly { arg: number; at: number; size: number; direction: 'in' | 'out' | 'inout' }[];
}

/** The arguments as they go out, or the errno that the Keep answers itself. */
export function extent(
  row: Row,
  given: readonly bigint[],
  buffers: readonly GuestBuffer[],
): Extent | ErrnoName {
  const args = row.args.map((arg, i): bigint =>
    arg.kind === 'constant' ? BigInt(arg.value) : (given[i] ?? 0n),
  );
  const content = (i: number): Uint8Array => {
    const buffer = buffers.find((one) => one.arg === i);
    return buffer === undefined ? new Uint8Array() : bytesOf(buffer.content, buffer.size);
  };
  for (const [i, arg] of row.args.entries()) {
    const value = args[i] ?? 0n;
    if (arg.kind === 'value' && arg.check !== undefined && !meets(value, arg.check))
      return arg.otherwise ?? 'EINVAL';
    if (arg.kind === 'handle' && value < 0n) return 'EBADF';
    if (arg.kind === 'keep-offset' && value % 4096n !== 0n) return 'EINVAL';
    if (arg.kind === 'length' && value > BigInt(arg.max)) {
      if (arg.over !== 'cut') return arg.over;
      args[i] = BigInt(arg.max);
    }
    if (arg.kind === 'value-result') {
      const asked = numberAt(content(i), 0, 4, false);
      args[i] = asked < BigInt(arg.max) ? asked : BigInt(arg.max);
    }
    if (arg.kind === 'buffer') {
      args[i] = 0n;
      if (arg.direction === 'in' && !elementsOk(arg, content(i))) return 'EINVAL';
    }
  }
  const places: Extent['places'][number][] = [];
  let at = 0;
  for (const [i, arg] of row.args.entries()) {
    if (arg.kind !== 'buffer') continue;
    const { size } = arg;
    const by = 'by' in size ? row.args.findIndex((other) => other.name === size.by) : -1;
    const bytes = 'bytes' in size ? size.bytes : Number(args[by] ?? 0n) * size.each;
    places.push({ arg: i, at, size: bytes, direction: arg.direction });
    at += Math.ceil(bytes / 8) * 8;
  }
  for (const [i, arg] of row.args.entries()) {
    if (arg.kind !== 'value-result') continue;
    places.push({ arg: i, at, size: 8, direction: 'out' });
    at += 8;
  }
  return { args, places };
}

/** Bytes of the data area up to the last buffer that goes in this direction. */
export function reach(given: Extent, direction: 'in' | 'out'): number {
  const ends = given.places.filter((place) => place.direction === direction || place.direction === 'inout');
  return ends.reduce((most, place) => Math.max(most, place.at + place.size), 0);
}

/** What out_length must be after success. */
export function legalOutLength(row: Row, given: Extent, result: bigint): number {
  const outs = given.places.filter((place) => place.direction !== 'in');
  const [only] = outs;
  const arg = row.args[only?.arg ?? -1];
  if (outs.length === 1 && arg?.kind === 'buffer' && arg.filled === 'result')
    return Number(result) * ('by' in arg.size ? arg.size.each : 1);
  return reach(given, 'out');
}

function resultOk(row: Row, given: Extent, result: bigint, nonZero: bigint): boolean {
  const of = (name: string): bigint => given.args[row.args.findIndex((arg) => arg.name === name)] ?? 0n;
  switch (row.result.kind) {
    case 'zero':
      return result === 0n;
    case 'range':
      return result >= row.result.from && result <= row.result.to;
    case 'count':
      return result <= of(row.result.of);
    case 'part':
      return result > 0n && result <= of(row.result.of) && result % BigInt(row.result.step) === 0n;
    case 'non-zero':
      return result === nonZero;
  }
}

type Outcome =
  { readonly refuse: keyof typeof REASONS } | { readonly value: bigint; readonly buffers: Uint8Array[] };

function answered(row: Row, one: GuestCase, given: Extent, before: Uint8Array[]): Outcome {
  const { lie } = one;
  const result = BigInt.asIntN(64, lie.result);
  if (lie.delta !== 0) return { refuse: 'HOST_ORDER' };
  if (result < 0n) {
    const names: readonly ErrnoName[] = [...ALWAYS, ...row.errnos];
    if (!names.some((name) => BigInt(ERRNO[name]) === -result)) return { refuse: 'HOST_RESULT' };
    return lie.outLength === 0 ? { value: result, buffers: before } : { refuse: 'HOST_LENGTH' };
  }
  const data = bytesOf(lie.data, Math.min(DATA_SIZE, reach(given, 'out')));
  let nonZero = 0n;
  const kind = row.result;
  if (kind.kind === 'non-zero') {
    const place = given.places.find((p) => row.args[p.arg]?.name === kind.of);
    const arg = row.args[place?.arg ?? -1];
    if (place !== undefined && arg?.kind === 'buffer' && 'by' in arg.size)
      for (let at = place.at; at < place.at + place.size; at += arg.size.each)
        if (fieldValue(data, at + kind.at, kind.type) !== 0n) nonZero++;
  } else if (!resultOk(row, given, result, 0n)) return { refuse: 'HOST_RESULT' };
  if (lie.outLength !== legalOutLength(row, given, result)) return { refuse: 'HOST_LENGTH' };
  const lengths = new Map<string, bigint>();
  for (const place of given.places) {
    const arg = row.args[place.arg];
    if (arg?.kind !== 'value-result') continue;
    const value = numberAt(data, place.at, 8, false);
    if (value > BigInt((arg satisfies ValueResultArg).max)) return { refuse: 'HOST_LENGTH' };
    lengths.set(arg.name, value);
  }
  const buffers = before.map((bytes) => bytes.slice());
  for (const place of given.places) {
    const arg = row.args[place.arg];
    const index = one.buffers.findIndex((buffer) => buffer.arg === place.arg);
    const into = buffers[index];
    if (into === undefined || place.direction === 'in') continue;
    if (arg?.kind === 'value-result') into.set(littleEndian(lengths.get(arg.name) ?? 0n, 4));
    if (arg?.kind !== 'buffer') continue;
    const came = data.subarray(place.at, place.at + place.size);
    const sent = arg.direction === 'inout' ? before[index] : undefined;
    if (!elementsOk(arg, came, sent)) return { refuse: arg.reason ?? 'HOST_RESULT' };
    let valid = place.size;
    if (arg.filled === 'result') valid = Number(result) * ('by' in arg.size ? arg.size.each : 1);
    if (arg.filled === 'value-result' && 'by' in arg.size)
      valid = Math.min(place.size, Number(lengths.get(arg.size.by) ?? 0n));
    into.set(came.subarray(0, valid));
  }
  if (!resultOk(row, given, result, nonZero)) return { refuse: 'HOST_RESULT' };
  return { value: result, buffers };
}

/** Hash of what the host is shown. */
function requestHash(row: Row, one: GuestCase, given: Extent): number {
  const inputs = reach(given, 'in');
  const data = new Uint8Array(Math.ceil(inputs / 8) * 8);
  for (const place of given.places) {
    const buffer = one.buffers.find((candidate) => candidate.arg === place.arg);
    if (buffer !== undefined && place.direction !== 'out')
      data.set(bytesOf(buffer.content, buffer.size).subarray(0, place.size), place.at);
  }
  const header = HOSTCALL_BLOCK.write({
    version: 1,
    number: row.number,
    in_length: inputs,
    ...Object.fromEntries(given.args.map((value, i) => [`arg${i}`, BigInt.asUintN(64, value)])),
  });
  const parts = [
    header.subarray(0, 4),
    header.subarray(8, 12),
    header.subarray(0x10, 0x40),
    header.subarray(0x48, 0x4c),
    data,
  ];
  return parts.reduce((h, part) => hash(part, h), HASH_START);
}

/** What the harness must print: the whole line, or its start when the Keep refuses (its buffers do not matter then). */
export function expectedLine(row: Row, one: GuestCase): string {
  const before = one.buffers.map((buffer) => bytesOf(buffer.content, buffer.size));
  const hashes = (buffers: readonly Uint8Array[]): string =>
    buffers.map((bytes) => ` ${hex(hash(bytes))}`).join('');
  const errno = (name: ErrnoName, sent: string): string =>
    `return ${hex(BigInt.asUintN(64, BigInt(-ERRNO[name])))} ${sent}${hashes(before)}`;
  const given = extent(row, one.args, one.buffers);
  if (typeof given === 'string') return errno(given, '0 0');
  if (one.fault === 1 && given.places.some((place) => place.direction !== 'out'))
    return errno('EFAULT', '0 0');
  const request = `1${row.blocks === true ? 'u' : ''} ${hex(requestHash(row, one, given))}`;
  const outcome = answered(row, one, given, before);
  if ('refuse' in outcome) return `refuse ${hex(REASONS[outcome.refuse].number)} ${request}`;
  const copies = given.places.some((place) => place.direction !== 'in');
  if (one.fault === 2 && outcome.value >= 0n && copies) return errno('EFAULT', request);
  return `return ${hex(BigInt.asUintN(64, outcome.value))} ${request}${hashes(outcome.buffers)}`;
}
