// SPDX-License-Identifier: Apache-2.0
import { toHex } from '@motte/binary/hex';
import { readBytes } from '@motte/binary/source';
import type { ByteSource } from '@motte/binary/source';
import { pefDigests } from '@motte/measure/pef/digests';
import type { PefDigests } from '@motte/measure/pef/digests';
import { flatKernel } from '@motte/measure/pef/kernel';
import type { OnStep } from '@motte/measure/transcript';
import { needed } from '../grammar/needed.js';
import type { OptionValues } from '../grammar/options.js';
import type { InputFile } from '../io/file.js';
import { withFiles } from '../io/files.js';

const ELF_MAGIC = '7f454c46';

function kernelOf(file: ByteSource): ByteSource {
  const magic = toHex(readBytes(file, 0, Math.min(4, file.size)));
  return magic === ELF_MAGIC ? flatKernel(file) : file;
}

/** Opens what a secure VM boots, as the options name it, and computes its digests. */
export function withDigests<T>(
  options: OptionValues,
  use: (digests: PefDigests, files: Readonly<Record<string, InputFile>>) => T,
  onStep?: OnStep,
): T {
  const paths: Record<string, string> = {
    kernel: needed(options.kernel, 'kernel'),
    initrd: needed(options.initrd, 'initrd'),
    ...(options.rtas === undefined ? {} : { rtas: options.rtas }),
  };
  return withFiles(paths, (files) => {
    const { kernel, initrd, rtas } = files as { kernel: InputFile; initrd: InputFile; rtas?: InputFile };
    const boot = { kernel: kernelOf(kernel), initrd, bootargs: options.bootargs ?? '' };
    return use(pefDigests(rtas === undefined ? boot : { ...boot, rtas }, { onStep }), files);
  });
}

/** Digests as they are printed. */
export function digestsText(digests: PefDigests): Record<
  'rtas' | 'kernel' | 'initrd' | 'bootargs',
  string
> & {
  kernelSize: number;
} {
  return {
    rtas: toHex(digests.rtas),
    kernel: toHex(digests.kernel),
    kernelSize: digests.kernelSize,
    initrd: toHex(digests.initrd),
    bootargs: toHex(digests.bootargs),
  };
}
