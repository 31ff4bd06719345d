// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** A package of Debian, by the file that it comes in. */
export interface Deb {
  /** `gcc-12_12.2.0-14+deb12u1_amd64.deb` */
  readonly name: string;
  readonly sha256: string;
}

/** Of the compiler's packages those that decide a shim's bytes: compiler, assembler and linker, not the libc they run on. */
const DECISIVE = /\/(gcc-12|binutils)\/[^/]+$/;

/** The packages of the pinned compiler, as scripts/compiler-debs lists them; none where there is no such list. */
export function pinnedDebs(root: string): readonly Deb[] {
  const path = join(root, 'scripts/compiler-debs');
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((line): Deb[] => {
      const [, sha256, file] = /^([0-9a-f]{64}) (\S+\.deb)$/.exec(line) ?? [];
      if (sha256 === undefined || file === undefined || !DECISIVE.test(file)) return [];
      return [{ name: basename(file), sha256 }];
    });
}
