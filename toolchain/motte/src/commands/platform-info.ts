// SPDX-License-Identifier: Apache-2.0
import { platformInfo } from '@motte/loader/platform';
import type { Platform } from '@motte/loader/platform';
import type { Outcome } from '../grammar/command.js';

const yes = (is: boolean): string => (is ? 'yes' : 'no');

function sgxLines({ sgx }: Platform): string[] {
  const usable = sgx.problems.length === 0;
  return [
    `sgx        ${usable ? `yes, ${sgx.sgx2 ? 'SGX2' : 'SGX1'}` : 'no'}`,
    ...sgx.problems.flatMap(({ what, fix }) => [`           ${what}`, `           fix: ${fix}`]),
  ];
}

function kvmLines({ kvm }: Platform): string[] {
  const words = [
    kvm.device,
    ...(kvm.api === null ? [] : [`API ${kvm.api}`]),
    ...(kvm.pvm ? ['software (PVM)'] : []),
    ...(kvm.nested === true ? ['nested'] : []),
  ];
  return [
    `kvm        ${words.join(', ')}`,
    ...kvm.problems.flatMap(({ what, fix }) => [`           ${what}`, `           fix: ${fix}`]),
  ];
}

function text(platform: Platform): string {
  const { cpu, emulation, snp } = platform;
  const features = Object.entries(cpu).filter(([, has]) => has);
  return [
    `cpu        ${platform.vendor} ${platform.model}`,
    `features   ${features.map(([name]) => name).join(' ')}`,
    `kernel     ${platform.kernel}`,
    ...sgxLines(platform),
    `emulation  ${yes(emulation.usable)} (Syscall User Dispatch: ${emulation.syscallUserDispatch})`,
    `snp        cpu ${yes(snp.cpu)}, host ${yes(snp.enabled)} (kvm_amd: SEV ${yes(snp.sev)}, SEV-ES ${yes(snp.es)})`,
    ...kvmLines(platform),
    '',
  ].join('\n');
}

/** `motte platform info` */
export function run(): Outcome {
  const platform = platformInfo();
  return { result: platform, text: text(platform) };
}
