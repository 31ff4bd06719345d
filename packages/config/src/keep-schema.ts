// SPDX-License-Identifier: Apache-2.0
import { groupSchema, keysOf } from './group.js';
import type { Group, Key } from './group.js';
import type { JsonSchema } from './kind.js';
import { CONNECT_KEYS, FILE_KEYS, IMAGE_KEYS, KEEP_KEYS, LISTEN_KEYS, SGX_KEYS } from './schema.js';
import { formatSize } from './size.js';

/** The tables within Keep.toml, by their header. */
const TABLES: readonly (readonly [header: string, group: Group<object>])[] = [
  ['[[files]]', FILE_KEYS],
  ['[[image]]', IMAGE_KEYS],
  ['[[listen]]', LISTEN_KEYS],
  ['[[connect]]', CONNECT_KEYS],
  ['[sgx]', SGX_KEYS],
];

/** The keys that are values of their own, rather than tables. */
const PLAIN = ['args', 'threads', 'memory', 'stdin', 'exec'];

/** The JSON schema of Keep.toml; `x-trust` and `x-where` say of each key who vouches for it. */
export function keepSchema(): JsonSchema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Keep.toml',
    ...groupSchema(KEEP_KEYS),
  };
}

function defaultText(key: Key<unknown>): string {
  if (!Object.hasOwn(key, 'fallback')) return 'must be given';
  const { fallback } = key;
  if (typeof fallback === 'bigint') return `"${formatSize(fallback)}"`;
  return JSON.stringify(fallback);
}

function rows(group: Group<object>, prefix: string): string[] {
  return keysOf(group)
    .filter(([name]) => prefix !== '' || !TABLES.some(([header]) => header.includes(`[${name}]`)))
    .map(([name, key]) => {
      const cells = [`\`${prefix}${name}\``, key.kind.name, defaultText(key), key.trust, key.where, key.doc];
      return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
    });
}

/** docs/keep-toml.md */
export function keepDocs(): string {
  return [
    '# Keep.toml',
    '',
    'Generated from `packages/config/src/schema.ts`; do not edit. `motte init` prints a commented one,',
    '`motte schema keep` the JSON schema.',
    '',
    '*measured*: stands in a digest that the CPU reports. *attested*: stands in its report as such.',
    '*untrusted*: the host chooses it, and nothing says what. The config digest is the SHA-256 of the config blob',
    '([config-blob.md](config-blob.md)); it stands in SGX CONFIGID. The launch digest is MRENCLAVE.',
    '',
    '| key | value | default | who vouches | where | meaning |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows(KEEP_KEYS, ''),
    '| `env.K` = "v" | a text | | measured | config digest | A fixed variable. |',
    '| `env.K` = { measured = false } | | | untrusted | the name alone: config digest | The host may set it; `default` is what it is otherwise (measured). |',
    ...TABLES.flatMap(([header, group]) => rows(group, `${header} `)),
    '',
    'Sizes are an integer of bytes, or a text with a unit: B, KiB, MiB, GiB, TiB, powers of 1024.',
    'An unknown key is an error. argv[0] is the name of the program: with a Keep.toml the last part of its path,',
    'for a bare file what `motte run` was given. It stands in the config blob.',
    '',
  ].join('\n');
}

/** The commented Keep.toml that `motte init` writes: every key with its default or an example. */
export function initText(): string {
  const comment = (key: Key<unknown>): string => `# ${key.doc} (${key.trust}: ${key.where})`;
  const keys = new Map(keysOf(KEEP_KEYS));
  const plain = PLAIN.flatMap((name) => {
    const key = keys.get(name);
    if (key === undefined) return [];
    const value = name === 'args' ? '[]' : defaultText(key);
    return [comment(key), `${name} = ${value}`, ''];
  });
  const env = keys.get('env');
  const example = ([name, key]: [string, Key<unknown>]): string => `${name} = ${key.example}`;
  return [
    '# What a Keep is given and how large it is. All keys are optional; docs/keep-toml.md explains them.',
    '',
    ...plain,
    ...(env === undefined ? [] : [comment(env)]),
    '[env]',
    '# LANG = "C.UTF-8"',
    '# VERBOSE = { default = "0", measured = false }',
    '',
    ...TABLES.flatMap(([header, group]) => {
      const given = header.startsWith('[[') ? '# ' : '';
      return [
        `${given}${header}`,
        ...keysOf(group).flatMap(([name, key]) => [comment(key), `${given}${example([name, key])}`]),
        '',
      ];
    }),
  ].join('\n');
}
