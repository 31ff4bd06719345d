// SPDX-License-Identifier: Apache-2.0
import { HOSTCALL_BLOCK } from '../../src/block.js';
import { ALWAYS, ERRNO } from '../../src/errno.js';
import type { ErrnoName } from '../../src/errno.js';
import { promptNumbers } from '../../src/generate/prompt.js';
import { intSize } from '../../src/row.js';
import type { BufferArg, Row } from '../../src/row.js';
import {
  bytesOf,
  hash,
  HASH_START,
  hex,
  littleEndian,
  numberAt,
  patchToken,
  patchTokens,
} from './content.js';
import type { Content, Patch } from './content.js';
import { elementsOk, fieldValue, legalOutLength, meets, reach } from './model.js';
import type { Extent } from './model.js';

/** What a handler of the tests answers. */
export interface Script {
  readonly result: bigint;
  /** What it sets value-result lengths to. */
  readonly length: number;
  /** The stream that it fills its outputs with; 0 leaves them. */
  readonly fill: number;
  /** What it writes then, by argument. */
  readonly patches: readonly (Patch & { readonly arg: number })[];
}

/** A block as a hostile Keep hands it over. */
export interface HostCase {
  readonly version: number;
  readonly sequence: number;
  readonly number: number;
  readonly args: readonly bigint[];
  readonly inLength: number;
  readonly data: Content;
  /** Whether the block changes as it is read. */
  readonly step: boolean;
  /** Served on another thread than the one that the block belongs to. */
  readonly elsewhere?: true;
  readonly script: Script;
}

const U64 = (1n << 64n) - 1n;
const GRANTED = 3n;
const FIRST = 100n;
const KEEP_SIZE = 0x40000000n;

export function scriptTokens(script: Script): string {
  return [
    hex(script.result & U64),
    hex(script.length),
    hex(script.fill),
    hex(script.patches.length),
    ...script.patches.map((one) => `${hex(one.arg)} ${patchToken(one)}`),
  ].join(' ');
}

/** The case as the harness reads it. */
export function hostLine(rows: readonly Row[], one: HostCase): string {
  const header = HOSTCALL_BLOCK.write({
    version: one.version,
    sequence: one.sequence,
    number: one.number,
    in_length: one.inLength,
    ...Object.fromEntries(one.args.map((value, i) => [`arg${i}`, value & U64])),
  });
  const asked = request(rows, one);
  return [
    'host',
    hex('errno' in asked ? 0 : reach(asked.given, 'out')),
    hex(one.data.seed),
    patchTokens(one.data.patches),
    patchTokens([{ at: 0, bytes: header }]),
    one.step ? 1 : 0,
    one.elsewhere === true ? 1 : 0,
    scriptTokens(one.script),
  ].join(' ');
}

interface Accepted {
  readonly row: Row;
  readonly index: number;
  readonly given: Extent;
  readonly data: Uint8Array;
  /** What the handler is given for inout buffers, by argument. */
  readonly shown: ReadonlyMap<number, Uint8Array>;
}

/** What the dispatcher makes of a request: a handler's call, or an errno without one. */
function request(rows: readonly Row[], one: HostCase): Accepted | { readonly errno: ErrnoName } {
  const index = rows.findIndex(
    (row) =>
      row.number === one.number &&
      row.args.every(
        (arg, i) => arg.kind !== 'constant' || BigInt(arg.value) === ((one.args[i] ?? 0n) & U64),
      ),
  );
  const row = rows[index];
  if (row === undefined || one.version !== 1) return { errno: 'ENOSYS' };
  if (one.elsewhere === true && !promptNumbers(rows).includes(row.number)) return { errno: 'ENOSYS' };
  const args = row.args.map((_, i) => (one.args[i] ?? 0n) & U64);
  for (const [i, arg] of row.args.entries()) {
    const raw = args[i] ?? 0n;
    if (arg.kind === 'value') {
      const bits = 8 * intSize(arg.type);
      const value = arg.type.startsWith('i') ? BigInt.asIntN(bits, raw) : BigInt.asUintN(bits, raw);
      if ((value & U64) !== raw || (arg.check !== undefined && !meets(value, arg.check)))
        return { errno: arg.otherwise ?? 'EINVAL' };
      args[i] = value;
    }
    if (arg.kind === 'handle' && raw >= GRANTED) return { errno: 'EBADF' };
    if (arg.kind === 'length' && raw > BigInt(arg.max))
      return { errno: arg.over === 'cut' ? 'EINVAL' : arg.over };
    if (arg.kind === 'value-result' && raw > BigInt(arg.max)) return { errno: 'EINVAL' };
  }
  const places: Extent['places'][number][] = [];
  let at = 0;
  const place = (arg: number, size: number, direction: BufferArg['direction']): void => {
    places.push({ arg, at, size, direction });
    at += Math.ceil(size / 8) * 8;
  };
  for (const [i, arg] of row.args.entries()) {
    if (arg.kind === 'keep-offset') {
      const length = args[row.args.findIndex((other) => other.name === arg.length)] ?? 0n;
      const offset = args[i] ?? 0n;
      if (offset % 4096n !== 0n || offset + length > KEEP_SIZE) return { errno: 'EINVAL' };
    }
    if (arg.kind !== 'buffer') continue;
    const { size } = arg;
    const by = 'by' in size ? row.args.findIndex((other) => other.name === size.by) : -1;
    place(i, 'bytes' in size ? size.bytes : Number(args[by] ?? 0n) * size.each, arg.direction);
  }
  for (const [i, arg] of row.args.entries()) if (arg.kind === 'value-result') place(i, 8, 'out');
  const given: Extent = { args, places };
  if (one.inLength !== reach(given, 'in')) return { errno: 'EINVAL' };
  const data = bytesOf(one.data, at);
  const shown = new Map<number, Uint8Array>();
  for (const { arg: i, at: from, size, direction } of places) {
    const arg = row.args[i];
    if (arg?.kind !== 'buffer' || direction === 'out') continue;
    const bytes = data.slice(from, from + size);
    if (direction === 'in' && !elementsOk(arg, bytes)) return { errno: 'EINVAL' };
    const each = 'by' in arg.size ? arg.size.each : size;
    for (const field of (arg.fields ?? []).filter(({ handle }) => handle === true))
      for (let element = 0; element < size; element += each) {
        const handle = fieldValue(bytes, element + field.at, field.type);
        if (handle >= GRANTED) return { errno: 'EBADF' };
        if (handle >= 0n) bytes.set(littleEndian(handle + FIRST, 4), element + field.at);
      }
    shown.set(i, bytes);
  }
  return { row, index, given, data, shown };
}

function argumentsHash(asked: Accepted): number {
  const { row, given, shown } = asked;
  const parts = row.args.flatMap((arg, i): Uint8Array[] => {
    const value = given.args[i] ?? 0n;
    if (arg.kind === 'handle') return [littleEndian(value + FIRST, 8)];
    if (arg.kind === 'value' || arg.kind === 'length' || arg.kind === 'keep-offset')
      return [littleEndian(value, 8)];
    return arg.kind === 'buffer' ? [shown.get(i) ?? new Uint8Array()] : [];
  });
  const lengths = row.args.flatMap((arg, i) =>
    arg.kind === 'value-result' ? [littleEndian(given.args[i] ?? 0n, 8)] : [],
  );
  return [...parts, ...lengths].reduce((h, part) => hash(part, h), HASH_START);
}

/** The errno in place of one, or of a result, that the guest would end over. */
export function instead(row: Row): ErrnoName {
  if (row.errnos.includes('EIO')) return 'EIO';
  if (row.errnos.includes('EINVAL')) return 'EINVAL';
  return row.errnos.includes('EBADF') ? 'EBADF' : 'ENOSYS';
}

function outputs(asked: Accepted, script: Script): Uint8Array | undefined {
  const { row, given, shown } = asked;
  const data = asked.data.slice();
  for (const { arg: i, at, size, direction } of given.places) {
    const arg = row.args[i];
    if (arg?.kind === 'value-result') {
      if (script.length > arg.max) return undefined;
      data.set(littleEndian(BigInt(script.length), 8), at);
    }
    if (arg?.kind !== 'buffer' || direction === 'in') continue;
    // Only bulk bytes are the data area itself; a private copy starts as zeros.
    let bytes = shown.get(i) ?? (arg.bulk === true ? data.slice(at, at + size) : new Uint8Array(size));
    if (script.fill !== 0) bytes = bytesOf({ seed: script.fill, patches: [] }, size);
    for (const patch of script.patches)
      if (patch.arg === i && patch.at + patch.bytes.length <= size) bytes.set(patch.bytes, patch.at);
    const sent = direction === 'inout' ? asked.data.subarray(at, at + size) : undefined;
    const each = 'by' in arg.size ? arg.size.each : size;
    for (const field of (arg.fields ?? []).filter(({ handle }) => handle === true))
      for (let element = 0; element < size; element += each)
        bytes.set((sent ?? bytes).subarray(element + field.at, element + field.at + 4), element + field.at);
    if (!elementsOk(arg, bytes, sent)) return undefined;
    data.set(bytes, at);
  }
  return data;
}

function success(asked: Accepted, script: Script): { length: number; data: Uint8Array } | undefined {
  const { row, given } = asked;
  const result = BigInt.asIntN(64, script.result);
  const data = outputs(asked, script);
  if (data === undefined) return undefined;
  const kind = row.result;
  const of = (name: string): number => row.args.findIndex((arg) => arg.name === name);
  switch (kind.kind) {
    case 'zero':
      if (result !== 0n) return undefined;
      break;
    case 'range':
      if (result < kind.from || result > kind.to) return undefined;
      break;
    case 'count':
      if (result > (given.args[of(kind.of)] ?? 0n)) return undefined;
      break;
    case 'part':
      if (result <= 0n || result > (given.args[of(kind.of)] ?? 0n) || result % BigInt(kind.step) !== 0n)
        return undefined;
      break;
    case 'non-zero': {
      const place = given.places.find((one) => one.arg === of(kind.of));
      const arg = row.args[of(kind.of)];
      const each = arg?.kind === 'buffer' && 'by' in arg.size ? arg.size.each : 1;
      let events = 0n;
      for (let at = place?.at ?? 0; at < (place?.at ?? 0) + (place?.size ?? 0); at += each)
        if (numberAt(data, at + kind.at, intSize(kind.type), false) !== 0n) events++;
      if (result !== events) return undefined;
    }
  }
  return { length: legalOutLength(row, given, result), data };
}

/** What the harness must print. */
export function expectedHostLine(rows: readonly Row[], one: HostCase): string {
  const asked = request(rows, one);
  const failed = (name: ErrnoName | bigint): string =>
    `serve ${hex((typeof name === 'bigint' ? name : BigInt(-ERRNO[name])) & U64)} 0 ${hex(HASH_START)}`;
  if ('errno' in asked) return `${failed(asked.errno)} called 0 0 0`;
  const called = `called 1 ${hex(asked.index)} ${hex(argumentsHash(asked))}`;
  const result = BigInt.asIntN(64, one.script.result);
  if (result < 0n) {
    const names: readonly ErrnoName[] = [...ALWAYS, ...asked.row.errnos];
    const known = names.some((name) => BigInt(ERRNO[name]) === -result);
    return `${failed(known ? result : instead(asked.row))} ${called}`;
  }
  const out = success(asked, one.script);
  if (out === undefined) return `${failed(instead(asked.row))} ${called}`;
  return `serve ${hex(result)} ${hex(out.length)} ${hex(hash(out.data.subarray(0, out.length)))} ${called}`;
}
