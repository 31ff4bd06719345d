// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { checkLinked } from './check.js';
import { findCompiler } from './compiler.js';
import type { Compiler } from './compiler.js';
import { compileAndLink } from './compile.js';
import { defaultShimConfig } from './config.js';
import { pinnedDebs } from './debs.js';
import type { ShimConfig } from './config.js';
import { COMPILE_FLAGS, LINK_FLAGS } from './flags.js';
import { inputsDigest, sourcesDigest } from './inputs.js';
import { findRoot, readManifest, resolvePath } from './manifest.js';
import type { Manifest } from './manifest.js';
import { configHeader, select } from './select.js';
import type { Selection } from './select.js';
import { LINKER, sizesByComponent } from './sizes.js';
import { provenance } from './stamp.js';
import type { ComponentStamp, ShimStamp } from './stamp.js';

/** What to build, and with what. */
export interface BuildOptions {
  /** The defaults when not given. */
  readonly config?: ShimConfig;
  /** A compiler's command, or one that was found already; else $MOTTE_SHIM_CC, else the pinned one. */
  readonly compiler?: string | Compiler;
  /** The clone's root; else the one that this module is in. */
  readonly root?: string;
}

/** A shim that was built and checked. */
export interface BuiltShim {
  /** The ELF file. */
  readonly bytes: Uint8Array;
  readonly stamp: ShimStamp;
  /** What the user should be told on stderr; empty for the pinned compiler. */
  readonly notes: readonly string[];
}

function componentStamps(
  manifest: Manifest,
  { components }: Selection,
  sizes: ReturnType<typeof sizesByComponent>,
): ComponentStamp[] {
  const lines = (path: string): number =>
    resolvePath(manifest, path) === path
      ? readFileSync(join(manifest.root, path), 'utf8').split('\n').length - 1
      : 0;
  const none = { text: 0, rodata: 0, data: 0, bss: 0 };
  return [...components, { name: LINKER, sources: [] }].map(({ name, sources }) => ({
    name,
    sources: sources.length,
    lines: sources.reduce((sum, path) => sum + lines(path), 0),
    ...(sizes.get(name) ?? none),
  }));
}

/** What the user is told of a compiler that is not the pinned one. */
export function unpinnedNote(compiler: Compiler): string {
  return `unpinned: built with ${compiler.version}; its digest is compared with no released one`;
}

/**
 * Builds a shim: selects what the configuration asks for, compiles, links, checks the result, and says what it is.
 * Throws SHIM_* and what `checkShim` of @motte/elf throws.
 */
export async function buildShim(options: BuildOptions = {}): Promise<BuiltShim> {
  const config = options.config ?? defaultShimConfig();
  const manifest = readManifest(resolve(options.root ?? findRoot()), config.tee);
  const selection = select(manifest, config);
  const compiler =
    typeof options.compiler === 'object' ? options.compiler : await findCompiler(options.compiler);
  const folder = mkdtempSync(join(tmpdir(), 'motte-shim-'));
  try {
    const header = configHeader(config, selection);
    const linked = await compileAndLink(manifest, compiler, folder, selection.components, header);
    const bytes = new Uint8Array(readFileSync(linked.elf));
    const { shim, code } = await checkLinked(bytes, linked.elf, manifest, compiler.objdump);
    const sizes = sizesByComponent(shim.elf, readFileSync(linked.map, 'utf8'), linked.objects);
    const components = componentStamps(manifest, selection, sizes);
    const sum = (key: 'text' | 'lines'): number => components.reduce((total, one) => total + one[key], 0);
    return {
      bytes,
      stamp: {
        tee: config.tee,
        config,
        sha256: createHash('sha256').update(bytes).digest('hex'),
        size: bytes.length,
        text: sum('text'),
        lines: sum('lines'),
        syscalls: selection.syscalls.map(([, name]) => name),
        components,
        sites: shim.sites.length,
        indirect: code.indirect,
        relocations: shim.relocations,
        provenance: provenance(
          compiler,
          pinnedDebs(manifest.root),
          [...COMPILE_FLAGS, ...manifest.flags, ...manifest.cflags],
          [...LINK_FLAGS, ...manifest.ldflags],
          inputsDigest(sourcesDigest(manifest, compiler), config),
        ),
      },
      notes: compiler.pinned ? [] : [unpinnedNote(compiler)],
    };
  } finally {
    // After an error other compilers still write there: what they say must not hide it.
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
  }
}
