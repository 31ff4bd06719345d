// SPDX-License-Identifier: Apache-2.0
// The tables of what SEV's firmware answers beside the kernel's own structures, by the compiler.
import { tempFolder } from '@motte/test-helpers/temp';
import { ROOT } from '@motte/test-helpers/vectors';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { AnyLayout } from '@motte/binary/c-header';
import {
  SEV_DEVICE_COMMAND,
  SEV_PLATFORM_STATUS,
  SNP_PLATFORM_STATUS,
} from '@motte/binary/snp/platform-status';

/** Linux 6.12's headers where scripts/snp-headers.mjs has put them, else those of the system. */
const INCLUDE: string =
  [join(ROOT, 'build/snp-headers/usr/include')].find((path) => existsSync(path)) ?? '/usr/include';
const HEADER = join(INCLUDE, 'linux/psp-sev.h');
const folder = tempFolder('motte-psp-sev');

interface Row {
  readonly struct: string;
  readonly table: AnyLayout;
  readonly command: readonly [name: string, number: number];
  /** Our fields that the kernel spells otherwise; `null`: it has bit fields there, which have no offset. */
  readonly names: Readonly<Record<string, string | null>>;
}

const ROWS: readonly Row[] = [
  {
    struct: 'sev_user_data_status',
    table: SEV_PLATFORM_STATUS,
    command: ['SEV_PLATFORM_STATUS', SEV_DEVICE_COMMAND.PLATFORM_STATUS],
    names: {},
  },
  {
    struct: 'sev_user_data_snp_status',
    table: SNP_PLATFORM_STATUS,
    command: ['SNP_PLATFORM_STATUS', SEV_DEVICE_COMMAND.SNP_PLATFORM_STATUS],
    names: {
      rmp: null,
      mask: null,
      build: 'build_id',
      current_tcb: 'current_tcb_version',
      reported_tcb: 'reported_tcb_version',
    },
  },
];

/** What the compiler says of assertions over the kernel's structure; nothing when all hold. */
function compile({ struct, table, command, names }: Row, moved = 0): string {
  const fields = table.fields.flatMap(({ name, at }) => {
    const own = names[name] === undefined ? name : names[name];
    return own === null
      ? []
      : [`_Static_assert(__builtin_offsetof(struct ${struct}, ${own}) == ${at + moved}, "${name}");`];
  });
  const source = [
    '#include <linux/psp-sev.h>',
    `_Static_assert(sizeof(struct ${struct}) == ${table.size}, "size");`,
    `_Static_assert(${command[0]} == ${command[1]}, "command");`,
    ...fields,
    '',
  ].join('\n');
  const ran = spawnSync('gcc', ['-fsyntax-only', '-isystem', INCLUDE, '-xc', '-'], {
    cwd: folder,
    input: source,
    encoding: 'utf8',
  });
  return ran.status === 0 ? '' : ran.stderr;
}

for (const row of ROWS)
  test(`${row.struct} is the kernel’s`, () => {
    if (!existsSync(HEADER) || !readFileSync(HEADER, 'utf8').includes(`struct ${row.struct} `))
      return console.log(`skipped: ${row.struct} against the kernel: ${HEADER} does not have it`);
    assert.is(compile(row), '');
    assert.match(compile(row, 1), /static assertion failed/, 'a table that is off by one is seen');
  });

test.run();
