// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { DATA_SIZE } from './block.js';
import { argNamed, buffersOf, lengthOf, maxBytes, placed, room, UNIT } from './place.js';
import { intSize } from './row.js';
import type { Arg, BufferArg, FieldCheck, NumberCheck, Row } from './row.js';

const IDENTIFIER = /^[A-Za-z][A-Za-z0-9_]*$/;
/** Names that the generated C uses itself. */
const TAKEN = ['call', 'data', 'errnos', 'head', 'host', 'result', 'seen', 'wrote'];
const MAX_ARGS = 6;
/** A structure that is checked is copied to the stack of a Keep's thread, which is 32 KiB. */
const MAX_CHECKED = 512;
/** What is not bulk is copied to the stack of the loader's thread. */
const MAX_COPIED = 0x4000;

type Fail = (expected: string, found: string | number, name?: string) => never;

function checkNumber(check: NumberCheck, fail: Fail, name: string): void {
  if ('oneOf' in check && check.oneOf.length === 0) fail('at least one value', 0, name);
  if ('range' in check && check.range[0] > check.range[1])
    fail('a range that is not empty', String(check.range), name);
  if ('multipleOf' in check && (check.multipleOf & (check.multipleOf - 1)) !== 0)
    fail('a power of two', check.multipleOf, name);
}

function checkField(buffer: BufferArg, field: FieldCheck, element: number, fail: Fail): void {
  const name = `${buffer.name}.${field.name}`;
  if (field.at < 0 || field.at + intSize(field.type) > element)
    fail(`a field within ${element} bytes`, field.at, name);
  if (field.at % intSize(field.type) !== 0) fail('an aligned field', field.at, name);
  if (field.check !== undefined) checkNumber(field.check, fail, name);
  const compares = field.same ?? field.handle ?? field.within !== undefined;
  if (compares && buffer.direction !== 'inout')
    fail('same, handle, within only where the Keep sent something', buffer.direction, name);
  if (
    field.within !== undefined &&
    !buffer.fields?.some(({ at, handle }) => at === field.within?.handle && handle)
  )
    fail('a handle where within looks for one', field.within.handle, name);
  if (field.handle === true && field.same !== true) fail('same for a handle', 'no same', name);
}

function checkBuffer(row: Row, buffer: BufferArg, fail: Fail): void {
  const element = 'bytes' in buffer.size ? buffer.size.bytes : buffer.size.each;
  if (!Number.isSafeInteger(element) || element <= 0) fail('a size', element, buffer.name);
  const length = lengthOf(row, buffer);
  if ('by' in buffer.size && length === undefined) fail('a length argument', buffer.size.by, buffer.name);
  if (buffer.bulk === true && (buffer.fields !== undefined || element !== 1 || buffer.direction === 'inout'))
    fail('bulk only for plain bytes in one direction', buffer.direction, buffer.name);
  if (buffer.fields !== undefined && element > MAX_CHECKED)
    fail(`checked elements of at most ${MAX_CHECKED} bytes`, element, buffer.name);
  if (buffer.bulk !== true && maxBytes(row, buffer) > MAX_COPIED)
    fail(`bulk, or at most ${MAX_COPIED} bytes`, maxBytes(row, buffer), buffer.name);
  if (buffer.fields !== undefined && 'by' in buffer.size && element % UNIT !== 0)
    fail('elements of a multiple of 8 bytes', element, buffer.name);
  if (buffer.filled === 'result') {
    const counts = row.result.kind === 'count' && row.result.of === length?.name;
    if (!counts || buffer.direction !== 'out')
      fail('an output that the result counts', row.result.kind, buffer.name);
  }
  if (buffer.filled === 'value-result' && length?.kind !== 'value-result')
    fail('a value-result argument', length?.kind ?? 'none', buffer.name);
  for (const field of buffer.fields ?? []) checkField(buffer, field, element, fail);
}

function checkArg(row: Row, arg: Arg, fail: Fail): void {
  if (!IDENTIFIER.test(arg.name) || TAKEN.includes(arg.name)) fail('a free C name', arg.name, arg.name);
  switch (arg.kind) {
    case 'value':
      if (arg.check !== undefined) checkNumber(arg.check, fail, arg.name);
      return;
    case 'length':
    case 'value-result': {
      const used = buffersOf(row).some((buffer) => lengthOf(row, buffer) === arg);
      if (!used) fail('a buffer of this length', 'none', arg.name);
      if (!Number.isSafeInteger(arg.max) || arg.max <= 0) fail('a bound', arg.max, arg.name);
      return;
    }
    case 'keep-offset': {
      const length = argNamed(row, arg.length, 'value');
      if (length?.check === undefined || !('multipleOf' in length.check))
        fail('a length that is checked to be whole pages', arg.length, arg.name);
      return;
    }
    case 'buffer':
      checkBuffer(row, arg, fail);
      return;
    case 'constant':
    case 'handle':
      return;
  }
}

function checkResult(row: Row, fail: Fail): void {
  const { result } = row;
  switch (result.kind) {
    case 'zero':
      return;
    case 'range':
      if (result.from < 0n || result.from > result.to)
        fail('a range from 0 up', String(result.from), 'result');
      return;
    case 'count':
      if (argNamed(row, result.of, 'length') === undefined) fail('a length argument', result.of, 'result');
      return;
    case 'part':
      if (argNamed(row, result.of, 'value') === undefined) fail('a value argument', result.of, 'result');
      return;
    case 'non-zero': {
      const buffer = argNamed(row, result.of, 'buffer');
      const field = buffer?.fields?.find((f) => f.at === result.at && f.type === result.type);
      if (buffer?.direction !== 'inout' || field === undefined)
        fail('a checked field of an inout buffer', result.of, 'result');
    }
  }
}

/** Throws HOSTCALL_TABLE for the first row that contradicts itself or another. */
export function lintTable(rows: readonly Row[]): void {
  const calls = new Set<string>();
  const names = new Set<string>();
  for (const row of rows) {
    const fail: Fail = (expected, found, name) => {
      throw new MotteError('HOSTCALL_TABLE', {
        field: name === undefined ? row.name : `${row.name}.${name}`,
        expected,
        found,
      });
    };
    if (!IDENTIFIER.test(row.name) || names.has(row.name)) fail('a C name, used once', row.name);
    if (!IDENTIFIER.test(row.component)) fail('a component', row.component);
    if (row.args.length > MAX_ARGS) fail(`${MAX_ARGS} arguments`, row.args.length);
    if (new Set(row.args.map((arg) => arg.name)).size < row.args.length)
      fail('arguments with different names', row.args.map((arg) => arg.name).join(' '));
    const selectors = row.args.flatMap((arg, i) => (arg.kind === 'constant' ? [`${i}:${arg.value}`] : []));
    const same = rows.filter((other) => other.number === row.number);
    if (same.length > 1 && selectors.length !== 1)
      fail('one constant to tell rows of a number apart', selectors.length);
    const key = [row.number, ...selectors].join(' ');
    if (calls.has(key)) fail('a number used once', row.number);
    for (const arg of row.args) checkArg(row, arg, fail);
    checkResult(row, fail);
    const total = placed(row).reduce((sum, place) => sum + room(place.max), 0);
    if (!(total <= DATA_SIZE)) fail(`buffers of ${DATA_SIZE} bytes together`, total);
    calls.add(key);
    names.add(row.name);
  }
}
