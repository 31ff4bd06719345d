// SPDX-License-Identifier: Apache-2.0
import type { Row } from '../row.js';
import { banner, indent } from './c.js';
import { hostFunction, hostPrototype } from './host-row.js';

const FOLDER = 'packages/loader/native/generated';

/** What the functions of the rows share. */
const PRELUDE = `
#include <errno.h>
#include <string.h>
#include "hostcall_field.h"
#include "hostcall_host.h"
#include "hostcall_prompt.h"

/*
 * Copies from the shared block, each unit of 8 bytes in one read: the Keep may go on writing, and what was checked must
 * be what is used. Where a copy starts is a multiple of 8.
 */
static void take(void *to, const void *shared, size_t length)
{
	for (size_t at = 0; at < length; at += 8) {
		const uint64_t unit = __atomic_load_n((const uint64_t *)shared + at / 8, __ATOMIC_RELAXED);

		memcpy((uint8_t *)to + at, &unit, length - at < 8 ? length - at : 8);
	}
}

/* The errno as the kernel gave it when the call may answer with it: the Keep would end over any other. */
static long allowed(long result, const uint64_t errnos[3], long otherwise)
{
	const unsigned long number = 0 - (unsigned long)result;

	if (number < 3 * 64 && (errnos[number / 64] >> (number % 64) & 1) != 0)
		return result;
	return otherwise;
}

/* How far a buffer of \`length\` bytes reaches in the data area, where every buffer starts at a multiple of 8. */
static inline uint64_t hostcall_room(uint64_t length)
{
	return (length + 7) & ~7ull;
}
`;

/** The one function that the loader calls. */
const SERVE = `
void hostcall_serve(struct keep_host *host, void *block, bool prompt_alone)
{
	struct hostcall_block *shared = block;
	struct hostcall_block head;
	uint64_t wrote = 0;
	long result = -ENOSYS;

	take(&head, block, sizeof(head));
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	if (head.version == 1 && (!prompt_alone || hostcall_is_prompt(head.number)))
		result = serve(host, &head, (uint8_t *)block + HOSTCALL_DATA_OFFSET, &wrote);
	shared->result = (uint64_t)result;
	shared->out_length = result < 0 ? 0 : (uint32_t)wrote;
	__atomic_store_n(&shared->answered, head.sequence, __ATOMIC_RELEASE);
}
`;

function cases(rows: readonly Row[]): string[] {
  const numbers = [...new Set(rows.map((row) => row.number))];
  return numbers.flatMap((number) => [
    `case 0x${number.toString(16)}:`,
    ...rows
      .filter((row) => row.number === number)
      .flatMap((row) => {
        const call = `return do_${row.name}(host, head, data, wrote);`;
        const index = row.args.findIndex((arg) => arg.kind === 'constant');
        const constant = row.args[index];
        return constant?.kind === 'constant'
          ? [`\tif (head->arg${index} == 0x${constant.value.toString(16)})`, `\t\t${call}`]
          : [`\t${call}`];
      }),
    ...(rows.some((row) => row.number === number && row.args.some((arg) => arg.kind === 'constant'))
      ? ['\treturn -ENOSYS;']
      : []),
  ]);
}

/** The dispatcher of the host, and the header with what the loader has to provide for it. */
export function hostFiles(rows: readonly Row[], folder: string = FOLDER): Record<string, string> {
  return {
    [`${folder}/hostcall_host.h`]: hostHeader(rows),
    [`${folder}/hostcall_host.c`]: [
      banner(
        'Serves host calls. The Keep is distrusted as well: every number is checked, no pointer is taken.',
      ),
      PRELUDE.trimStart(),
      ...rows.map(hostFunction),
      'static long serve(struct keep_host *host, const struct hostcall_block *head, uint8_t *data, uint64_t *wrote)',
      '{',
      '\tswitch (head->number) {',
      ...indent(cases(rows)),
      '\tdefault:',
      '\t\treturn -ENOSYS;',
      '\t}',
      '}',
      '',
      SERVE.trimStart(),
    ].join('\n'),
  };
}

function hostHeader(rows: readonly Row[]): string {
  return [
    banner('What serves host calls, and what the loader provides for it.'),
    '#ifndef MOTTE_HOSTCALL_HOST_H',
    '#define MOTTE_HOSTCALL_HOST_H',
    '',
    '#include <stdbool.h>',
    '#include <stddef.h>',
    '#include <stdint.h>',
    '#include "hostcall_abi.h"',
    '',
    '/* The Keep that calls; the loader defines it. */',
    'struct keep_host;',
    '',
    '/*',
    ' * Serves the request in `block` (HOSTCALL_BLOCK_SIZE bytes, shared with the Keep) and answers in it. On another thread than the',
    ' * one that the request belongs to, what is not prompt is ENOSYS (`prompt_alone`).',
    ' */',
    'void hostcall_serve(struct keep_host *host, void *block, bool prompt_alone);',
    '',
    '/* The file descriptor that was granted under `handle`, or -1. `handle` is whatever the Keep wrote. */',
    'int keep_host_descriptor(struct keep_host *host, uint64_t handle);',
    '',
    '/* Whether `length` bytes from `offset` on lie within the Keep. Both are whatever the Keep wrote. */',
    'int keep_host_range(struct keep_host *host, uint64_t offset, uint64_t length);',
    '',
    '/*',
    ' * The handlers: each returns what Linux would, or a negative errno. Arguments are checked as the table says and',
    " * descriptors are the host's own. Buffers of read and write are the shared data area, to be handed to the kernel",
    ' * and not looked at; all others are private copies.',
    ' */',
    ...rows.flatMap((row) => [`/* ${row.doc} */`, `${hostPrototype(row)};`]),
    '',
    '#endif',
    '',
  ].join('\n');
}
