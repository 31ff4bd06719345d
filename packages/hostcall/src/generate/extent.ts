// SPDX-License-Identifier: Apache-2.0
import { lengthOf, partlyWritten, placed, UNIT } from '../place.js';
import type { BufferArg, Row } from '../row.js';

/** The C name of what says how long a buffer is: for a value-result argument, how much was asked for. */
export function lengthName(row: Row, buffer: BufferArg): string | undefined {
  const length = lengthOf(row, buffer);
  return length?.kind === 'value-result' ? `${length.name}_asked` : length?.name;
}

/** `count` elements of the buffer in bytes, as a C expression. */
function elementsOf(buffer: BufferArg, count: string): string {
  return 'by' in buffer.size && buffer.size.each > 1 ? `${count} * ${buffer.size.each}` : count;
}

/** The size of a buffer in bytes, as a C expression. */
export function sizeOf(row: Row, buffer: BufferArg): string {
  return 'bytes' in buffer.size
    ? String(buffer.size.bytes)
    : elementsOf(buffer, String(lengthName(row, buffer)));
}

/** How much of an output is there after success, as a C expression. */
export function validBytes(row: Row, buffer: BufferArg): string {
  if (buffer.filled === 'result') return elementsOf(buffer, '(uint64_t)result');
  if (buffer.filled === 'value-result') return `${lengthOf(row, buffer)?.name}_valid`;
  return sizeOf(row, buffer);
}

/** Where each buffer is in the data area: `const uint64_t at_NAME`. */
export function places(row: Row): string[] {
  let at = '0';
  return placed(row).map((place) => {
    const line = `const uint64_t at_${place.name} = ${at};`;
    const bytes = place.buffer === undefined ? String(UNIT) : sizeOf(row, place.buffer);
    at = `at_${place.name} + hostcall_room(${bytes})`;
    return line;
  });
}

function end(row: Row, direction: 'in' | 'out'): string {
  const last = placed(row)
    .filter((place) => place.direction === direction || place.direction === 'inout')
    .at(-1);
  if (last === undefined) return '0';
  return `at_${last.name} + ${last.buffer === undefined ? UNIT : sizeOf(row, last.buffer)}`;
}

/** The header's in_length, as a C expression. */
export function inLength(row: Row): string {
  return end(row, 'in');
}

/** The header's out_length after success, as a C expression. */
export function outLength(row: Row): string {
  const partly = partlyWritten(row);
  return partly === undefined ? end(row, 'out') : validBytes(row, partly);
}
