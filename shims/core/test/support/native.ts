// SPDX-License-Identifier: Apache-2.0
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nativeProgramIn } from '@motte/test-helpers/native';
import type { NativeProgram } from '@motte/test-helpers/native';

export type { Ran } from '@motte/test-helpers/native';

/** shims/core. */
export const CORE: string = resolve(fileURLToPath(import.meta.url), '../../../..');

/** A program made of `sources` of shims/core. */
export function nativeProgram(name: string, sources: readonly string[]): NativeProgram {
  return nativeProgramIn(CORE, ['test/c'], name, sources);
}
