// SPDX-License-Identifier: Apache-2.0
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { built } from '../programs.js';
import { peakOf } from '../spawned.js';
import { writeFirmware, writeProgram, writeTdvf } from './inputs.js';
import type { Filling } from './inputs.js';

/** Most memory that measuring may take, whatever is measured. */
export const MOST_BYTES = 200e6;

const GUEST = ['--vcpus', '1', '--vcpu-type', 'EPYC-v4'];

/** The commands that measure large files, by what of them is large. */
export const LARGE_INPUTS: readonly {
  readonly name: string;
  readonly write: (path: string, size: number, filling: Filling) => void;
  readonly args: (path: string) => readonly string[];
}[] = [
  { name: 'sgx', write: writeProgram, args: (path) => ['measure', 'sgx', path] },
  { name: 'snp', write: writeFirmware, args: (path) => ['measure', 'snp', ...GUEST, '--ovmf', path] },
  { name: 'sev', write: writeFirmware, args: (path) => ['measure', 'sev', '--ovmf', path] },
  { name: 'tdx', write: writeTdvf, args: (path) => ['measure', 'tdx', '--tdvf', path] },
  {
    name: 'keystone',
    write: writeFirmware,
    args: (path) => {
      const small = built('hello');
      return ['measure', 'keystone', '--loader', small, '--runtime', small, '--eapp', path];
    },
  },
];

/** The largest resident set of a command that measures a file of `size` bytes, which is written to `folder`. */
export function peakBytes(
  { name, write, args }: (typeof LARGE_INPUTS)[number],
  folder: string,
  size: number,
  filling: Filling,
): number {
  const path = join(folder, name);
  write(path, size, filling);
  try {
    return peakOf(args(path)).bytes;
  } finally {
    rmSync(path);
  }
}
