// SPDX-License-Identifier: Apache-2.0
// One run of a program in an emulated Keep, through the library as its users have it.
import { isErrorCode } from '@motte/binary/errors/table';
import { defaultConfig } from '@motte/config/keep-toml';
import { load, prepareSgxKeep } from '@motte/loader/index';
import type { KeepConfig } from '@motte/config/keep-config';
import type { KeepStats, LoadOptions } from '@motte/loader/index';
import { Missing } from './outcome.js';

export interface KeepRun {
  readonly output: string;
  readonly stats: KeepStats;
  /** Milliseconds from `load` until the Keep was about to be entered. */
  readonly loadMs: number;
}

export interface KeepInput {
  readonly path: string;
  readonly args?: readonly string[];
  /** Bytes of heap. */
  readonly memory?: bigint;
  readonly patch?: boolean;
  /** What else Keep.toml would say. */
  readonly config?: Partial<KeepConfig>;
  readonly options?: LoadOptions;
}

type Prepared = ReturnType<typeof prepareSgxKeep>;

/** A program as a signed image; measure and sign once, run often. */
export function prepared({ path, args = [], memory, config: more = {} }: KeepInput): Prepared {
  const config = { ...defaultConfig(), args: [...args], ...more };
  return tolerant(() =>
    prepareSgxKeep({ exec: path, config: memory === undefined ? config : { ...config, memory } }),
  );
}

/** What is not built yet is missing; every other error is one. */
function tolerant<T>(step: () => T): T {
  try {
    return step();
  } catch (error) {
    throw asMissing(error);
  }
}

function asMissing(error: unknown): unknown {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  const missing = isErrorCode(code) && ['SHIM_MISSING', 'HELPER_MISSING', 'ADDON_MISSING'].includes(code);
  return missing ? new Missing((error as Error).message) : error;
}

export async function runPrepared(image: Prepared, options: LoadOptions = {}): Promise<KeepRun> {
  const keep = await load(image, {
    backend: 'sgx',
    emulate: true,
    stdio: ['ignore', 'pipe', 'inherit'],
    ...options,
  }).catch((error: unknown) => {
    throw asMissing(error);
  });
  let output = '';
  keep.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text));
  const end = await keep.exited;
  if (end.ended !== 'exited' || end.status !== 0) {
    throw new Error(`the Keep ended: ${JSON.stringify(end)}, after ${JSON.stringify(output)}`);
  }
  return { output, stats: await keep.stats(), loadMs: keep.loadMs };
}

/** Runs a program in a Keep once. */
export async function inKeep(input: KeepInput): Promise<KeepRun> {
  const image = prepared(input);
  try {
    return await runPrepared(image, { patch: input.patch ?? true, ...input.options });
  } finally {
    image.close();
  }
}
