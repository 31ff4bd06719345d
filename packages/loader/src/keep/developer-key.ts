// SPDX-License-Identifier: Apache-2.0
// The key that signs what nobody else has signed: one a user and machine, made when it is first needed.
import { MotteError } from '@motte/binary/error';
import { createSgxKey, signerFromPem } from '@motte/sign/key-node';
import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { systemCode } from '../native.js';
import type { SgxSigner } from '@motte/sign/sgx/sign';

/** Where the developer key of this user is: below $XDG_DATA_HOME, else ~/.local/share. */
export function developerKeyPath(): string {
  const data = process.env['XDG_DATA_HOME'];
  // The specification has relative paths ignored.
  const root = data?.startsWith('/') === true ? data : join(homedir(), '.local/share');
  return join(root, 'motte', 'developer-sgx.pem');
}

function readKey(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Makes the key and puts it in its place whole; when another process was first, its key is the key. */
function makeKey(path: string): string {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const fresh = `${path}.${randomUUID()}`;
  try {
    writeFileSync(fresh, createSgxKey(), { mode: 0o600, flag: 'wx', flush: true });
    linkSync(fresh, path);
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
  } finally {
    rmSync(fresh, { force: true });
  }
  return readFileSync(path, 'utf8');
}

/**
 * The signer of this user's developer key. MRSIGNER of a Keep that it signs says no more than "somebody built this
 * on this machine"; no policy should accept it. Throws DEVELOPER_KEY.
 */
export function developerSigner(path: string = developerKeyPath()): SgxSigner {
  try {
    return signerFromPem(readKey(path) ?? makeKey(path));
  } catch (cause) {
    const why = systemCode(cause) ?? (cause instanceof Error ? cause.message : String(cause));
    throw new MotteError('DEVELOPER_KEY', {
      field: path,
      message: `the developer key cannot be read or made: ${why}`,
      cause,
    });
  }
}
