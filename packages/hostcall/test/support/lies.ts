// SPDX-License-Identifier: Apache-2.0
import { DATA_SIZE } from '../../src/block.js';
import { intSize } from '../../src/row.js';
import type { Arg, FieldCheck, NumberCheck, Row } from '../../src/row.js';
import { bytesOf, littleEndian } from './content.js';
import type { Patch } from './content.js';
import { extent, fieldValue, legalOutLength } from './model.js';
import type { Extent, GuestBuffer, GuestCase, Lie } from './model.js';

const PAGES = 4;

/** A number that meets the check. */
function legalNumber(check: NumberCheck | undefined): bigint {
  if (check === undefined) return 1n;
  if ('oneOf' in check) return BigInt(check.oneOf[0] ?? 0);
  if ('range' in check) return check.range[0];
  if ('bits' in check) return BigInt(check.bits);
  return BigInt(check.multipleOf * PAGES);
}

/** Numbers on both sides of every edge of the check. */
export function edges(check: NumberCheck | undefined): bigint[] {
  const always = [0n, 1n, -1n, 2n ** 31n - 1n, -(2n ** 31n), 2n ** 63n - 1n, -(2n ** 63n)];
  if (check === undefined) return always;
  const near = (value: bigint): bigint[] => [value - 1n, value, value + 1n];
  if ('oneOf' in check) return [...always, ...check.oneOf.flatMap((one) => near(BigInt(one)))];
  if ('range' in check) return [...always, ...check.range.flatMap(near)];
  if ('bits' in check) return [...always, ...Array.from({ length: 64 }, (_, i) => 1n << BigInt(i))];
  return [...always, ...near(BigInt(check.multipleOf)), BigInt(check.multipleOf * 3)];
}

/** The numbers of `values` that an argument of this size can carry as they are. */
function fitting(values: bigint[], size: number, signed: boolean): bigint[] {
  const cut = (value: bigint): bigint =>
    signed ? BigInt.asIntN(8 * size, value) : BigInt.asUintN(8 * size, value);
  return [...new Set(values.map(cut))];
}

function legalArg(arg: Arg, elements: number): bigint {
  switch (arg.kind) {
    case 'value':
      return legalNumber(arg.check);
    case 'handle':
      return 1n;
    case 'length':
      return BigInt(elements);
    case 'keep-offset':
      return 0x2000n;
    case 'constant':
    case 'buffer':
    case 'value-result':
      return 0n;
  }
}

/** Patches that make a field of every element legal. */
function legalFields(fields: readonly FieldCheck[], each: number, size: number): Patch[] {
  const out: Patch[] = [];
  for (let at = 0; at < size; at += each)
    for (const field of fields) {
      // Every other element is of no descriptor.
      const handle = field.handle === true ? ((at / each) % 2 === 0 ? 2n : -1n) : undefined;
      const value = handle ?? (field.within === undefined ? legalNumber(field.check) : 0n);
      out.push({ at: at + field.at, bytes: littleEndian(value, intSize(field.type)) });
    }
  return out;
}

/** The buffers that fit these arguments, with legal content. */
export function legalBuffers(row: Row, args: readonly bigint[], asked: number): GuestBuffer[] {
  return row.args.flatMap((arg, i): GuestBuffer[] => {
    if (arg.kind === 'value-result')
      return [
        {
          arg: i,
          size: 4,
          content: { seed: 1, patches: [{ at: 0, bytes: littleEndian(BigInt(asked), 4) }] },
        },
      ];
    if (arg.kind !== 'buffer') return [];
    const { size } = arg;
    let bytes = 'bytes' in size ? size.bytes : 0;
    if ('by' in size) {
      const by = row.args.findIndex((other) => other.name === size.by);
      const length = row.args[by];
      const max = length?.kind === 'length' || length?.kind === 'value-result' ? length.max : 0;
      const count = length?.kind === 'value-result' ? BigInt(asked) : (args[by] ?? 0n);
      bytes = Number(count < BigInt(max) ? count : BigInt(max)) * size.each;
    }
    const each = 'bytes' in size ? size.bytes : size.each;
    const fields = arg.direction === 'out' ? [] : (arg.fields ?? []);
    return [
      { arg: i, size: bytes, content: { seed: 0x5eed + i, patches: legalFields(fields, each, bytes) } },
    ];
  });
}

/** An answer that no guest may refuse. */
export function legalLie(row: Row, given: Extent, buffers: readonly GuestBuffer[]): Lie {
  const patches: Patch[] = [];
  let events = 0n;
  for (const place of given.places) {
    const arg = row.args[place.arg];
    if (arg?.kind === 'value-result') patches.push({ at: place.at, bytes: littleEndian(5n, 8) });
    if (arg?.kind !== 'buffer' || arg.fields === undefined || place.direction === 'in') continue;
    const buffer = buffers.find((one) => one.arg === place.arg);
    const each = 'bytes' in arg.size ? arg.size.bytes : arg.size.each;
    if (place.direction === 'inout' && buffer !== undefined) {
      const sent = bytesOf(buffer.content, buffer.size);
      if (sent.length > 0) patches.push({ at: place.at, bytes: sent });
      const result = row.result;
      if (result.kind !== 'non-zero') continue;
      for (let at = 0; at < sent.length; at += each)
        if (fieldValue(sent, at + result.at, result.type) !== 0n) events++;
    } else {
      for (const patch of legalFields(arg.fields, each, place.size))
        patches.push({ at: place.at + patch.at, bytes: patch.bytes });
    }
  }
  const result = row.result;
  const of = (name: string): bigint => given.args[row.args.findIndex((arg) => arg.name === name)] ?? 0n;
  let value = 0n;
  if (result.kind === 'range') value = result.from;
  if (result.kind === 'count') value = of(result.of);
  if (result.kind === 'part') value = BigInt(result.step);
  if (result.kind === 'non-zero') value = events;
  return {
    delta: 0,
    result: value,
    outLength: legalOutLength(row, given, value),
    data: { seed: 0xda7a, patches },
    header: [],
  };
}

function results(row: Row, given: Extent): bigint[] {
  const values = [
    -4096n,
    -4095n,
    0n,
    1n,
    4096n,
    2n ** 31n,
    2n ** 32n,
    2n ** 63n - 1n,
    -(2n ** 63n),
    -(2n ** 32n),
  ];
  for (let errno = 1n; errno <= 200n; errno++) values.push(-errno);
  values.push(-512n, -513n, -514n, -516n); // Linux's own restart codes must never come out
  const result = row.result;
  if (result.kind === 'range') values.push(result.from - 1n, result.from + 1n, result.to, result.to + 1n);
  const named = 'of' in result ? given.args[row.args.findIndex((arg) => arg.name === result.of)] : undefined;
  if (named !== undefined)
    values.push(named - 1n, named, named + 1n, named * 2n, named + 4096n, named - 4096n);
  return [...new Set(values)];
}

/** Every kind of lie about one call whose arguments are good. */
function liesAbout(row: Row, one: GuestCase, given: Extent): Lie[] {
  const good = one.lie;
  const out: Lie[] = [good];
  for (const delta of [1, 0xffffffff, 0x80000000]) out.push({ ...good, delta });
  for (const result of results(row, given)) {
    const legal = result < 0n ? 0 : Number(BigInt.asUintN(31, BigInt(legalOutLength(row, given, result))));
    const lengths = [
      legal,
      legal + 1,
      legal + 8,
      Math.max(0, legal - 1),
      0,
      DATA_SIZE,
      DATA_SIZE + 1,
      0xffffffff,
    ];
    for (const outLength of result < -12n ? [0] : new Set(lengths)) out.push({ ...good, result, outLength });
  }
  for (const place of given.places) {
    const arg = row.args[place.arg];
    const patched = (at: number, bytes: Uint8Array, result = good.result): void => {
      out.push({ ...good, result, data: { ...good.data, patches: [...good.data.patches, { at, bytes }] } });
    };
    if (arg?.kind === 'value-result') {
      const asked = given.args[place.arg] ?? 0n;
      for (const value of [
        0n,
        1n,
        asked - 1n,
        asked,
        asked + 1n,
        BigInt(arg.max),
        BigInt(arg.max) + 1n,
        2n ** 32n,
        2n ** 64n - 1n,
      ])
        patched(place.at, littleEndian(value, 8));
    }
    if (arg?.kind !== 'buffer' || place.direction === 'in' || place.size === 0) continue;
    const each = 'bytes' in arg.size ? arg.size.bytes : arg.size.each;
    for (const element of new Set([0, Math.min(each, place.size - each), place.size - each])) {
      for (const field of arg.fields ?? []) {
        const size = intSize(field.type);
        const bits = Array.from({ length: 8 * size }, (_, i) => 1n << BigInt(i));
        for (const value of fitting([...edges(field.check), ...bits], size, false))
          for (const result of new Set([good.result, good.result + 1n]))
            patched(place.at + element + field.at, littleEndian(value, size), result);
      }
    }
  }
  // Pointers and nonsense everywhere in the header that the host has no business to write.
  for (let at = 0x10; at < 0x40; at += 8)
    out.push({ ...good, header: [{ at, bytes: littleEndian(0x7fff_ffff_f000n, 8) }] });
  for (const at of [0x00, 0x04, 0x08, 0x48])
    out.push({ ...good, header: [{ at, bytes: littleEndian(0xffff_ffffn, 4) }] });
  out.push({ ...good, header: [{ at: 0x50, bytes: new Uint8Array(48).fill(0xff) }] });
  return out;
}

/** A call with good arguments and a good answer. */
export function goodCase(row: Row, index: number, elements = 5, asked = 16): GuestCase {
  const args = row.args.map((arg) => legalArg(arg, elements));
  return withAnswer(row, { row: index, args, buffers: legalBuffers(row, args, asked), fault: 0 });
}

/** The call with the answer that fits it. */
export function withAnswer(row: Row, call: Omit<GuestCase, 'lie'>): GuestCase {
  const given = extent(row, call.args, call.buffers);
  const none: Lie = { delta: 0, result: 0n, outLength: 0, data: { seed: 1, patches: [] }, header: [] };
  return { ...call, lie: typeof given === 'string' ? none : legalLie(row, given, call.buffers) };
}

/** Good answers to calls with arguments on both sides of every edge. */
function argumentCases(row: Row, index: number): GuestCase[] {
  const good = goodCase(row, index);
  return row.args.flatMap((arg, i): GuestCase[] => {
    const values = ((): bigint[] => {
      switch (arg.kind) {
        case 'value':
          return fitting(edges(arg.check), intSize(arg.type), arg.type.startsWith('i'));
        case 'handle':
          return [0n, 2n, 3n, 2n ** 31n - 1n, -1n, -(2n ** 31n)];
        case 'length':
          return [
            0n,
            1n,
            2n,
            7n,
            8n,
            9n,
            BigInt(arg.max) - 1n,
            BigInt(arg.max),
            BigInt(arg.max) + 1n,
            2n ** 32n,
            2n ** 63n,
            2n ** 64n - 1n,
          ];
        case 'keep-offset':
          return [0n, 1n, 4095n, 4096n, 2n ** 63n, 2n ** 64n - 4096n];
        case 'value-result':
          return [
            0n,
            1n,
            7n,
            8n,
            9n,
            BigInt(arg.max) - 1n,
            BigInt(arg.max),
            BigInt(arg.max) + 1n,
            2n ** 32n - 1n,
          ];
        case 'constant':
        case 'buffer':
          return [];
      }
    })();
    return values.map((value) => {
      if (arg.kind === 'value-result')
        return withAnswer(row, { ...good, buffers: legalBuffers(row, good.args, Number(value)) });
      const args = good.args.with(i, value);
      return withAnswer(row, { ...good, args, buffers: legalBuffers(row, args, 16) });
    });
  });
}

/** Structures that the Keep itself must not send. */
function inputCases(row: Row, index: number): GuestCase[] {
  const good = goodCase(row, index);
  return row.args.flatMap((arg, i): GuestCase[] => {
    if (arg.kind !== 'buffer' || arg.direction !== 'in') return [];
    return (arg.fields ?? []).flatMap((field) =>
      fitting(edges(field.check), intSize(field.type), false).map((value) => {
        const buffers = good.buffers.map((buffer) => {
          if (buffer.arg !== i) return buffer;
          const patch = { at: field.at, bytes: littleEndian(value, intSize(field.type)) };
          return { ...buffer, content: { ...buffer.content, patches: [...buffer.content.patches, patch] } };
        });
        return withAnswer(row, { ...good, buffers });
      }),
    );
  });
}

/** Whether faults of the application's memory can be played: structures are the shim's own and cannot fault. */
function plain(row: Row): boolean {
  return row.args.every(
    (arg) => arg.kind !== 'value-result' && (arg.kind !== 'buffer' || arg.fields === undefined),
  );
}

/** All cases of one row. */
export function guestCases(row: Row, index: number): GuestCase[] {
  const sizes = row.args.some((arg) => arg.kind === 'length' || arg.kind === 'value-result')
    ? [0, 1, 5]
    : [5];
  const lied = sizes.flatMap((elements) => {
    const good = goodCase(row, index, elements, elements * 3);
    const given = extent(row, good.args, good.buffers);
    if (typeof given === 'string') throw new Error(`${row.name}: the good case is refused with ${given}`);
    return liesAbout(row, good, given).map((lie) => ({ ...good, lie }));
  });
  const faults = plain(row) ? ([1, 2] as const).map((fault) => ({ ...goodCase(row, index), fault })) : [];
  return [...lied, ...argumentCases(row, index), ...inputCases(row, index), ...faults];
}
