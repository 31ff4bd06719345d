// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MotteError } from '@motte/binary/error';
import type { ShimConfig } from './config.js';

/** Configuration that a component needs, all of it. */
export interface When {
  readonly sgx?: 1 | 2;
  readonly threads?: true;
  readonly sockets?: true;
  readonly files?: true;
  readonly mounts?: true;
  readonly image?: true;
  readonly debug?: true;
}

/** Files that are compiled in together. */
export interface Component {
  readonly name: string;
  readonly sources: readonly string[];
  readonly when: When;
  /** System calls that its files serve, by name. */
  readonly syscalls: Readonly<Record<string, number>>;
  /** Compiled in even when none of its system calls is allowed. */
  readonly always: boolean;
  readonly cflags: readonly string[];
}

/** What can be compiled into the shims of one TEE: the content of its components.json and of the `core` that it names. */
export interface Manifest {
  readonly tee: ShimConfig['tee'];
  /** The clone's root, which the paths are relative to. */
  readonly root: string;
  readonly linkerScript: string;
  readonly include: readonly string[];
  /** Names of folders for paths such as `bearssl:src/x.c`. */
  readonly roots: Readonly<Record<string, string>>;
  /** Flags for C and assembly, for C alone, for linking. */
  readonly flags: readonly string[];
  readonly cflags: readonly string[];
  readonly ldflags: readonly string[];
  /** No value that is loaded is used before a fence (docs/adr/0005). */
  readonly fences: boolean;
  /** Symbols that may branch indirectly. */
  readonly indirect: readonly string[];
  readonly components: readonly Component[];
  /** Files of shims/core that no shim of this TEE has. */
  readonly without: readonly string[];
}

const MANIFEST = 'components.json';

/** The clone's root: the nearest folder above this module with the shims' sources. Throws SHIM_SOURCE. */
export function findRoot(from: string = dirname(fileURLToPath(import.meta.url))): string {
  for (let folder = from; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'shims/sgx', MANIFEST))) return folder;
    if (dirname(folder) === folder) {
      throw new MotteError('SHIM_SOURCE', { expected: `shims/sgx/${MANIFEST} above ${from}`, found: 'none' });
    }
  }
}

class Reader {
  constructor(private readonly file: string) {}

  fail(field: string, expected: string, found: unknown): MotteError {
    return new MotteError('SHIM_MANIFEST', {
      field: `${this.file}: ${field}`,
      expected,
      found: JSON.stringify(found) ?? 'nothing',
    });
  }

  object(value: unknown, field: string, keys: readonly string[]): Record<string, unknown> {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw this.fail(field, 'an object', value);
    }
    const stray = Object.keys(value).find((key) => !keys.includes(key));
    if (stray !== undefined) throw this.fail(`${field}.${stray}`, `one of ${keys.join(', ')}`, stray);
    return value as Record<string, unknown>;
  }

  text(value: unknown, field: string): string {
    if (typeof value !== 'string' || value === '') throw this.fail(field, 'a text', value);
    return value;
  }

  texts(value: unknown, field: string): string[] {
    if (value === undefined) return [];
    if (!Array.isArray(value)) throw this.fail(field, 'an array of texts', value);
    return value.map((one: unknown, i) => this.text(one, `${field}[${i}]`));
  }

  map<T>(value: unknown, field: string, is: (one: unknown) => one is T, what: string): Record<string, T> {
    if (value === undefined) return {};
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw this.fail(field, 'an object', value);
    }
    const entries = Object.entries(value).map(([name, one]: [string, unknown]) => {
      if (!is(one)) throw this.fail(`${field}.${name}`, what, one);
      return [name, one] as const;
    });
    return Object.fromEntries(entries);
  }
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isNumber = (value: unknown): value is number => Number.isInteger(value) && Number(value) >= 0;

function readWhen(reader: Reader, value: unknown, field: string): When {
  if (value === undefined) return {};
  const given = reader.object(value, field, [
    'sgx',
    'threads',
    'sockets',
    'files',
    'mounts',
    'image',
    'debug',
  ]);
  for (const [name, wanted] of Object.entries(given)) {
    const ok = name === 'sgx' ? wanted === 1 || wanted === 2 : wanted === true;
    if (!ok) throw reader.fail(`${field}.${name}`, name === 'sgx' ? '1 or 2' : 'true', wanted);
  }
  return given;
}

function readComponent(reader: Reader, value: unknown, field: string): Component {
  const keys = ['name', 'sources', 'when', 'syscalls', 'always', 'cflags'];
  const given = reader.object(value, field, keys);
  const name = reader.text(given['name'], `${field}.name`);
  if (!/^[a-z][a-z0-9_]*$/.test(name)) throw reader.fail(`${field}.name`, 'a lower-case C name', name);
  const always = given['always'] ?? false;
  if (typeof always !== 'boolean') throw reader.fail(`${field}.always`, 'true or false', always);
  return {
    name,
    sources: reader.texts(given['sources'], `${field}.sources`),
    when: readWhen(reader, given['when'], `${field}.when`),
    syscalls: reader.map(given['syscalls'], `${field}.syscalls`, isNumber, 'a system call number'),
    always,
    cflags: reader.texts(given['cflags'], `${field}.cflags`),
  };
}

function sourcesBelow(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = posix.join(folder, entry.name);
    // Programs that test the shim, built ones and headers for the compiler are no sources of it.
    if (entry.isDirectory()) {
      return ['test', 'build', 'prebuilt', 'node_modules'].includes(entry.name)
        ? []
        : sourcesBelow(root, path);
    }
    return /\.[cS]$/.test(entry.name) ? [path] : [];
  });
}

function checkSources(reader: Reader, manifest: Manifest): void {
  const listed = manifest.components.flatMap((component) => component.sources);
  const twice = listed.find((path, i) => listed.indexOf(path) < i);
  if (twice !== undefined) throw reader.fail('components', `${twice} once`, 'twice');
  const own = [dirname(manifest.linkerScript), 'shims/core'].flatMap((folder) =>
    existsSync(join(manifest.root, folder)) ? sourcesBelow(manifest.root, folder) : [],
  );
  const idle = manifest.without.find((path) => !own.includes(path) || listed.includes(path));
  if (idle !== undefined) throw reader.fail('without', 'a source that is in no component', idle);
  const left = own.filter((path) => !listed.includes(path) && !manifest.without.includes(path)).sort()[0];
  if (left !== undefined)
    throw reader.fail('components', `${left} in a component's sources`, 'it is in none');
}

function parse(root: string, file: string): unknown {
  try {
    return JSON.parse(readFileSync(join(root, file), 'utf8'));
  } catch (cause) {
    throw new MotteError('SHIM_MANIFEST', { field: file, message: (cause as Error).message, cause });
  }
}

function readComponents(reader: Reader, value: unknown): Component[] {
  if (!Array.isArray(value)) throw reader.fail('components', 'an array', value);
  const components = value.map((one, i) => readComponent(reader, one, `components[${i}]`));
  const names = components.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) throw reader.fail('components', 'each name once', twice);
  return components;
}

/** The components of one TEE and those that all share: where both have a component, the TEE adds sources to it. */
function withCore(reader: Reader, own: readonly Component[], shared: readonly Component[]): Component[] {
  const merged = own.map((component) => {
    const base = shared.find(({ name }) => name === component.name);
    if (base === undefined) return component;
    const { name, sources, ...rest } = component;
    const { name: _, sources: more, ...given } = base;
    const bare = readComponent(reader, { name, sources: [] }, name);
    for (const key of Object.keys(rest) as (keyof typeof rest)[]) {
      if (JSON.stringify(rest[key]) !== JSON.stringify(bare[key]))
        throw reader.fail(`${name}.${key}`, 'only sources beside what shims/core gives it', rest[key]);
    }
    return { name, sources: [...sources, ...more], ...given };
  });
  return [...merged, ...shared.filter(({ name }) => own.every((component) => component.name !== name))];
}

function readShared(root: string, file: string): Component[] {
  const reader = new Reader(file);
  return readComponents(reader, reader.object(parse(root, file), file, ['components'])['components']);
}

/** Reads and checks `shims/TEE/components.json`, and what it shares with others. Throws SHIM_MANIFEST. */
export function readManifest(root: string, tee: ShimConfig['tee']): Manifest {
  const file = `shims/${tee}/${MANIFEST}`;
  const reader = new Reader(file);
  const parsed = parse(root, file);
  const keys = [
    'tee',
    'linkerScript',
    'include',
    'roots',
    'flags',
    'cflags',
    'ldflags',
    'fences',
    'indirect',
    'without',
    'core',
    'components',
  ];
  const given = reader.object(parsed, file, keys);
  if (given['tee'] !== tee) throw reader.fail('tee', JSON.stringify(tee), given['tee']);
  const { core, fences = false } = given;
  if (typeof fences !== 'boolean') throw reader.fail('fences', 'true or false', fences);
  const own = readComponents(reader, given['components']);
  const manifest: Manifest = {
    tee,
    root,
    linkerScript: reader.text(given['linkerScript'], 'linkerScript'),
    include: reader.texts(given['include'], 'include'),
    roots: reader.map(given['roots'], 'roots', isText, 'a folder'),
    flags: reader.texts(given['flags'], 'flags'),
    cflags: reader.texts(given['cflags'], 'cflags'),
    ldflags: reader.texts(given['ldflags'], 'ldflags'),
    fences,
    indirect: reader.texts(given['indirect'], 'indirect'),
    components: core === undefined ? own : withCore(reader, own, readShared(root, reader.text(core, 'core'))),
    without: reader.texts(given['without'], 'without'),
  };
  checkSources(reader, manifest);
  return manifest;
}

/** `path` of a manifest, `name:path` resolved by `roots`: relative to the clone's root. Throws SHIM_MANIFEST. */
export function resolvePath(manifest: Manifest, path: string): string {
  const [, name, rest] = /^([a-z0-9]+):(.*)$/.exec(path) ?? [];
  if (name === undefined || rest === undefined) return path;
  const folder = manifest.roots[name];
  if (folder === undefined) {
    throw new MotteError('SHIM_MANIFEST', {
      field: path,
      expected: `one of ${Object.keys(manifest.roots).join(', ')} before the colon`,
      found: name,
    });
  }
  return posix.join(folder, rest);
}
