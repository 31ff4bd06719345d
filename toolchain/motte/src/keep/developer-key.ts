// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { createSgxKey } from '@motte/sign/key-node';
import { mkdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { readText } from '../io/file.js';
import { writeFile } from '../io/output.js';
import { say } from '../io/stdout.js';
import { systemCode, withPath } from '../io/system.js';

/** Where a user's developer key is: it signs what nobody else has, and shows as `dev-signed`. */
export function developerKeyPath(): string {
  const base = process.env['XDG_CONFIG_HOME'];
  // The XDG specification: a relative path is to be ignored.
  const root = base !== undefined && base.startsWith('/') ? base : join(homedir(), '.config');
  return join(root, 'motte', 'sgx-developer-key.pem');
}

/** Refuses a key that others can read or have put there. Throws DEVELOPER_KEY. */
function checkPrivate(path: string): void {
  const { mode, uid } = statSync(path);
  const own = process.getuid?.() ?? uid;
  const found =
    uid !== own ? `owner ${uid}` : (mode & 0o077) !== 0 ? `mode 0${(mode & 0o777).toString(8)}` : undefined;
  if (found === undefined) return;
  throw new MotteError('DEVELOPER_KEY', { field: path, expected: `owner ${own} and mode 0600`, found });
}

function exists(path: string): boolean {
  try {
    statSync(path);
    return true;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw error;
  }
}

/** The developer key in PEM, made on the first call ever. Two processes that make it at once agree on one. */
export function developerKey(): string {
  const path = developerKeyPath();
  return withPath('FILE_ACCESS', path, () => {
    if (!exists(path)) {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      say(`motte: making the developer key ${path}`);
      try {
        writeFile(path, createSgxKey(), { mode: 0o600, keep: true });
      } catch (error) {
        if (!(error instanceof MotteError) || error.code !== 'FILE_EXISTS') throw error;
      }
    }
    checkPrivate(path);
    return readText(path);
  });
}
