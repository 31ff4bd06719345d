// SPDX-License-Identifier: Apache-2.0
// What a machine of scripts/tcg is made of, and what to do where a part is missing.
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { TcgError } from './error.js';
import { findKernel, type Kernel } from './kernel.js';

export interface Parts {
  readonly qemu: string;
  readonly virtiofsd: string;
  readonly compiler: string;
  readonly kernel: Kernel;
}

/** Where distributions put virtiofsd: Ubuntu 24.04 and Debian 13; Debian 12 and Ubuntu 22.04 (in qemu-system-common). */
const VIRTIOFSD_FOLDERS = ['/usr/libexec', '/usr/lib/qemu'];

function executable(name: string, folders: readonly string[]): string | undefined {
  return folders
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** The package that has virtiofsd here. */
function virtiofsdPackage(): string {
  return spawnSync('apt-cache', ['show', 'virtiofsd']).status === 0 ? 'virtiofsd' : 'qemu-system-common';
}

/** All parts. TCG_MISSING names those that are missing, with one line to paste. */
export function findParts(path: string = process.env['PATH'] ?? ''): Parts {
  const folders = path.split(':');
  const qemu = executable('qemu-system-x86_64', folders);
  const virtiofsd = executable('virtiofsd', [...folders, ...VIRTIOFSD_FOLDERS]);
  const compiler = executable(process.env['CC'] ?? 'gcc-12', folders);
  const kernel = findKernel();
  if (qemu !== undefined && virtiofsd !== undefined && compiler !== undefined && kernel !== undefined)
    return { qemu, virtiofsd, compiler, kernel };
  const lacking: string[] = [];
  const packages: string[] = [];
  const lack = (part: unknown, what: string, owner: () => string): void => {
    if (part !== undefined) return;
    lacking.push(what);
    packages.push(owner());
  };
  lack(qemu, 'qemu-system-x86_64', () => 'qemu-system-x86');
  lack(virtiofsd, 'virtiofsd', virtiofsdPackage);
  lack(compiler, process.env['CC'] ?? 'gcc-12', () => 'gcc-12');
  if (kernel === undefined) lacking.push('a kernel');
  const apt =
    packages.length === 0 ? [] : [`sudo apt-get install -y --no-install-recommends ${packages.join(' ')}`];
  const bring = kernel === undefined ? ['node scripts/tcg-kernel.mjs'] : [];
  throw new TcgError(
    'TCG_MISSING',
    `${lacking.join(', ')} not on this machine. Paste: ${[...apt, ...bring].join(' && ')}`,
  );
}
