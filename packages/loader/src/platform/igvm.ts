// SPDX-License-Identifier: Apache-2.0
import type { PlatformReaders } from './readers.js';

/** Who launches IGVM files here; Motte measures and writes them on every machine. */
export interface IgvmPlatform {
  /** QEMU of this machine: none, without IGVM (before 10.1, or built without libigvm), with it. */
  readonly qemu: 'none' | 'without' | 'with';
}

const FOLDERS = ['/usr/local/bin', '/usr/bin', '/usr/libexec'] as const;
const NAMES = ['qemu-system-x86_64', 'qemu-kvm'] as const;

/** The name of the object that `-object igvm-cfg,file=…` makes. QEMU 10.1, backends/igvm-cfg.c. */
const OBJECT = 'igvm-cfg';

/** The first QEMU that is found, and whether it knows the object; nothing is run for that. */
export function igvmPlatform(read: PlatformReaders): IgvmPlatform {
  for (const folder of FOLDERS)
    for (const name of NAMES) {
      const has = read.contains(`${folder}/${name}`, `\0${OBJECT}\0`);
      if (has !== undefined) return { qemu: has ? 'with' : 'without' };
    }
  return { qemu: 'none' };
}
