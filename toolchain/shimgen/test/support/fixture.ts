// SPDX-License-Identifier: Apache-2.0
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MotteError } from '@motte/binary/error';
import { bytesSource } from '@motte/binary/source';
import { readElf } from '@motte/elf/read';
import { readSymbols, symbolTable } from '@motte/elf/symbols';
import { tempFolder } from '@motte/test-helpers/temp';
import { ROOT } from '@motte/test-helpers/vectors';

const FOLDER = tempFolder('motte-shimgen');

/** A clone's root with a small shim in it, in a fresh folder. */
export function fixture(): string {
  const folder = mkdtempSync(join(FOLDER, 'clone-'));
  cpSync(join(ROOT, 'toolchain/shimgen/test/fixture'), folder, { recursive: true });
  return folder;
}

/** Replaces `from`, which must be there, in a file of a fixture. */
export function edit(root: string, path: string, from: string, to: string): void {
  const text = readFileSync(join(root, path), 'utf8');
  if (!text.includes(from)) throw new Error(`${path} has no ${JSON.stringify(from)}`);
  writeFileSync(join(root, path), text.replace(from, to));
}

/** Appends to a file of a fixture. */
export function append(root: string, path: string, text: string): void {
  writeFileSync(join(root, path), readFileSync(join(root, path), 'utf8') + text);
}

/** The names of the functions and objects in an ELF file. */
export function symbolsOf(bytes: Uint8Array): Set<string> {
  const elf = readElf(bytesSource(bytes));
  const table = symbolTable(elf);
  if (table === undefined) throw new Error('no symbols');
  return new Set([...readSymbols(elf, table)].map(({ name }) => name).filter((name) => name !== ''));
}

/** The MotteError that `run` ends with. */
export async function failure(run: () => Promise<unknown>): Promise<MotteError> {
  try {
    await run();
  } catch (error) {
    if (error instanceof MotteError) return error;
    throw error;
  }
  throw new Error('accepted');
}
