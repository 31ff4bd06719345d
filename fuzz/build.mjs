// SPDX-License-Identifier: Apache-2.0
// Builds the fuzz targets of the host-call boundary with clang's libFuzzer.
// Usage: node fuzz/build.mjs FOLDER   (after the build; writes FOLDER/hostcall_guest and FOLDER/hostcall_host)
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = dirname(fileURLToPath(import.meta.url));
const ROOT = resolve(HERE, '..');
const TESTS = join(ROOT, 'packages/hostcall/dist/test/support');
const FLAGS = [
  '-std=gnu11',
  '-g',
  '-O1',
  '-Wall',
  '-Wextra',
  '-Werror',
  '-fsanitize=fuzzer,address,undefined',
  '-fno-sanitize-recover=all',
];
const CLANG = process.env.MOTTE_CLANG ?? 'clang-14';

const { generateInto } = await import(join(TESTS, 'harness.js'));
const { ROWS } = await import(join(TESTS, 'rows.js'));

/** clang prints the whole path of a library that it has. */
const RUNTIME = 'lib/linux/libclang_rt.fuzzer-x86_64.a';
const probe = spawnSync(CLANG, [`--print-file-name=${RUNTIME}`], { encoding: 'utf8' });
if (probe.status !== 0 || !probe.stdout.trim().startsWith('/')) {
  console.error(
    `fuzz: ${probe.error === undefined ? `${CLANG} has no libFuzzer` : `no ${CLANG}`}; apt-get install -y clang-14 libclang-rt-14-dev`,
  );
  process.exit(6);
}

const folder = resolve(process.argv[2] ?? join(ROOT, 'build/fuzz'));
mkdirSync(folder, { recursive: true });
const core = generateInto(folder);

function shape(row) {
  const index = (name) => row.args.findIndex((arg) => arg.name === name);
  const args = row.args.map((arg) => {
    if (arg.kind === 'buffer' && 'bytes' in arg.size) return `{ BUFFER, ${arg.size.bytes}, 1, -1 }`;
    if (arg.kind === 'buffer')
      return `{ BUFFER, ${arg.size.each}, ${row.args[index(arg.size.by)].max}, ${index(arg.size.by)} }`;
    return arg.kind === 'value-result' ? `{ VALUE_RESULT, 4, ${arg.max}, -1 }` : '{ NUMBER, 0, 0, -1 }';
  });
  return `\t{ ${row.number}, { ${args.join(', ')} } }, /* ${row.name} */`;
}

writeFileSync(
  join(core, 'shapes.c'),
  [
    '#include "shapes.h"',
    '',
    'const struct shape shapes[] = {',
    ...ROWS.map(shape),
    '};',
    `const unsigned shape_count = ${ROWS.length};`,
    '',
  ].join('\n'),
);

const generated = join(core, 'generated');
const guest = readdirSync(generated)
  .filter((name) => name.endsWith('.c') && name !== 'hostcall_host.c')
  .map((name) => join(generated, name));
const targets = {
  hostcall_guest: [
    ...guest,
    join(ROOT, 'shims/core/hostcall.c'),
    join(core, 'calls.c'),
    join(core, 'shapes.c'),
  ],
  hostcall_host: [join(generated, 'hostcall_host.c'), join(core, 'handlers.c'), join(core, 'shapes.c')],
};
for (const [name, sources] of Object.entries(targets)) {
  const run = spawnSync(
    CLANG,
    [
      ...FLAGS,
      ...[HERE, generated, join(core, 'include'), join(ROOT, 'packages/hostcall/test/c')].map(
        (path) => `-I${path}`,
      ),
      join(HERE, `${name}.c`),
      ...sources,
      '-o',
      join(folder, name),
    ],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  );
  if (run.status !== 0) process.exit(1);
}
