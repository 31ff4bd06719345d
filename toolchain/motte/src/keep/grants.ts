// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { badGrant } from '@motte/config/grant-rules';
import type { FileGrant, KeepConfig } from '@motte/config/keep-config';
import type { GrantPaths } from '@motte/loader/load';
import { dirname, resolve } from 'node:path';
import type { OptionValues } from '../grammar/options.js';

interface Given {
  readonly path: string;
  readonly host: string;
}

function given({ grant = [] }: OptionValues): Given[] {
  return grant.map((text) => {
    const at = text.indexOf('=');
    if (at < 1 || at === text.length - 1) {
      const found = JSON.stringify(text);
      throw new MotteError('USAGE_VALUE', { field: '--grant', expected: 'PATH=HOST', found });
    }
    return { path: text.slice(0, at), host: text.slice(at + 1) };
  });
}

/** What the command line of a bare file grants: read-only, unless HOST ends in `:rw`. Throws USAGE_VALUE. */
export function bareGrants(options: OptionValues): FileGrant[] {
  const files = given(options).map(({ path, host }): FileGrant => {
    const [, place = host, mode = 'ro'] = /^(.+):(ro|rw)$/s.exec(host) ?? [];
    return { path, host: place, mode: mode === 'rw' ? 'rw' : 'ro' };
  });
  const bad = badGrant(files.map(({ path }) => path));
  if (bad !== undefined) {
    const found = files[bad.at]?.path ?? '';
    throw new MotteError('USAGE_VALUE', { field: '--grant', expected: bad.expected, found });
  }
  return files;
}

/**
 * Where the host has what is granted. Keep.toml names places relative to itself, which --grant overrides; an image
 * names none, because whoever made it does not choose among this machine's files. Throws USAGE_VALUE, GRANT_HOST.
 */
export function grantPaths(options: OptionValues, { files }: KeepConfig, image: boolean): GrantPaths {
  if (!image && options.config === undefined)
    return Object.fromEntries(files.map(({ path, host }) => [path, resolve(host)]));
  const chosen = new Map<string, string>();
  if (!image) {
    const base = dirname(options.config ?? '');
    for (const { path, host } of files) chosen.set(path, resolve(base, host));
  }
  for (const { path, host } of given(options)) {
    if (!files.some((file) => file.path === path)) {
      const known = files.map((file) => file.path).join(', ');
      throw new MotteError('USAGE_VALUE', {
        field: '--grant',
        expected: known === '' ? 'a path that Keep.toml grants, which are none' : `one of ${known}`,
        found: path,
      });
    }
    chosen.set(path, resolve(host));
  }
  const missing = files.find(({ path }) => !chosen.has(path));
  if (missing !== undefined) {
    const expected = `--grant ${missing.path}=HOST, for an image does not choose among this machine’s files`;
    throw new MotteError('GRANT_HOST', { field: missing.path, expected });
  }
  return Object.fromEntries(chosen);
}
