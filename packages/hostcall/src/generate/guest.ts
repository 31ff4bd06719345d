// SPDX-License-Identifier: Apache-2.0
import { buffersOf, placed, UNIT, valueResultsOf } from '../place.js';
import { cType } from '../row.js';
import type { Arg, BufferArg, Row } from '../row.js';
import { components } from '../table.js';
import { banner, checkFunction, checkName, errnosOf, fieldAt, hasChecks, indent, violates } from './c.js';
import { inLength, lengthName, outLength, places, sizeOf, validBytes } from './extent.js';

const FOLDER = 'shims/core/generated';

function parameter(arg: Arg): string[] {
  switch (arg.kind) {
    case 'value':
      return [`${cType(arg.type)} ${arg.name}`];
    case 'constant':
      return [];
    case 'handle':
      return [`int32_t ${arg.name}`];
    case 'length':
    case 'keep-offset':
      return [`uint64_t ${arg.name}`];
    case 'buffer':
      return [arg.direction === 'in' ? `const void *${arg.name}` : `void *${arg.name}`];
    case 'value-result':
      return [`uint32_t *${arg.name}`];
  }
}

/** The C declaration of the guest's function, without a semicolon. */
export function guestPrototype(row: Row): string {
  return `long host_${row.name}(${['struct hostcall *call', ...row.args.flatMap(parameter)].join(', ')})`;
}

/** What the Keep refuses itself, and lengths cut to what the data area holds. */
function argumentChecks(row: Row): string[] {
  return row.args.flatMap((arg): string[] => {
    switch (arg.kind) {
      case 'value':
        return arg.check === undefined
          ? []
          : [`if (${violates(arg.name, arg.type, arg.check)})`, `\treturn -${arg.otherwise ?? 'EINVAL'};`];
      case 'handle':
        return [`if (${arg.name} < 0)`, '\treturn -EBADF;'];
      case 'length':
        return [
          `if (${arg.name} > ${arg.max})`,
          arg.over === 'cut' ? `\t${arg.name} = ${arg.max};` : `\treturn -${arg.over};`,
        ];
      case 'keep-offset':
        return [`if (${arg.name} % 4096 != 0)`, '\treturn -EINVAL;'];
      case 'value-result':
        return [`const uint64_t ${arg.name}_asked = *${arg.name} < ${arg.max} ? *${arg.name} : ${arg.max};`];
      case 'buffer':
        return arg.direction === 'in' && hasChecks(row, arg)
          ? elements(row, arg, (at) => [
              `if (${checkName(row, arg)}((const uint8_t *)${arg.name}${at}))`,
              '\treturn -EINVAL;',
            ])
          : [];
      case 'constant':
        return [];
    }
  });
}

/** Code for each element of a buffer; `at` is ` + N`, or nothing for the one element of a fixed size. */
function elements(row: Row, buffer: BufferArg, code: (at: string) => string[]): string[] {
  if ('bytes' in buffer.size) return ['{', ...indent(code('')), '}'];
  const { each } = buffer.size;
  return [
    `for (uint64_t i = 0; i < ${lengthName(row, buffer)}; i++) {`,
    ...indent(code(` + i * ${each}`)),
    '}',
  ];
}

function headerArgument(arg: Arg, index: number): string[] {
  const set = (value: string): string[] => [`call->head.arg${index} = ${value};`];
  switch (arg.kind) {
    case 'value':
      return set(arg.type.startsWith('i') ? `(uint64_t)(int64_t)${arg.name}` : arg.name);
    case 'constant':
      return [`call->head.arg${index} = 0x${arg.value.toString(16)}; /* ${arg.name} */`];
    case 'handle':
      return set(`(uint64_t)${arg.name}`);
    case 'length':
    case 'keep-offset':
      return set(arg.name);
    case 'value-result':
      return set(`${arg.name}_asked`);
    case 'buffer':
      return [];
  }
}

function sendBuffers(row: Row): string[] {
  return buffersOf(row)
    .filter((buffer) => buffer.direction !== 'out')
    .flatMap((buffer) => [
      `if (copy_out(hostcall_data(call, at_${buffer.name}), ${buffer.name}, ${sizeOf(row, buffer)}) != 0)`,
      '\treturn -EFAULT;',
    ]);
}

function resultCheck(row: Row): string[] {
  const refuse = (condition: string): string[] => [`if (${condition})`, '\tkeep_refuse(REASON_HOST_RESULT);'];
  const { result } = row;
  switch (result.kind) {
    case 'zero':
      return refuse('result != 0');
    case 'range': {
      // Negative results are errnos and were dealt with.
      const condition = violates('result', 'i64', { range: [result.from, result.to] }).replace(
        /^result < 0( \|\| |$)/,
        '',
      );
      return condition === '' ? [] : refuse(condition);
    }
    case 'count':
      return [
        ...refuse(`(uint64_t)result > ${result.of}`),
        `result = (int64_t)hostcall_mask((uint64_t)result, ${result.of});`,
      ];
    case 'part':
      return [
        ...refuse(
          `(uint64_t)result < ${result.step} || (uint64_t)result > ${result.of} || result % ${result.step} != 0`,
        ),
        `result = (int64_t)hostcall_mask((uint64_t)result, ${result.of});`,
      ];
    case 'non-zero':
      return ['int64_t seen = 0;'];
  }
}

/** The lengths of value-result arguments, checked before any buffer is copied. */
function valueResults(row: Row): string[] {
  return valueResultsOf(row).flatMap((arg) => [
    `uint64_t ${arg.name}_came = 0;`,
    `(void)copy_in(&${arg.name}_came, hostcall_data(call, at_${arg.name}), ${UNIT});`,
    `if (${arg.name}_came > ${arg.max})`,
    '\tkeep_refuse(REASON_HOST_LENGTH);',
    `const uint64_t ${arg.name}_valid = hostcall_mask(`,
    `\t${arg.name}_came < ${arg.name}_asked ? ${arg.name}_came : ${arg.name}_asked, ${arg.name}_asked);`,
  ]);
}

function receiveBuffer(row: Row, buffer: BufferArg): string[] {
  const data = `hostcall_data(call, at_${buffer.name})`;
  const refuse = `\tkeep_refuse(REASON_${buffer.reason ?? 'HOST_RESULT'});`;
  if (!hasChecks(row, buffer))
    return [`if (copy_in(${buffer.name}, ${data}, ${validBytes(row, buffer)}) != 0)`, '\treturn -EFAULT;'];
  const element = 'bytes' in buffer.size ? buffer.size.bytes : buffer.size.each;
  const result = row.result;
  const counts =
    result.kind === 'non-zero' && result.of === buffer.name
      ? [`seen += ${fieldAt('came', result.type, result.at)} != 0;`]
      : [];
  return elements(row, buffer, (at) => [
    `uint8_t came[${element}];`,
    `uint8_t *own = (uint8_t *)${buffer.name}${at};`,
    '',
    `(void)copy_in(came, hostcall_data(call, at_${buffer.name}${at}), ${element});`,
    `if (${checkName(row, buffer)}(came${buffer.direction === 'inout' ? ', own' : ''}))`,
    refuse,
    `__builtin_memcpy(own, came, ${element});`,
    ...counts,
  ]);
}

function receive(row: Row): string[] {
  return [
    `hostcall_wrote(call, ${outLength(row)});`,
    ...valueResults(row),
    ...buffersOf(row)
      .filter((buffer) => buffer.direction !== 'in')
      .flatMap((buffer) => receiveBuffer(row, buffer)),
    ...(row.result.kind === 'non-zero' ? ['if (result != seen)', '\tkeep_refuse(REASON_HOST_RESULT);'] : []),
    ...valueResultsOf(row).map((arg) => `*${arg.name} = (uint32_t)${arg.name}_came;`),
  ];
}

/** The guest's function for a row. */
export function guestFunction(row: Row): string {
  const checks = argumentChecks(row);
  const sends = sendBuffers(row);
  return [
    ...buffersOf(row).flatMap((buffer) => checkFunction(row, buffer)),
    guestPrototype(row),
    '{',
    ...indent([
      errnosOf(row),
      'int64_t result;',
      '',
      ...checks,
      ...places(row),
      ...(checks.length > 0 || placed(row).length > 0 ? [''] : []),
      `hostcall_begin(call, 0x${row.number.toString(16)});`,
      ...row.args.flatMap((arg, index) => headerArgument(arg, index)),
      ...sends,
      `result = ${row.blocks === true ? 'hostcall_exchange_unlocked' : 'hostcall_exchange'}(call, ${inLength(row)});`,
      'if (result < 0)',
      '\treturn hostcall_error(call, result, errnos);',
      ...resultCheck(row),
      ...receive(row),
      'return result;',
    ]),
    '}',
    '',
  ].join('\n');
}

/** One C file a component, so that a shim without the component has none of it, and their header. */
export function guestFiles(rows: readonly Row[], folder: string = FOLDER): Record<string, string> {
  const files: Record<string, string> = {};
  for (const component of components(rows)) {
    const own = rows.filter((row) => row.component === component);
    files[`${folder}/hostcall_${component}.c`] = [
      banner(`Host calls of the component \`${component}\`, as the Keep makes them.`),
      '#include <asm/errno.h>',
      '#include "hostcall_field.h"',
      '#include "hostcall_guest.h"',
      '',
      ...own.map(guestFunction),
    ].join('\n');
  }
  files[`${folder}/hostcall_guest.h`] = guestHeader(rows);
  return files;
}

function guestHeader(rows: readonly Row[]): string {
  return [
    banner("Each host call as a C function: Linux's result or a negative errno, or the Keep ends."),
    '#ifndef MOTTE_HOSTCALL_GUEST_H',
    '#define MOTTE_HOSTCALL_GUEST_H',
    '',
    '#include "../include/hostcall.h"',
    '',
    '/*',
    " * Pointers are into the Keep. Plain bytes may be the application's: a fault there is -EFAULT. Structures whose",
    " * fields are checked (timespec, stat, pollfd ...) must be in memory of the shim's own.",
    ' */',
    ...rows.flatMap((row) => [`/* ${row.doc} */`, `${guestPrototype(row)};`]),
    '',
    '#endif',
    '',
  ].join('\n');
}
