// SPDX-License-Identifier: Apache-2.0
import { patience } from '@motte/test-helpers/emulation';
import { schemaFaults } from '@motte/test-helpers/json-schema';
import { ROOT } from '@motte/test-helpers/vectors';
import { tempFolder } from '@motte/test-helpers/temp';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';

/** The command as it is installed. */
export const MOTTE: string = join(ROOT, 'toolchain/motte/bin/motte');

/** Where the tests' developer key and files are. */
export const PLACE: string = tempFolder('motte-command');

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly input?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Runs the bundled command. */
export function motte(args: readonly string[], { cwd = PLACE, input = '', env = {} }: RunOptions = {}): Ran {
  const ran = spawnSync(process.execPath, [MOTTE, ...args], {
    cwd,
    input,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    timeout: patience(120_000),
    env: { PATH: process.env['PATH'], HOME: PLACE, XDG_CONFIG_HOME: join(PLACE, 'config'), ...env },
  });
  return { status: ran.status, stdout: ran.stdout, stderr: ran.stderr };
}

type Json = Record<string, unknown>;

/** The name of a command's schema in docs/schema: what joins its words is a dash. */
export function schemaName(command: string): string {
  return command.replaceAll(/[ :]/gu, '-');
}

export function schema(name: string): Json {
  return JSON.parse(readFileSync(join(ROOT, 'docs/schema', `${name}.json`), 'utf8')) as Json;
}

/** Runs with `--json`, checks envelope and result against docs/schema, and returns the result. */
export function json(args: readonly string[], command: string, options: RunOptions = {}): Json {
  const ran = motte([...args, '--json'], options);
  assert.is(ran.status, 0, `${args.join(' ')}: ${ran.stderr}`);
  assert.is(ran.stdout.split('\n').length, 2, 'one line');
  const envelope = JSON.parse(ran.stdout) as { command: string; result: Json };
  assert.equal(schemaFaults(schema('envelope'), envelope), []);
  assert.is(envelope.command, command);
  assert.equal(schemaFaults(schema(schemaName(command)), envelope.result), []);
  return envelope.result;
}

/** Runs with `--json` what must fail; returns exit status, code and field: `2 FILE_ACCESS path`. */
export function refusal(args: readonly string[], options: RunOptions = {}): string {
  const ran = motte([...args, '--json'], options);
  const envelope = JSON.parse(ran.stdout) as { ok: boolean; error: { code: string; field?: string } };
  assert.equal(schemaFaults(schema('envelope'), envelope), []);
  assert.is(envelope.ok, false);
  assert.is(ran.stderr.split('\n').length, 2, `one line: ${ran.stderr}`);
  assert.match(ran.stderr, /^motte: /);
  return `${ran.status} ${envelope.error.code} ${envelope.error.field ?? ''}`.trim();
}
