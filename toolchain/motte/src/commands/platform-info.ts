// SPDX-License-Identifier: Apache-2.0
import { hex64 } from '@motte/binary/hex';
import { platformInfo } from '@motte/loader/platform';
import type { Platform, Problem } from '@motte/loader/platform';
import type { Outcome } from '../grammar/command.js';

const yes = (is: boolean): string => (is ? 'yes' : 'no');

function problemLines(problems: readonly Problem[]): string[] {
  return problems.flatMap(({ what, fix }) => [`           ${what}`, `           fix: ${fix}`]);
}

function sgxLines({ sgx }: Platform): string[] {
  const usable = sgx.problems.length === 0;
  return [
    `sgx        ${usable ? `yes, ${sgx.sgx2 ? 'SGX2' : 'SGX1'}` : 'no'}`,
    ...problemLines(sgx.problems),
  ];
}

function kvmLines({ kvm }: Platform): string[] {
  const { capabilities } = kvm;
  const words = [
    kvm.device,
    ...(kvm.api === null ? [] : [`API ${kvm.api}`]),
    ...(kvm.hardware === null ? [] : [kvm.hardware]),
    ...(kvm.pvm ? ['software (PVM)'] : []),
    ...(kvm.nested === true ? ['nested'] : []),
    ...(capabilities?.guestMemfd === true ? ['guest_memfd'] : []),
    ...(capabilities?.memoryAttributes === true ? ['memory attributes'] : []),
    ...(capabilities === null ? [] : [`VMs: ${capabilities.vmTypes.join(' ')}`]),
  ];
  return [`kvm        ${words.join(', ')}`, ...problemLines(kvm.problems)];
}

function snpLines({ snp, kvm }: Platform): string[] {
  const { cpu, sevFirmware, firmware } = snp;
  const has = (['sev', 'es', 'snp'] as const).filter((name) => cpu[name]).map((name) => CPU_WORDS[name]);
  const first = snp.problems.length === 0 ? 'yes' : 'no';
  const cBit = cpu.cBit === null ? '' : `, C-bit ${cpu.cBit}, ${cpu.guests} guests`;
  return [
    `snp        ${first} (CPU: ${has.length === 0 ? 'none' : has.join(' ')}${cBit}; kvm_amd: SEV ${yes(snp.sev)}, SEV-ES ${yes(snp.es)}, SEV-SNP ${yes(snp.enabled)})`,
    ...(sevFirmware === null
      ? []
      : [`           SEV firmware ${sevFirmware.api} build ${sevFirmware.build}, ${sevFirmware.state}`]),
    ...(firmware === null
      ? []
      : [
          `           SEV-SNP firmware ${firmware.api} build ${firmware.build}, ${firmware.state}, ${firmware.guests} guests, TCB ${hex64(firmware.currentTcb)}, reported ${hex64(firmware.reportedTcb)}`,
        ]),
    // What is wrong with KVM stands with KVM.
    ...problemLines(snp.problems.filter(({ what }) => !kvm.problems.some((one) => one.what === what))),
  ];
}

/** With --emulate; what is wrong with KVM stands with KVM. */
function simulatedLines({ simulatedSnp: { problems }, kvm }: Platform): string[] {
  return [
    `simulated  ${problems.length === 0 ? 'snp' : 'no snp'}`,
    ...problemLines(problems.filter(({ what }) => !kvm.problems.some((one) => one.what === what))),
  ];
}

const CPU_WORDS = { sev: 'SEV', es: 'SEV-ES', snp: 'SEV-SNP' } as const;

const QEMU_WORDS = {
  none: 'no QEMU',
  without: 'QEMU without IGVM (10.1 and later have it, built with libigvm)',
  with: 'QEMU with IGVM',
} as const;

function text(platform: Platform): string {
  const { cpu, emulation, igvm } = platform;
  const features = Object.entries(cpu).filter(([, has]) => has);
  return [
    `cpu        ${platform.vendor} ${platform.model}`,
    `features   ${features.map(([name]) => name).join(' ')}`,
    `kernel     ${platform.kernel}`,
    ...sgxLines(platform),
    `emulation  ${yes(emulation.usable)} (Syscall User Dispatch: ${emulation.syscallUserDispatch})`,
    ...kvmLines(platform),
    ...snpLines(platform),
    ...simulatedLines(platform),
    `igvm       measured and written here; to launch: ${QEMU_WORDS[igvm.qemu]}`,
    '',
  ].join('\n');
}

/** `motte platform info` */
export function run(): Outcome {
  const platform = platformInfo();
  return { result: platform, text: text(platform) };
}
