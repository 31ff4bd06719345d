// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { Missing } from './outcome.js';

/** Bytes a second of `openssl speed` in blocks of 16 KB, by CPU time. */
export function opensslSpeed(algorithm: 'sha256' | 'sha384'): number {
  const args = ['speed', '-mr', '-seconds', '1', '-bytes', '16384', '-evp', algorithm];
  const { stdout, status } = spawnSync('openssl', args, { encoding: 'utf8' });
  const found = new RegExp(`^\\+F:\\d+:${algorithm}:([\\d.]+)`, 'mi').exec(stdout ?? '')?.[1];
  if (status !== 0 || found === undefined) throw new Missing('openssl speed cannot be run');
  return Number(found);
}
