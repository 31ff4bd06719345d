// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { findRoot } from './manifest.js';
import { PIN } from './pin.js';
import { run } from './run.js';

/** The compiler of a shim and what stands behind it, as far as it tells. */
export interface Compiler {
  /** The command that is run. */
  readonly command: string;
  /** What it is called, without the folder that this machine has it in. */
  readonly name: string;
  /** First lines of `--version`, of the compiler, its assembler and its linker. */
  readonly version: string;
  readonly assembler: string;
  readonly linker: string;
  /** Version of Debian's package that has the command, where dpkg tells. */
  readonly package: string | undefined;
  /** The disassembler beside it, else the one on PATH. */
  readonly objdump: string;
  /** The compiler's own headers, which a freestanding program may include. */
  readonly headers: string;
  /** Whether it is the one whose shims have released digests. */
  readonly pinned: boolean;
}

const firstLine = (text: string): string => text.split('\n')[0]?.trim() ?? '';

async function versionOf(command: string): Promise<string | undefined> {
  const { status, stdout } = await run(command, ['--version']);
  return status === 0 ? firstLine(stdout) : undefined;
}

async function behind(command: string, option: string): Promise<string> {
  const { stdout } = await run(command, [option]);
  return firstLine(stdout);
}

async function debianPackage(command: string): Promise<string | undefined> {
  const { status, stdout } = await run('dpkg-query', ['--show', '--showformat=${Version}', command]);
  return status === 0 && stdout !== '' ? stdout : undefined;
}

/** The pinned compiler that `scripts/setup --private-compiler` has unpacked into this clone. */
function privateCompiler(): string | undefined {
  const command = join(findRoot(), '.motte/compiler/bin', PIN.compiler);
  return existsSync(command) ? command : undefined;
}

/**
 * The compiler to build with: `wanted`, else $MOTTE_SHIM_CC, else the clone's own, else the pinned one of the system, else another. Throws
 * SHIM_COMPILER when there is none.
 */
export async function findCompiler(wanted?: string): Promise<Compiler> {
  const named = wanted ?? process.env['MOTTE_SHIM_CC'];
  const tried =
    named === undefined ? [privateCompiler() ?? PIN.compiler, PIN.compiler, 'gcc', 'cc', 'clang'] : [named];
  for (const command of tried) {
    const version = await versionOf(command);
    if (version === undefined) continue;
    const [assembler, linker] = await Promise.all(
      ['as', 'ld'].map(async (name) => {
        const path = await behind(command, `-print-prog-name=${name}`);
        return (await versionOf(path)) ?? 'unknown';
      }),
    );
    const binutils = [assembler, linker].every((line) => line?.split(' ').at(-1) === PIN.binutilsVersion);
    return {
      command,
      name: basename(command),
      version,
      assembler: assembler ?? 'unknown',
      linker: linker ?? 'unknown',
      // dpkg knows nothing of a compiler outside its folders; this one is of the package that its version names.
      package: command === privateCompiler() ? PIN.compilerVersion : await debianPackage(command),
      objdump: await behind(command, '-print-prog-name=objdump'),
      headers: await behind(command, '-print-file-name=include'),
      pinned: version.includes(`(Debian ${PIN.compilerVersion})`) && binutils,
    };
  }
  throw new MotteError('SHIM_COMPILER', {
    field: 'compiler',
    expected: `${tried.join(' or ')} on PATH`,
    found: 'none that answers --version',
  });
}
