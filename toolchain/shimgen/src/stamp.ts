// SPDX-License-Identifier: Apache-2.0
import type { Compiler } from './compiler.js';
import type { ShimConfig } from './config.js';
import type { Deb } from './debs.js';
import type { Sizes } from './sizes.js';

/** A part of a shim: what it takes in it, and lines of its own sources (foreign ones are not counted). */
export interface ComponentStamp extends Sizes {
  readonly name: string;
  readonly sources: number;
  readonly lines: number;
}

/** What a shim is and where it comes from: the JSON beside a shim.elf. */
export interface ShimStamp {
  readonly tee: ShimConfig['tee'];
  readonly config: ShimConfig;
  /** SHA-256 of the file, and bytes of it. */
  readonly sha256: string;
  readonly size: number;
  /** Bytes of code in the shim, and lines of its own C and assembly. */
  readonly text: number;
  readonly lines: number;
  readonly syscalls: readonly string[];
  readonly components: readonly ComponentStamp[];
  /** Instructions that emulation may patch; indirect branches by symbol; relocations. */
  readonly sites: number;
  readonly indirect: readonly string[];
  readonly relocations: number;
  readonly provenance: {
    /** `pinned`: by the compiler that released digests are of; else `unpinned`. */
    readonly compiler: 'pinned' | 'unpinned';
    readonly command: string;
    readonly version: string;
    readonly package?: string;
    /** The pinned compiler's packages; a digest of a shim speaks of these. */
    readonly debs?: readonly Deb[];
    readonly assembler: string;
    readonly linker: string;
    readonly flags: readonly string[];
    readonly linkFlags: readonly string[];
    /** SHA-256 over every source, header, flag and the compiler's version. */
    readonly inputs: string;
  };
}

/** The provenance of what `compiler` builds. */
export function provenance(
  compiler: Compiler,
  debs: readonly Deb[],
  flags: readonly string[],
  linkFlags: readonly string[],
  inputs: string,
): ShimStamp['provenance'] {
  return {
    compiler: compiler.pinned ? 'pinned' : 'unpinned',
    command: compiler.name,
    version: compiler.version,
    ...(compiler.package === undefined ? {} : { package: compiler.package }),
    ...(compiler.pinned && debs.length > 0 ? { debs } : {}),
    assembler: compiler.assembler,
    linker: compiler.linker,
    flags,
    linkFlags,
    inputs,
  };
}
