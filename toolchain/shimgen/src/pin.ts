// SPDX-License-Identifier: Apache-2.0

/**
 * The one compiler whose shims have released digests (docs/adr/0002-compiler-pin.md): Debian 12's gcc-12, with the
 * assembler and linker of the same release. Another one builds a shim that is marked `unpinned`.
 */
export const PIN = {
  compiler: 'gcc-12',
  /** What must stand in the first line of `gcc-12 --version`: Debian's package version is part of it. */
  compilerVersion: '12.2.0-14+deb12u1',
  /** What must end the first line of `as --version` and `ld --version`. */
  binutilsVersion: '2.40',
} as const;
