// SPDX-License-Identifier: Apache-2.0
import type { ErrnoName } from '../errno.js';
import { argNamed, buffersOf, maxBytes, UNIT, valueResultsOf } from '../place.js';
import { cType } from '../row.js';
import type { Arg, BufferArg, Row } from '../row.js';
import { checkFunction, checkName, errnosOf, fieldAt, hasChecks, indent, violates } from './c.js';
import { inLength, lengthName, outLength, places, sizeOf } from './extent.js';

function parameter(arg: Arg): string[] {
  switch (arg.kind) {
    case 'value':
      return [`${cType(arg.type)} ${arg.name}`];
    case 'constant':
      return [];
    case 'handle':
      return [`int ${arg.name}`];
    case 'length':
    case 'keep-offset':
      return [`uint64_t ${arg.name}`];
    case 'buffer':
      return [arg.direction === 'in' ? `const void *${arg.name}` : `void *${arg.name}`];
    case 'value-result':
      return [`uint32_t *${arg.name}`];
  }
}

/** The C declaration of the loader's handler of a row, without a semicolon. */
export function hostPrototype(row: Row): string {
  const parameters = ['struct keep_host *host', ...row.args.flatMap((arg) => parameter(arg))];
  return `long serve_${row.name}(${parameters.join(', ')})`;
}

/** What the host answers when its own kernel says something that the row does not allow. */
function fallback(row: Row): ErrnoName {
  const known: readonly ErrnoName[] = ['EIO', 'EINVAL', 'EBADF'];
  return known.find((name) => row.errnos.includes(name)) ?? 'ENOSYS';
}

function decode(row: Row): string[] {
  return row.args.flatMap((arg, index): string[] => {
    const raw = `head->arg${index}`;
    const refuse = (condition: string, errno: string): string[] => [
      `if (${condition})`,
      `\treturn -${errno};`,
    ];
    switch (arg.kind) {
      case 'value': {
        const type = cType(arg.type);
        const wide = arg.type.startsWith('i') ? '(uint64_t)(int64_t)' : '(uint64_t)';
        const errno = arg.otherwise ?? 'EINVAL';
        return [
          `const ${type} ${arg.name} = (${type})${raw};`,
          ...(arg.type.endsWith('64') ? [] : refuse(`${wide}${arg.name} != ${raw}`, errno)),
          ...(arg.check === undefined ? [] : refuse(violates(arg.name, arg.type, arg.check), errno)),
        ];
      }
      case 'handle':
        return [
          `const int ${arg.name} = keep_host_descriptor(host, ${raw});`,
          ...refuse(`${arg.name} < 0`, 'EBADF'),
        ];
      case 'length':
        return [
          `const uint64_t ${arg.name} = ${raw};`,
          ...refuse(`${arg.name} > ${arg.max}`, arg.over === 'cut' ? 'EINVAL' : arg.over),
        ];
      case 'value-result':
        return [
          `uint32_t ${arg.name} = (uint32_t)${raw};`,
          `const uint64_t ${arg.name}_asked = ${raw};`,
          ...refuse(`${arg.name}_asked > ${arg.max}`, 'EINVAL'),
        ];
      case 'keep-offset':
        return [`const uint64_t ${arg.name} = ${raw};`];
      case 'constant':
      case 'buffer':
        return [];
    }
  });
}

/** Ranges of the Keep can be judged only when both of their numbers are there. */
function ranges(row: Row): string[] {
  return row.args
    .filter((arg) => arg.kind === 'keep-offset')
    .flatMap((arg) => [
      `if (${arg.name} % 4096 != 0 || !keep_host_range(host, ${arg.name}, ${arg.length}))`,
      '\treturn -EINVAL;',
    ]);
}

function elements(row: Row, buffer: BufferArg, code: (at: string) => string[]): string[] {
  if ('bytes' in buffer.size) return code('');
  const { each } = buffer.size;
  const count = lengthName(row, buffer);
  return [`for (uint64_t i = 0; i < ${count}; i++) {`, ...indent(code(` + i * ${each}`)), '}'];
}

/** What the handler works on: the data area itself for bulk bytes, else a copy that the Keep cannot change meanwhile. */
function prepare(row: Row, buffer: BufferArg): string[] {
  const { name } = buffer;
  if (buffer.bulk === true) return [];
  const bytes = maxBytes(row, buffer);
  const lines = [`uint8_t ${name}[${bytes}] __attribute__((aligned(8))) = { 0 };`];
  if (buffer.direction !== 'out') lines.push(`take(${name}, data + at_${name}, ${sizeOf(row, buffer)});`);
  if (buffer.direction === 'in' && hasChecks(row, buffer))
    lines.push(
      ...elements(row, buffer, (at) => [`if (${checkName(row, buffer)}(${name}${at}))`, '\treturn -EINVAL;']),
    );
  if (buffer.direction === 'inout') {
    lines.push(`uint8_t ${name}_sent[${bytes}];`, `memcpy(${name}_sent, ${name}, sizeof(${name}_sent));`);
    lines.push(...elements(row, buffer, (at) => toDescriptors(buffer, `${name}${at}`)));
  }
  return lines;
}

/** A handle that is negative means none (poll); one that is not granted fails the call. */
function toDescriptors(buffer: BufferArg, element: string): string[] {
  return (buffer.fields ?? [])
    .filter((field) => field.handle === true)
    .flatMap((field) => [
      `int32_t ${field.name} = ${fieldAt(element, field.type, field.at)};`,
      `if (${field.name} >= 0) {`,
      `\t${field.name} = keep_host_descriptor(host, (uint64_t)${field.name});`,
      `\tif (${field.name} < 0)`,
      '\t\treturn -EBADF;',
      '}',
      `memcpy(${element} + ${field.at}, &${field.name}, sizeof(${field.name}));`,
    ]);
}

/** Puts the Keep's own handles back, and makes sure that what goes out is what the guest will accept. */
function finish(row: Row, buffer: BufferArg): string[] {
  const { name } = buffer;
  const restore = elements(row, buffer, (at) =>
    (buffer.fields ?? [])
      .filter((field) => field.handle === true)
      .map((field) => `memcpy(${name}${at} + ${field.at}, ${name}_sent${at} + ${field.at}, 4);`),
  );
  const sent = (at: string): string => (buffer.direction === 'inout' ? `, ${name}_sent${at}` : '');
  const checks = hasChecks(row, buffer)
    ? elements(row, buffer, (at) => [
        `if (${checkName(row, buffer)}(${name}${at}${sent(at)}))`,
        `\treturn -${fallback(row)};`,
      ])
    : [];
  return [
    ...((buffer.fields ?? []).some((field) => field.handle === true) ? restore : []),
    ...checks,
    `memcpy(data + at_${name}, ${name}, ${sizeOf(row, buffer)});`,
  ];
}

function callArgument(arg: Arg): string[] {
  switch (arg.kind) {
    case 'constant':
      return [];
    case 'buffer':
      return [arg.bulk === true ? `data + at_${arg.name}` : arg.name];
    case 'value-result':
      return [`&${arg.name}`];
    case 'value':
    case 'handle':
    case 'length':
    case 'keep-offset':
      return [arg.name];
  }
}

function resultCheck(row: Row): string[] {
  const { result } = row;
  const bad = (condition: string): string[] => [`if (${condition})`, `\treturn -${fallback(row)};`];
  switch (result.kind) {
    case 'zero':
      return bad('result != 0');
    case 'range': {
      // Negative results are errnos and were dealt with.
      const condition = violates('result', 'i64', { range: [result.from, result.to] }).replace(
        /^result < 0( \|\| |$)/,
        '',
      );
      return condition === '' ? [] : bad(condition);
    }
    case 'count':
      return bad(`(uint64_t)result > ${result.of}`);
    case 'part':
      return bad(
        `(uint64_t)result < ${result.step} || (uint64_t)result > ${result.of} || result % ${result.step} != 0`,
      );
    case 'non-zero': {
      const buffer = argNamed(row, result.of, 'buffer');
      if (buffer === undefined) return [];
      return [
        'long seen = 0;',
        ...elements(row, buffer, (at) => [
          `seen += ${fieldAt(`${buffer.name}${at}`, result.type, result.at)} != 0;`,
        ]),
        ...bad('result != seen'),
      ];
    }
  }
}

/** The static function that serves a row: `do_NAME`. */
export function hostFunction(row: Row): string {
  const copied = buffersOf(row).filter((buffer) => buffer.bulk !== true);
  const parameters = ['host', ...row.args.flatMap((arg) => callArgument(arg))];
  const inputs = inLength(row);
  const body = [
    errnosOf(row),
    'long result;',
    '',
    ...decode(row),
    ...ranges(row),
    ...places(row),
    `if (head->in_length != ${inputs})`,
    '\treturn -EINVAL;',
    ...copied.flatMap((buffer) => prepare(row, buffer)),
    `result = serve_${row.name}(${parameters.join(', ')});`,
    'if (result < 0)',
    `\treturn allowed(result, errnos, -${fallback(row)});`,
    ...resultCheck(row),
    ...valueResultsOf(row).flatMap((arg) => [
      `if (${arg.name} > ${arg.max})`,
      `\treturn -${fallback(row)};`,
      `const uint64_t ${arg.name}_came = ${arg.name};`,
      `memcpy(data + at_${arg.name}, &${arg.name}_came, ${UNIT});`,
    ]),
    ...copied.filter((buffer) => buffer.direction !== 'in').flatMap((buffer) => finish(row, buffer)),
    `*wrote = ${outLength(row)};`,
    'return result;',
  ];
  const unused = /\bdata\b/.test(body.join('\n')) ? [] : ['(void)data;'];
  return [
    ...buffersOf(row).flatMap((buffer) => checkFunction(row, buffer)),
    `static long do_${row.name}(struct keep_host *host, const struct hostcall_block *head, uint8_t *data,`,
    '\tuint64_t *wrote)',
    '{',
    ...indent([...body.slice(0, 2), ...unused, ...body.slice(2)]),
    '}',
    '',
  ].join('\n');
}
