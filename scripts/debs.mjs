// SPDX-License-Identifier: Apache-2.0
// Packages of Debian without dpkg: brought from its archive or a folder, known by their SHA-256, unpacked by tar and xz.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

export const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

async function download(url) {
  try {
    const answer = await fetch(url);
    return answer.ok ? Buffer.from(await answer.arrayBuffer()) : `${answer.status} ${answer.statusText}`;
  } catch (error) {
    return String(error.cause?.message ?? error.message);
  }
}

/**
 * The bytes of one package, which are those of `hash`: from `folder` if it is given, else from the first of `mirrors`
 * that has them. Where they come from does not matter.
 */
export async function bring({ hash, path, mirrors, folder }) {
  const tried = [];
  if (folder !== undefined) {
    const file = join(folder, basename(path));
    const bytes = existsSync(file) ? readFileSync(file) : undefined;
    if (bytes !== undefined && sha256(bytes) === hash) return bytes;
    tried.push(`${file}: ${bytes === undefined ? 'no such file' : 'another SHA-256'}`);
  }
  for (const mirror of folder === undefined ? mirrors : []) {
    const bytes = await download(`${mirror}/${path.replaceAll('+', '%2B')}`);
    if (typeof bytes !== 'string' && sha256(bytes) === hash) return bytes;
    tried.push(`${mirror}: ${typeof bytes === 'string' ? bytes : 'another SHA-256'}`);
  }
  throw new Error(`${basename(path)} (SHA-256 ${hash}) was not found; ${tried.join('; ')}`);
}

/** The member data.tar.xz of a .deb, which is an ar archive: deb(5). */
export function dataOf(deb, name) {
  for (let at = 8; at + 60 <= deb.length;) {
    const member = deb
      .toString('latin1', at, at + 16)
      .trim()
      .replace(/\/$/, '');
    const size = Number(deb.toString('latin1', at + 48, at + 58));
    if (member === 'data.tar.xz') return deb.subarray(at + 60, at + 60 + size);
    at += 60 + size + (size % 2);
  }
  throw new Error(`${name} has no data.tar.xz`);
}

/** Unpacks such a member into `folder`: all of it, or what matches the patterns of tar. */
export function unpack(tar, folder, name, patterns = []) {
  const chosen = patterns.length === 0 ? [] : ['--wildcards', ...patterns];
  const { status, stderr, error } = spawnSync('tar', ['-xJ', '--no-same-owner', '-C', folder, ...chosen], {
    input: tar,
  });
  if (status !== 0) throw new Error(`tar cannot unpack ${name}: ${error?.message ?? stderr}`);
}
