// SPDX-License-Identifier: Apache-2.0
import type { ReproOptions } from '@motte/repro/repro';
import { findCompiler } from '@motte/shimgen/compiler';
import { findRoot } from '@motte/shimgen/manifest';

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** How the shim of a configuration is built twice: the copies hold the shim's sources and the command itself. */
export async function shimProject(config: string): Promise<ReproOptions> {
  const compiler = await findCompiler();
  const copied = ['build/bearssl', 'toolchain/motte/dist/motte.mjs', 'toolchain/motte/dist/motte'];
  return {
    root: findRoot(),
    also: copied,
    only: ['package.json', 'shims/**', ...copied.flatMap((path) => [path, `${path}/**`])],
    build:
      `printf %s ${quoted(config)} >shim.toml && MOTTE_SHIM_CC=${quoted(compiler.command)} ` +
      'node toolchain/motte/dist/motte.mjs shim build --config shim.toml -o shim.elf',
    artifacts: ['shim.elf'],
  };
}
