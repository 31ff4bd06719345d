// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { ERRORS } from '@motte/binary/errors/table';
import { TomlError, parse } from 'smol-toml';
import { badGrant } from './grant-rules.js';
import { badPlace } from './image-rules.js';
import { readGroup } from './group.js';
import type { Fault } from './kind.js';
import type { KeepConfig } from './keep-config.js';
import { lineOf, pathText } from './line.js';
import { KEEP_KEYS } from './schema.js';

/** Most bytes of a Keep.toml: the config blob that it becomes has fewer. */
const MOST_TEXT = 1 << 18;

/** Nested tables and arrays deeper than this are no Keep.toml, and would only exhaust the parser's stack. */
const MOST_DEPTH = 16;

function parseToml(text: string): unknown {
  try {
    return parse(text, { integersAsBigInt: true, unsafeKeyBehaviour: 'throw', maxDepth: MOST_DEPTH });
  } catch (error) {
    if (error instanceof TomlError) {
      const reason = (error.message.split('\n')[0] ?? '').replace(/^Invalid TOML document: /, '');
      throw new MotteError('KEEP_SYNTAX', {
        field: 'Keep.toml',
        message: `line ${error.line}, column ${error.column}: ${reason}`,
        expected: 'TOML',
        cause: error,
      });
    }
    throw new MotteError('KEEP_SYNTAX', { field: 'Keep.toml', expected: 'TOML', cause: error });
  }
}

function refuseTwice(config: KeepConfig, fault: Fault): void {
  const unique = (
    table: 'files' | 'image' | 'listen' | 'connect',
    key: string,
    names: readonly string[],
  ): void => {
    const at = names.findIndex((name, i) => names.indexOf(name) < i);
    if (at < 0) return;
    const found = names[at] ?? '';
    throw fault('KEEP_DUPLICATE', [table, at, key], { expected: `each ${key} once`, found });
  };
  const { files, image, listen, connect } = config;
  unique(
    'files',
    'path',
    files.map((file) => file.path),
  );
  unique(
    'image',
    'path',
    image.map((one) => one.path),
  );
  unique(
    'listen',
    'name',
    listen.map((socket) => socket.name),
  );
  unique(
    'listen',
    'address',
    // A name server has one port of both.
    listen.map(({ protocol, address }) => `${protocol === 'udp' ? 'udp' : 'tcp'} ${address}`),
  );
  unique(
    'connect',
    'host',
    connect.map(({ host, port }) => `${host}:${port}`),
  );
}

function refuseGrants({ files }: KeepConfig, fault: Fault): void {
  const bad = badGrant(files.map(({ path }) => path));
  if (bad === undefined) return;
  throw fault('KEEP_VALUE', ['files', bad.at, 'path'], {
    expected: bad.expected,
    found: files[bad.at]?.path ?? '',
  });
}

function refusePlaces({ image }: KeepConfig, fault: Fault): void {
  for (const [at, { path }] of image.entries()) {
    const expected = badPlace(path);
    if (expected !== undefined) throw fault('KEEP_VALUE', ['image', at, 'path'], { expected, found: path });
  }
}

/** A page of an SGX1 Keep cannot become executable: no program but the first can ever run there. */
function refuseExec({ exec, sgx }: KeepConfig, fault: Fault): void {
  if (exec === 'none' || sgx.version === 2) return;
  throw fault('KEEP_VALUE', ['exec'], { expected: '"none" where sgx.version is 1', found: exec });
}

/** The configuration that a Keep.toml says, every key checked and every default filled in. Throws KEEP_*. */
export function parseKeepToml(text: string): KeepConfig {
  if (text.length > MOST_TEXT) {
    throw new MotteError('CONFIG_TOO_LARGE', {
      field: 'Keep.toml',
      expected: `at most ${MOST_TEXT} characters`,
      found: text.length,
    });
  }
  const fault: Fault = (code, path, { expected, found, message }) => {
    const line = lineOf(text, path);
    const what = message ?? ERRORS[code].reason.replace(/\.$/, '');
    return new MotteError(code, {
      field: path.length === 0 ? 'Keep.toml' : pathText(path),
      message: line === undefined ? what : `line ${line}: ${what}`,
      expected,
      ...(found === undefined ? {} : { found }),
    });
  };
  const config = readGroup(KEEP_KEYS, parseToml(text), [], fault);
  refuseTwice(config, fault);
  refuseGrants(config, fault);
  refusePlaces(config, fault);
  refuseExec(config, fault);
  return config;
}

/** What a bare file gets: every default. */
export function defaultConfig(): KeepConfig {
  return parseKeepToml('');
}
