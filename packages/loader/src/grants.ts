// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { decodeBlob } from '@motte/config/blob-decode';
import type { ConfigRecord } from '@motte/config/blob';
import { CONFIG_TYPES } from '@motte/config/blob-layout';
import { accessSync, closeSync, constants, openSync, statSync } from 'node:fs';
import { systemCode } from './native.js';

/** Where the host has what Keep.toml grants, by the path that the Keep sees it at. */
export type GrantPaths = Readonly<Record<string, string>>;

/** A file or directory that the Keep's configuration grants. */
export interface Granted {
  /** Where the Keep sees it. */
  readonly path: string;
  readonly readOnly: boolean;
}

/** One that is open, for the helper. */
export interface OpenGrant extends Granted {
  readonly fd: number;
}

/** A blob that is none grants nothing; the Keep says what is wrong with it, and ends. */
function recordsOf(blob: Uint8Array): readonly ConfigRecord[] {
  try {
    return decodeBlob(blob).records;
  } catch (error) {
    if (error instanceof MotteError) return [];
    throw error;
  }
}

/** What a config blob grants, in its order, which numbers the handles. */
export function grantedFiles(blob: Uint8Array): Granted[] {
  return recordsOf(blob)
    .filter((record) => record.type === CONFIG_TYPES.FILE)
    .map(({ value }) => {
      const [path = '', mode] = new TextDecoder().decode(value).split('\0');
      return { path, readOnly: mode === 'ro' };
    });
}

const HINTS: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist',
  ENOTDIR: 'a part of the path is no directory',
  EACCES: 'this user may not',
  EPERM: 'this user may not',
  EROFS: 'it is on a read-only file system',
  ELOOP: 'its symbolic links lead in a circle',
  ETXTBSY: 'it is a program that runs',
};

function hostError(grant: Granted, host: string, wanted: string, cause: unknown): MotteError {
  const code = systemCode(cause) ?? 'an error of the system';
  return new MotteError('GRANT_HOST', {
    field: grant.path,
    expected: `${host}, ${wanted}`,
    found: `${code}${code in HINTS ? `: ${HINTS[code]}` : ''}`,
    cause,
  });
}

/** Opens one: for reading alone when it is read-only, so that nothing which holds it can write. */
function openGrant(grant: Granted, host: string): OpenGrant {
  const wanted = grant.readOnly ? 'to be read' : 'to be read and written';
  const { R_OK, W_OK, X_OK, O_RDONLY, O_RDWR, O_DIRECTORY, O_NOCTTY } = constants;
  try {
    const found = statSync(host);
    if (!found.isDirectory() && !found.isFile()) {
      const expected = 'a directory or a regular file';
      throw new MotteError('GRANT_HOST', { field: grant.path, expected, found: host });
    }
    accessSync(host, R_OK | (grant.readOnly ? 0 : W_OK) | (found.isDirectory() ? X_OK : 0));
    const flags = found.isDirectory() ? O_RDONLY | O_DIRECTORY : grant.readOnly ? O_RDONLY : O_RDWR;
    return { ...grant, fd: openSync(host, flags | O_NOCTTY) };
  } catch (cause) {
    if (cause instanceof MotteError) throw cause;
    throw hostError(grant, host, wanted, cause);
  }
}

/** Closes what `openGrants` opened. */
export function closeGrants(grants: readonly OpenGrant[]): void {
  for (const { fd } of grants) closeSync(fd);
}

/**
 * Opens what the blob grants at the places that the host chose. Throws GRANT_HOST for one that has none or cannot be
 * opened, LOAD_OPTION for a place of nothing; then nothing stays open.
 */
export function openGrants(blob: Uint8Array, paths: GrantPaths): OpenGrant[] {
  const granted = grantedFiles(blob);
  const stray = Object.keys(paths).find((path) => !granted.some((grant) => grant.path === path));
  if (stray !== undefined) {
    const known = granted.map(({ path }) => path).join(', ');
    throw new MotteError('LOAD_OPTION', {
      field: `grants ${stray}`,
      expected: known === '' ? 'nothing: the configuration grants no file' : `one of ${known}`,
    });
  }
  const open: OpenGrant[] = [];
  try {
    for (const grant of granted) {
      const host = paths[grant.path];
      if (host === undefined) {
        const expected = `a directory or file of the host for ${grant.path}`;
        throw new MotteError('GRANT_HOST', { field: grant.path, expected, found: 'none' });
      }
      open.push(openGrant(grant, host));
    }
  } catch (error) {
    closeGrants(open);
    throw error;
  }
  return open;
}
