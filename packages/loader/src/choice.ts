// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { native } from './native.js';
import type { SyscallDispatch } from './native.js';
import { simulationProblems } from './platform/simulation.js';
import type { Problem, TeePlatform } from './platform.js';

/** `auto`, or the TEE that must be used. */
export const BACKENDS = ['auto', 'sgx', 'snp', 'kvm'] as const;
export type BackendName = (typeof BACKENDS)[number];

/** False or absent: hardware, or with `auto` emulation where there is none. `strict` also hides the Keep's memory. */
export type Emulate = boolean | 'strict';

export interface Choice {
  readonly tee: 'sgx' | 'kvm' | 'snp';
  /** SGX: by a CPU in software; SNP: by firmware in software, on a KVM of hardware. */
  readonly emulated: boolean;
  readonly strict: boolean;
}

function listed(problems: readonly Problem[]): string {
  return problems.map(({ what, fix }) => `${what}: ${fix}`).join('; ');
}

function missing(problems: readonly Problem[]): MotteError {
  return new MotteError('TEE_MISSING', {
    field: 'sgx',
    message: `a Keep cannot run on SGX hardware here. ${listed(problems)}. To try without protection: --emulate`,
  });
}

function plainKvm(emulate: Emulate, platform: () => TeePlatform): Choice {
  if (emulate !== false)
    throw new MotteError('TEE_MISSING', {
      field: 'kvm',
      message:
        'plain KVM is not emulated: leave out --emulate, or run on an interpreted machine (scripts/tcg of the clone)',
    });
  const { problems } = platform().kvm;
  if (problems.length === 0) return { tee: 'kvm', emulated: false, strict: false };
  throw new MotteError('TEE_MISSING', {
    field: 'kvm',
    message: `a Keep cannot run on KVM here. ${listed(problems)}`,
  });
}

/** Simulated, it takes a KVM of hardware or a nested one, and protects nothing. */
function snp(emulate: Emulate, platform: () => TeePlatform): Choice {
  if (emulate === 'strict')
    throw new MotteError('TEE_MISSING', {
      field: 'snp',
      message: '--emulate=strict is of SGX: a simulated SEV-SNP has no weaker way; use --emulate',
    });
  const machine = platform();
  const problems = emulate ? simulationProblems(machine.kvm) : machine.snp.problems;
  if (problems.length === 0) return { tee: 'snp', emulated: emulate, strict: false };
  const hint = emulate ? '' : '. To try without protection, on another KVM: --emulate';
  throw new MotteError('TEE_MISSING', {
    field: 'snp',
    message: `a Keep cannot run as an SEV-SNP guest here. ${listed(problems)}${hint}`,
  });
}

function emulation(emulate: Emulate, dispatch: () => SyscallDispatch): Choice {
  if (dispatch() === 'none') {
    throw new MotteError('TEE_MISSING', {
      field: 'emulation',
      message:
        'an emulated Keep needs Syscall User Dispatch; use Linux 5.11 or later, and a container that allows prctl',
    });
  }
  return { tee: 'sgx', emulated: true, strict: emulate === 'strict' };
}

/**
 * Decides where a Keep runs. A named TEE without `emulate` means hardware or TEE_MISSING, `emulate` never touches
 * hardware (nor looks for it), and `auto` takes hardware where a Keep can run on it. `sgx2`: whether the Keep adds
 * memory as it runs.
 */
export function choose(
  backend: BackendName,
  emulate: Emulate,
  sgx2: boolean,
  platform: () => TeePlatform,
  dispatch: () => SyscallDispatch = () => native().syscallUserDispatch(),
): Choice {
  if (backend === 'snp') return snp(emulate, platform);
  if (backend === 'kvm') return plainKvm(emulate, platform);
  if (emulate !== false) return emulation(emulate, dispatch);
  const { sgx } = platform();
  const problems: readonly Problem[] =
    sgx2 && sgx.sgx1 && !sgx.sgx2
      ? [
          ...sgx.problems,
          {
            what: 'the CPU has no SGX2, and this Keep adds memory while it runs',
            fix: 'set version = 1 under [sgx] in Keep.toml',
          },
        ]
      : sgx.problems;
  if (problems.length === 0) return { tee: 'sgx', emulated: false, strict: false };
  if (backend === 'sgx') throw missing(problems);
  return emulation(false, dispatch);
}

/** Whether the host can watch for the calls of such a Keep (ADR 0032). Throws LOAD_OPTION. */
export function checkSwitchless({ tee }: Choice, stops: boolean, cpus: number): void {
  const refuse = (expected: string, found: string): never => {
    throw new MotteError('LOAD_OPTION', { field: 'switchless', expected, found });
  };
  if (tee === 'sgx') refuse('a Keep in a VM (kvm, snp)', tee);
  // A Keep whose threads can be stopped must leave now and then.
  if (stops) refuse('a Keep without a debugger', 'stopped');
  // On one, the thread would only keep the vCPU from it.
  if (cpus < 2) refuse('two CPUs or more', String(cpus));
}
