// SPDX-License-Identifier: Apache-2.0
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { availableParallelism } from 'node:os';
import { MotteError } from '@motte/binary/error';
import type { Compiler } from './compiler.js';
import { placeFences } from './fences/place.js';
import { COMPILE_FLAGS, LINK_FLAGS } from './flags.js';
import { resolvePath } from './manifest.js';
import type { Component, Manifest } from './manifest.js';
import { pool, run } from './run.js';

/** An object file of the shim. */
export interface ObjectFile {
  readonly component: string;
  /** Relative to the clone's root. */
  readonly source: string;
  /** Name within the build folder. */
  readonly name: string;
}

/** What the linker left in the build folder. */
export interface Linked {
  readonly elf: string;
  readonly map: string;
  readonly objects: readonly ObjectFile[];
}

const short = (text: string): string => text.trim().split('\n').slice(0, 20).join('\n');

function sourceFlags(manifest: Manifest, component: Component, source: string): string[] {
  const c = source.endsWith('.S') ? ['-D__ASSEMBLER__'] : [...manifest.cflags, ...component.cflags];
  return [...COMPILE_FLAGS, ...manifest.flags, ...c];
}

async function compileOne(
  manifest: Manifest,
  compiler: Compiler,
  folder: string,
  component: Component,
  object: ObjectFile,
): Promise<ObjectFile> {
  if (!existsSync(join(manifest.root, object.source))) {
    throw new MotteError('SHIM_SOURCE', {
      field: component.name,
      expected: object.source,
      found: 'no such file',
    });
  }
  const args = [
    ...sourceFlags(manifest, component, object.source),
    // Sources are named relative to the root, and no path of this machine gets in by another way.
    `-ffile-prefix-map=${manifest.root}=.`,
    `-ffile-prefix-map=${folder}=build`,
    '-isystem',
    compiler.headers,
    '-I',
    folder,
    ...manifest.include.flatMap((path) => ['-I', resolvePath(manifest, path)]),
  ];
  const out = join(folder, object.name);
  if (!manifest.fences || object.source.endsWith('.S')) {
    await step(manifest, compiler, object, [...args, '-c', object.source, '-o', out]);
    return object;
  }
  const assembly = out.replace(/o$/, 's');
  await step(manifest, compiler, object, [...args, '-S', object.source, '-o', assembly]);
  writeFileSync(assembly, placeFences(readFileSync(assembly, 'utf8')));
  await step(manifest, compiler, object, [...manifest.flags, '-c', assembly, '-o', out]);
  return object;
}

async function step(
  manifest: Manifest,
  compiler: Compiler,
  { source }: ObjectFile,
  args: readonly string[],
): Promise<void> {
  const { status, stderr } = await run(compiler.command, args, manifest.root);
  if (status === 0) return;
  throw new MotteError('SHIM_COMPILE', { field: source, message: short(stderr) || `exit ${status}` });
}

/** Compiles the components into `folder`, with `header` as shim_config.h, and links them in their order. */
export async function compileAndLink(
  manifest: Manifest,
  compiler: Compiler,
  folder: string,
  components: readonly Component[],
  header: string,
): Promise<Linked> {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'shim_config.h'), header);
  const work = components.flatMap((component) =>
    component.sources.map((path) => ({ component, source: resolvePath(manifest, path) })),
  );
  const tasks = work.map(({ component, source }, i) => () => {
    // The number keeps equal base names apart and the linker's order that of the manifest.
    const name = `${String(i).padStart(3, '0')}-${basename(source)}.o`;
    const object: ObjectFile = { component: component.name, source, name };
    return compileOne(manifest, compiler, folder, component, object);
  });
  const objects = await pool(Math.min(4, availableParallelism()), tasks);
  const args = [
    ...LINK_FLAGS,
    ...manifest.ldflags,
    '-Wl,-Map=shim.map',
    '-T',
    join(manifest.root, manifest.linkerScript),
    ...objects.map(({ name }) => name),
    '-o',
    'shim.elf',
  ];
  const { status, stderr } = await run(compiler.command, args, folder);
  if (status !== 0) {
    throw new MotteError('SHIM_COMPILE', {
      field: manifest.linkerScript,
      message: short(stderr) || `exit ${status}`,
    });
  }
  return { elf: join(folder, 'shim.elf'), map: join(folder, 'shim.map'), objects };
}
