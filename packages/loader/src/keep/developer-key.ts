// SPDX-License-Identifier: Apache-2.0
// The key that signs what nobody else has signed: one a user and machine, made when it is first needed.
import { MotteError } from '@motte/binary/error';
import { createSgxKey, signerFromPem } from '@motte/sign/key-node';
import { randomUUID } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { systemCode } from '../native.js';
import type { SgxSigner } from '@motte/sign/sgx/sign';

/** Where the developer key of this user is: below $XDG_CONFIG_HOME, else ~/.config. */
export function developerKeyPath(): string {
  const base = process.env['XDG_CONFIG_HOME'];
  // The specification has relative paths ignored.
  const root = base?.startsWith('/') === true ? base : join(homedir(), '.config');
  return join(root, 'motte', 'developer-sgx.pem');
}

/** Refuses a key that others can read, or that another user put there. */
function checkPrivate(path: string): void {
  const { mode, uid } = statSync(path);
  const own = process.getuid?.() ?? uid;
  const open = (mode & 0o077) !== 0;
  if (uid === own && !open) return;
  throw new MotteError('DEVELOPER_KEY', {
    field: path,
    expected: `mode 0600 and owner ${own}`,
    found: open ? `mode 0${(mode & 0o777).toString(8)}` : `owner ${uid}`,
  });
}

function readKey(path: string): string | undefined {
  try {
    checkPrivate(path);
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** `mkdir -p`, private. Node's own never ends where the system answers ENOENT for a folder whose parent is there (/proc). */
function makeFolders(path: string): void {
  if (existsSync(path)) return;
  makeFolders(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
  }
}

/** Makes the key and puts it in its place whole; when another process was first, its key is the key. */
function makeKey(path: string): string {
  makeFolders(dirname(path));
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
    if (cause instanceof MotteError && cause.code === 'DEVELOPER_KEY') throw cause;
    const why = systemCode(cause) ?? (cause instanceof Error ? cause.message : String(cause));
    throw new MotteError('DEVELOPER_KEY', {
      field: path,
      message: `the developer key cannot be read or made: ${why}`,
      cause,
    });
  }
}
