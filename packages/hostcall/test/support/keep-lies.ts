// SPDX-License-Identifier: Apache-2.0
import { DATA_SIZE } from '../../src/block.js';
import { intSize } from '../../src/row.js';
import type { Row } from '../../src/row.js';
import { bytesOf, littleEndian } from './content.js';
import type { Patch } from './content.js';
import type { HostCase, Script } from './host-model.js';
import { edges, goodCase } from './lies.js';
import { extent, reach } from './model.js';
import type { Extent } from './model.js';

const SEQUENCE = 0x1234;

/** The handler's answer that goes with a good request. */
function goodScript(row: Row, index: number, given: Extent): Script {
  const { lie } = goodCase(row, index);
  const patches = given.places.flatMap((place): Script['patches'][number][] => {
    const arg = row.args[place.arg];
    if (arg?.kind !== 'buffer' || arg.direction !== 'out' || arg.fields === undefined) return [];
    const bytes = bytesOf(lie.data, place.at + place.size).slice(place.at);
    return [{ arg: place.arg, at: 0, bytes }];
  });
  return { result: lie.result, length: 5, fill: 0, patches };
}

/** A request that the dispatcher must serve. */
export function goodRequest(row: Row, index: number): { one: HostCase; given: Extent } {
  const good = goodCase(row, index);
  const given = extent(row, good.args, good.buffers);
  if (typeof given === 'string') throw new Error(`${row.name}: ${given}`);
  const patches = given.places.flatMap((place): Patch[] => {
    const buffer = good.buffers.find((one) => one.arg === place.arg);
    if (buffer === undefined || place.direction === 'out') return [];
    return [{ at: place.at, bytes: bytesOf(buffer.content, buffer.size) }];
  });
  const one: HostCase = {
    version: 1,
    sequence: SEQUENCE,
    number: row.number,
    args: given.args,
    inLength: reach(given, 'in'),
    data: { seed: 0xdead, patches },
    step: false,
    script: goodScript(row, index, given),
  };
  return { one, given };
}

/**
 * Bulk bytes are for the kernel, which reads them once; a test's handler would see them change as it hashes them. And
 * what goes out is hashed from the start of the data area, where an `in` buffer before an `out` one would change, too.
 */
function steps(row: Row): boolean {
  const buffers = row.args.filter((arg) => arg.kind === 'buffer');
  const goesIn = buffers.findIndex(({ direction }) => direction === 'in');
  const comesAfter = buffers.slice(goesIn + 1).some(({ direction }) => direction === 'out');
  return (
    !buffers.some(({ bulk, direction }) => bulk === true && direction === 'in') &&
    !(goesIn >= 0 && comesAfter)
  );
}

/** What a hostile Keep may write for each argument. */
function argumentCases(row: Row, one: HostCase): HostCase[] {
  return row.args.flatMap((arg, i): HostCase[] => {
    const check = arg.kind === 'value' ? arg.check : undefined;
    const values = [
      ...edges(check),
      2n,
      3n,
      4n,
      5n,
      99n,
      100n,
      2n ** 32n,
      2n ** 32n + 1n,
      2n ** 40n,
      0x3fffe000n,
      0x40000000n,
    ];
    if (arg.kind === 'length' || arg.kind === 'value-result')
      values.push(BigInt(arg.max), BigInt(arg.max) + 1n);
    if (arg.kind === 'value' || arg.kind === 'keep-offset') values.push(2n ** 64n - 4096n, 0x3fffc000n);
    return [...new Set(values)].map((value) => ({ ...one, args: one.args.with(i, value) }));
  });
}

/** Structures with every edge in every field, the handles in them above all. */
function inputCases(row: Row, one: HostCase, given: Extent): HostCase[] {
  return given.places.flatMap((place) => {
    const arg = row.args[place.arg];
    if (arg?.kind !== 'buffer' || place.direction === 'out' || place.size === 0) return [];
    return (arg.fields ?? []).flatMap((field) =>
      [...edges(field.check), 2n, 3n, 100n, 101n].map((value) => {
        const patch = { at: place.at + field.at, bytes: littleEndian(value, intSize(field.type)) };
        return { ...one, data: { ...one.data, patches: [...one.data.patches, patch] } };
      }),
    );
  });
}

/** What a kernel might answer and a table does not allow: the guest must not end over it. */
export function kernelCases(row: Row, one: HostCase, given: Extent): HostCase[] {
  const good = one.script;
  const results = [good.result, 0n, 1n, 5n, 6n, 4096n, 4097n, 2n ** 31n, 2n ** 62n, -4096n, -(2n ** 63n)];
  for (let errno = 1n; errno < 140n; errno++) results.push(-errno);
  const scripts: Script[] = results.map((result) => ({ ...good, result }));
  for (const length of [0, 16, 128, 129, 0xffffffff]) scripts.push({ ...good, length });
  for (const fill of [1, 2, 3]) scripts.push({ ...good, fill, patches: [] });
  for (const place of given.places) {
    const arg = row.args[place.arg];
    if (arg?.kind !== 'buffer' || place.direction === 'in') continue;
    for (const field of arg.fields ?? [])
      for (const value of edges(field.check))
        for (const result of [good.result, good.result + 1n]) {
          const patch = { arg: place.arg, at: field.at, bytes: littleEndian(value, intSize(field.type)) };
          scripts.push({ ...good, result, patches: [...good.patches, patch] });
        }
  }
  return scripts.map((script) => ({ ...one, script }));
}

/** Every kind of lie that a Keep can tell about one call. */
export function hostCases(row: Row, index: number): HostCase[] {
  const { one, given } = goodRequest(row, index);
  const lengths = [
    0,
    1,
    one.inLength - 1,
    one.inLength + 1,
    one.inLength + 8,
    DATA_SIZE,
    DATA_SIZE + 1,
    0xffffffff,
  ];
  const headers = [
    one,
    ...[0, 2, 0xffffffff].map((version) => ({ ...one, version })),
    ...[0, 0xffffffff].map((sequence) => ({ ...one, sequence })),
    ...lengths.filter((length) => length >= 0).map((inLength) => ({ ...one, inLength })),
    ...[1, 0xffffffff].map((sequence) => ({ ...one, sequence, elsewhere: true as const })),
  ];
  const requests = [...headers, ...argumentCases(row, one), ...inputCases(row, one, given)];
  // Every access of a stepped case is two signals: each fourth one is.
  const stepped = steps(row) ? requests.filter((_, i) => i % 4 === 0) : [];
  return [
    ...requests,
    ...stepped.map((request) => ({ ...request, step: true })),
    ...kernelCases(row, one, given),
  ];
}
