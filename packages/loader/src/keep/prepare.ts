// SPDX-License-Identifier: Apache-2.0
// From a program to an image that `load` takes: what `motte run` does, as a function.
import { finish } from '@motte/binary/steps';
import { defaultConfig } from '@motte/config/keep-toml';
import { shimVariant } from '@motte/config/shim-variant';
import { checkProgramFile } from '@motte/measure/program-file';
import { measureSgx } from '@motte/measure/sgx';
import { planKeep } from '@motte/plan/plan-keep';
import type { PlannedKeep } from '@motte/plan/plan-keep';
import { UNDATED, bcdDate, planSigstruct, signSigstruct } from '@motte/sign/sgx/sign';
import { shimPath } from '../prebuilt.js';
import { developerSigner } from './developer-key.js';
import { fileSource } from './file-source.js';
import { packFilesSteps } from './image-files.js';
import type { ByteSource } from '@motte/binary/source';
import type { KeepConfig } from '@motte/config/keep-config';
import type { SgxSigner } from '@motte/sign/sgx/sign';
import type { SgxImage } from '../load.js';
import type { FileSource } from './file-source.js';

export interface PrepareInput {
  /** The program: a path, or its bytes. */
  readonly exec: string | ByteSource;
  /** argv[0], and the name of the program's pages in the plan; a path's own by default. */
  readonly name?: string;
  /** What Keep.toml says; its defaults without it. */
  readonly config?: KeepConfig;
  /** Path of the shim; by default the built one of the configuration's SGX version. */
  readonly shim?: string;
  /** What sources of `[[image]]` are relative to: the folder of Keep.toml; the working directory by default. */
  readonly folder?: string;
  /** Who signs; by default this user's developer key. */
  readonly signer?: SgxSigner;
  /** SIGSTRUCT.DATE, `YYYY-MM-DD`; `UNDATED` by default. */
  readonly date?: string;
}

/** An image, and what is known of it. It reads the files that it was made of until `close`. */
export interface PreparedKeep extends SgxImage {
  readonly measurement: Uint8Array;
  close(): void;
}

function signed(input: PrepareInput, config: KeepConfig, planned: PlannedKeep): Omit<PreparedKeep, 'close'> {
  const measurement = measureSgx(planned.plan);
  const { isvprodid, isvsvn } = config.sgx;
  const date = bcdDate(input.date ?? UNDATED);
  const unsigned = planSigstruct(planned.plan, measurement, { date, isvprodid, isvsvn });
  return { ...planned, measurement, sigstruct: signSigstruct(unsigned, input.signer ?? developerSigner()) };
}

/**
 * Plans, measures and signs a Keep of `exec`. Throws what reading the ELF files, planning and signing throw; then no
 * file stays open.
 */
export function prepareSgxKeep(input: PrepareInput): PreparedKeep {
  const files: { close(): void }[] = [];
  const close = (): void => files.splice(0).forEach((file) => file.close());
  const open = (path: string): FileSource => {
    const file = fileSource(path);
    files.push(file);
    return file;
  };
  try {
    const { exec, config = defaultConfig(), folder = '.' } = input;
    const packed = config.image.length > 0 ? finish(packFilesSteps(config.image, folder, true)) : undefined;
    if (packed !== undefined) files.push(packed);
    const name = input.name ?? (typeof exec === 'string' ? exec : 'exec');
    const source = typeof exec === 'string' ? open(exec) : exec;
    checkProgramFile(source, packed);
    const planned = planKeep({
      exec: source,
      shim: open(input.shim ?? shimPath(`${shimVariant(config.sgx)}.elf`)),
      file: name,
      argv0: name,
      config,
      ...(packed === undefined ? {} : { index: packed }),
    });
    const served = packed?.served;
    return { ...signed(input, config, planned), ...(served === undefined ? {} : { files: served }), close };
  } catch (error) {
    close();
    throw error;
  }
}
