// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import type { Group } from '@motte/config/group';
import { readGroup, table } from '@motte/config/group';
import type { Fault, Kind } from '@motte/config/kind';
import { arrayOf, boolean, choice, describe, integer, text } from '@motte/config/kind';
import { lineOf, pathText } from '@motte/config/line';
import { MOST_THREADS } from '@motte/config/schema';
import { TomlError, parse } from 'smol-toml';

/** What a shim is made to do; every bit of it is in the shim's bytes, and so in the launch digest. */
export interface ShimConfig {
  readonly tee: 'sgx' | 'vm';
  /** Most threads besides the first that an application may start; false: none, and nothing for them is compiled in. */
  readonly threads: false | number;
  readonly syscalls: 'all' | readonly string[];
  readonly sockets: boolean;
  readonly files: boolean;
  readonly mounts: boolean;
  readonly image: boolean;
  readonly debug: boolean;
  /** Of an SGX shim alone. */
  readonly sgx?: { readonly version: 1 | 2 };
}

/** A shim's configuration as its file has it: every key, whatever the TEE. */
type Keys = Omit<ShimConfig, 'sgx'> & Required<Pick<ShimConfig, 'sgx'>>;

function or<A, B>(first: Kind<A>, matches: (value: unknown) => boolean, second: Kind<B>): Kind<A | B> {
  const name = `${first.name}, or ${second.name}`;
  return {
    name,
    json: { oneOf: [first.json, second.json] },
    read: (value, path, fault) =>
      matches(value) ? first.read(value, path, fault) : second.read(value, path, fault),
  };
}

const NONE: Kind<false> = {
  name: 'false',
  json: { const: false },
  read(value, path, fault) {
    if (value !== false) throw fault('KEEP_VALUE', path, { expected: 'false', found: describe(value) });
    return false;
  },
};

const MEASURED = { trust: 'measured', where: 'launch digest' } as const;

const SGX_KEYS: Group<Keys['sgx']> = {
  version: {
    kind: choice(1, 2),
    fallback: 2,
    ...MEASURED,
    doc: '2: memory is added while the Keep runs; 1: a static heap, for CPUs without SGX2.',
    example: '2',
  },
};

/** Every key of a shim configuration, in the order of docs/shimgen.md. */
export const SHIM_KEYS: Group<Keys> = {
  tee: {
    kind: choice('sgx', 'vm'),
    fallback: 'sgx',
    ...MEASURED,
    doc: '"sgx": SGX; "vm": KVM and SEV-SNP, by the same image.',
    example: '"sgx"',
  },
  threads: {
    kind: or(NONE, (value) => typeof value === 'boolean', integer(1, MOST_THREADS)),
    fallback: MOST_THREADS - 1,
    ...MEASURED,
    doc: 'Most threads besides the first that an application may start, within those of the Keep; false: none.',
    example: '7',
  },
  syscalls: {
    kind: or(choice('all'), (value) => typeof value === 'string', arrayOf(text(), 'an array of names')),
    fallback: 'all',
    ...MEASURED,
    doc: 'The system calls that are compiled in: "all", or their names. Another one is ENOSYS.',
    example: '["read", "write", "exit_group"]',
  },
  sockets: {
    kind: boolean(),
    fallback: true,
    ...MEASURED,
    doc: 'Whether sockets are compiled in: those of the internet that Keep.toml grants.',
    example: 'false',
  },
  files: {
    kind: boolean(),
    fallback: true,
    ...MEASURED,
    doc: 'Whether the file system within the Keep (/tmp, /var/tmp, /dev) is compiled in.',
    example: 'true',
  },
  mounts: {
    kind: boolean(),
    fallback: true,
    ...MEASURED,
    doc: 'Whether what Keep.toml grants of the host’s files is compiled in; it needs `files`. Without it the grants are refused.',
    example: 'true',
  },
  image: {
    kind: boolean(),
    fallback: true,
    ...MEASURED,
    doc: 'Whether files of the image are compiled in; it needs `files`. Without it a Keep.toml with `[[image]]` is refused.',
    example: 'true',
  },
  debug: {
    kind: boolean(),
    fallback: false,
    ...MEASURED,
    doc: 'Whether the shim tells more than a reason when it ends a Keep. Not for what is to be secret.',
    example: 'false',
  },
  sgx: {
    kind: table(SGX_KEYS),
    fallback: { version: 2 },
    ...MEASURED,
    doc: 'What only an SGX shim has.',
    example: '{ version = 2 }',
  },
};

/** The configuration that a TOML text says, defaults filled in. Throws SHIM_CONFIG_KEY and SHIM_CONFIG. */
export function parseShimConfig(toml: string): ShimConfig {
  let value: unknown;
  try {
    value = parse(toml, { integersAsBigInt: true, unsafeKeyBehaviour: 'throw', maxDepth: 16 });
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const reason = error.message.split('\n')[0]?.replace(/^Invalid TOML document: /, '') ?? '';
    throw new MotteError('SHIM_CONFIG', {
      message: `line ${error.line}, column ${error.column}: ${reason}`,
      cause: error,
    });
  }
  const fault: Fault = (code, path, { expected, found, message }) => {
    const line = lineOf(toml, path);
    const what = message ?? 'the value is not what this key takes';
    return new MotteError(code === 'KEEP_UNKNOWN_KEY' ? 'SHIM_CONFIG_KEY' : 'SHIM_CONFIG', {
      ...(path.length === 0 ? {} : { field: pathText(path) }),
      message: line === undefined ? what : `line ${line}: ${what}`,
      expected,
      ...(found === undefined ? {} : { found }),
    });
  };
  const { sgx, ...config } = readGroup(SHIM_KEYS, value, [], fault);
  if (config.tee === 'sgx') return { ...config, sgx };
  if (Object.hasOwn(value as object, 'sgx')) {
    throw fault('KEEP_VALUE', ['sgx'], { expected: 'tee = "sgx"', found: `tee = "${config.tee}"` });
  }
  return config;
}

/** What is built when nothing is asked for. */
export function defaultShimConfig(): ShimConfig {
  return parseShimConfig('');
}
