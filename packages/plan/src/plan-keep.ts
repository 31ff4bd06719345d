// SPDX-License-Identifier: Apache-2.0
import type { ByteSource } from '@motte/binary/source';
import { configBlob } from '@motte/config/blob';
import type { FileIndex } from '@motte/config/image-files';
import type { KeepConfig } from '@motte/config/keep-config';
import { checkExec } from '@motte/elf/exec';
import { readElf } from '@motte/elf/read';
import { checkShim } from '@motte/elf/shim';
import type { Site } from '@motte/elf/sites';
import type { NewHasher } from './hasher.js';
import type { PagePlan } from './plan.js';
import { sgxKeepPlan } from './sgx/keep.js';
import { vmKeepPlan } from './vm/keep.js';
import type { VmMode } from './vm/keep.js';
import type { VcpuAdditions } from './vm/vcpu-state.js';

/** A Keep that is planned and not signed yet: what `motte plan` and `motte measure` need. */
export interface PlannedKeep {
  readonly plan: PagePlan;
  /** The config blob. */
  readonly config: Uint8Array;
  readonly sites: readonly Site[];
}

/** For which TEE a Keep is planned, and what its plan then depends on besides. */
export type KeepTee =
  | { readonly tee: 'sgx' }
  | { readonly tee: 'kvm'; readonly sha256: NewHasher }
  | { readonly tee: 'snp'; readonly additions: VcpuAdditions; readonly cBit: bigint };

/** What a plan is made of. `file` names the program's pages, `argv0` stands in the config blob. */
export interface PlanInput {
  readonly exec: ByteSource;
  readonly shim: ByteSource;
  readonly file: string;
  readonly argv0: string;
  readonly config: KeepConfig;
  /** Of the files that `[[image]]` names. */
  readonly index?: FileIndex;
  /** Without it SGX. */
  readonly tee?: KeepTee;
}

function vmMode(tee: Exclude<KeepTee, { tee: 'sgx' }>, config: Uint8Array): VmMode {
  if (tee.tee === 'snp') return tee;
  const hasher = tee.sha256();
  hasher.update(config);
  return { tee: 'kvm', config: hasher.digest() };
}

/** Checks program and shim and plans their Keep. Throws what reading the ELF files and planning throw. */
export function planKeep(input: PlanInput): PlannedKeep {
  const { exec, shim, file, argv0, config, index, tee = { tee: 'sgx' } } = input;
  const { threads, memory, sgx } = config;
  const checkedShim = checkShim(readElf(shim));
  const blob = configBlob(config, argv0, index);
  const parts = { shim: checkedShim, exec: checkExec(readElf(exec)), execName: file, threads, memory };
  const plan =
    tee.tee === 'sgx'
      ? sgxKeepPlan({ ...parts, version: sgx.version, debug: sgx.debug })
      : vmKeepPlan({ ...parts, mode: vmMode(tee, blob) });
  return { plan, config: blob, sites: checkedShim.sites };
}
