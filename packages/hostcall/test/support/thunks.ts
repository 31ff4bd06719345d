// SPDX-License-Identifier: Apache-2.0
import { hostPrototype } from '../../src/generate/host-row.js';
import { lengthOf } from '../../src/place.js';
import { cType } from '../../src/row.js';
import type { Arg, BufferArg, Row } from '../../src/row.js';

function guestArgument(arg: Arg, index: number): string[] {
  switch (arg.kind) {
    case 'constant':
      return [];
    case 'buffer':
    case 'value-result':
      return [`b[${index}]`];
    case 'handle':
      return [`(int32_t)a[${index}]`];
    case 'value':
      return [`(${cType(arg.type)})a[${index}]`];
    case 'length':
    case 'keep-offset':
      return [`a[${index}]`];
  }
}

function bytes(row: Row, buffer: BufferArg, asked: string): string {
  if ('bytes' in buffer.size) return String(buffer.size.bytes);
  const length = lengthOf(row, buffer);
  return `${length?.kind === 'value-result' ? asked : length?.name} * ${buffer.size.each}`;
}

/** A handler tells the harness all that it was given, before it answers: inputs first, in the order of arguments. */
function handler(row: Row, index: number): string {
  const lengths = row.args.filter((arg) => arg.kind === 'value-result');
  const asked = (name: string): string => `asked_${name}`;
  const size = (buffer: BufferArg): string =>
    bytes(row, buffer, asked('by' in buffer.size ? buffer.size.by : ''));
  const lines = row.args.flatMap((arg): string[] => {
    switch (arg.kind) {
      case 'handle':
        return [`handler_descriptor(${arg.name});`];
      case 'value':
        return [`handler_number((uint64_t)(int64_t)${arg.name});`];
      case 'length':
      case 'keep-offset':
        return [`handler_number(${arg.name});`];
      case 'buffer':
        return arg.direction === 'out' ? [] : [`handler_in(${arg.name}, ${size(arg)});`];
      case 'value-result':
      case 'constant':
        return [];
    }
  });
  const outputs = row.args.flatMap((arg, at) =>
    arg.kind === 'buffer' && arg.direction !== 'in' ? [`handler_out(${at}, ${arg.name}, ${size(arg)});`] : [],
  );
  return [
    hostPrototype(row),
    '{',
    '\t(void)host;',
    `\thandler_enter(${index});`,
    ...lengths.map((arg) => `\tconst uint64_t ${asked(arg.name)} = *${arg.name};`),
    ...[...lines, ...outputs].map((line) => `\t${line}`),
    ...lengths.map((arg) => `\thandler_length(${arg.name});`),
    '\treturn handler_result();',
    '}',
    '',
  ].join('\n');
}

const INCLUDES = ['#include "hostcall_guest.h"', '#include "hostcall_host.h"', '#include "harness.h"', ''];

/** The C that calls the generated guest functions of these rows by index. */
export function callThunks(rows: readonly Row[]): string {
  return [
    ...INCLUDES,
    `const unsigned row_count = ${rows.length};`,
    '',
    'long call_row(unsigned row, struct hostcall *call, const uint64_t *a, void *const *b)',
    '{',
    '\t(void)a;',
    '\t(void)b;',
    '\tswitch (row) {',
    ...rows.map((row, index) => {
      const args = ['call', ...row.args.flatMap((arg, at) => guestArgument(arg, at))];
      return `\tcase ${index}:\n\t\treturn host_${row.name}(${args.join(', ')});`;
    }),
    '\tdefault:',
    '\t\tbroken("row", row);',
    '\t}',
    '}',
    '',
  ].join('\n');
}

/** The C of the handlers that the generated dispatcher calls. */
export function handlerThunks(rows: readonly Row[]): string {
  return [...INCLUDES, ...rows.map(handler)].join('\n');
}
