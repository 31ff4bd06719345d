// SPDX-License-Identifier: Apache-2.0
import type { ByteSource } from '@motte/binary/source';
import { configBlob } from '@motte/config/blob';
import type { FileIndex } from '@motte/config/image-files';
import type { KeepConfig } from '@motte/config/keep-config';
import { checkExec } from '@motte/elf/exec';
import { readElf } from '@motte/elf/read';
import { checkShim } from '@motte/elf/shim';
import type { Site } from '@motte/elf/sites';
import type { PagePlan } from '../plan.js';
import { sgxKeepPlan } from './keep.js';

/** A Keep that is planned and not signed yet: what `motte plan` and `motte measure` need. */
export interface PlannedKeep {
  readonly plan: PagePlan;
  /** The config blob. */
  readonly config: Uint8Array;
  readonly sites: readonly Site[];
}

/** What a plan is made of. `file` names the program's pages, `argv0` stands in the config blob. */
export interface PlanInput {
  readonly exec: ByteSource;
  readonly shim: ByteSource;
  readonly file: string;
  readonly argv0: string;
  readonly config: KeepConfig;
  /** Of the files that `[[image]]` names. */
  readonly index?: FileIndex;
}

/** Checks program and shim and plans their Keep. Throws what reading the ELF files and planning throw. */
export function planKeep({ exec, shim, file, argv0, config, index }: PlanInput): PlannedKeep {
  const { threads, memory, sgx } = config;
  const checkedExec = checkExec(readElf(exec));
  const checkedShim = checkShim(readElf(shim));
  const plan = sgxKeepPlan({
    shim: checkedShim,
    exec: checkedExec,
    execName: file,
    threads,
    memory,
    version: sgx.version,
    debug: sgx.debug,
  });
  return { plan, config: configBlob(config, argv0, index), sites: checkedShim.sites };
}
