// SPDX-License-Identifier: Apache-2.0
import type { CommandSpec } from './command.js';
import { OPTIONS } from './options.js';
import type { OptionName, OptionSpec } from './options.js';

/** Rows of two columns, the first as wide as its widest. */
export function columns(rows: readonly (readonly [left: string, right: string])[]): string[] {
  const width = Math.max(0, ...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}

function optionLeft(name: OptionName): string {
  const spec: OptionSpec = OPTIONS[name];
  const value = spec.type === 'flag' ? '' : spec.value;
  const shown = { flag: '', text: ` ${value}`, list: ` ${value} …`, maybe: `[=${value}]` }[spec.type];
  return `${spec.short === undefined ? '    ' : `-${spec.short}, `}--${name}${shown}`;
}

/** The first line of a command's help: `motte run [OPTION…] FILE [ARG…]`. */
export function usageLine({ name, args, passes }: CommandSpec): string {
  return ['motte', name, '[OPTION…]', ...args, ...(passes === true ? ['[ARG…]'] : [])].join(' ');
}

/** `motte COMMAND --help` */
export function commandHelp(command: CommandSpec): string {
  const names: readonly OptionName[] = [...command.options, 'help'];
  return [
    usageLine(command),
    '',
    `${command.doc[0]?.toUpperCase() ?? ''}${command.doc.slice(1)}.`,
    '',
    ...columns(names.map((name) => [optionLeft(name), command.docs?.[name] ?? OPTIONS[name].doc])),
    '',
  ].join('\n');
}

/** `motte --help`, and the help of a word that begins several commands. */
export function groupHelp(group: readonly CommandSpec[]): string {
  return [
    'motte COMMAND [OPTION…]',
    '',
    ...columns(group.map((command) => [[command.name, ...command.args].join(' '), command.doc])),
    '',
    'Each has --help. The result is on standard output, talk on standard error; --json prints one object.',
    'Exit status: 0 ok, 1 the answer is no, 2 bad input, 3 signature, 4 revoked or out of date, 6 platform missing,',
    '7 the Keep ended abnormally, 64 usage. `run` passes on the program’s own, 128 + n for a signal; its own failures are',
    '120 + the number above, usage 64.',
    '',
  ].join('\n');
}
