// SPDX-License-Identifier: Apache-2.0
// The command line of sev-snp-measure, as the vectors have it, turned into calls of the library.
import { parseArgs } from 'node:util';
import { fromHex } from '@motte/binary/hex';
import { bytesSource } from '@motte/binary/source';
import type { ByteSource } from '@motte/binary/source';
import { newSha256 } from '@motte/measure/hash';
import { CPU_TYPES, cpuSignature } from '@motte/measure/profiles/cpu-types';
import { VMM_PROFILES } from '@motte/measure/profiles/vmm';
import { measureSev } from '@motte/measure/sev';
import { measureSnp } from '@motte/measure/snp';
import { readSevFirmware } from '@motte/plan/firmware/sev-metadata';
import { hashTable, kernelHashes } from '@motte/plan/snp/kernel-hashes';
import type { KernelHashes } from '@motte/plan/snp/kernel-hashes';
import { firmwarePlan, ovmfVmsaPages, snpLaunchPlan, svsmLaunchPlan } from '@motte/plan/snp/launch';
import type { VcpuInput } from '@motte/plan/snp/launch';
import type { VmmProfile } from '@motte/plan/snp/profile';

const OPTIONS = {
  mode: { type: 'string' },
  ovmf: { type: 'string' },
  vcpus: { type: 'string' },
  'vcpu-type': { type: 'string' },
  'vcpu-sig': { type: 'string' },
  'vcpu-family': { type: 'string' },
  'vcpu-model': { type: 'string' },
  'vcpu-stepping': { type: 'string' },
  'vmm-type': { type: 'string' },
  kernel: { type: 'string' },
  initrd: { type: 'string' },
  append: { type: 'string' },
  'guest-features': { type: 'string' },
  'snp-ovmf-hash': { type: 'string' },
  svsm: { type: 'string' },
  'vars-size': { type: 'string' },
} as const;

type Values = { readonly [K in keyof typeof OPTIONS]?: string };

function needed(values: Values, name: keyof Values): string {
  const value = values[name];
  if (value === undefined) throw new Error(`missing --${name}`);
  return value;
}

function signatureOf(values: Values): number {
  const { 'vcpu-sig': signature, 'vcpu-type': type, 'vcpu-family': family } = values;
  if (signature !== undefined) return Number(signature);
  if (family !== undefined)
    return cpuSignature(
      Number(family),
      Number(needed(values, 'vcpu-model')),
      Number(needed(values, 'vcpu-stepping')),
    );
  const found = type === undefined ? undefined : CPU_TYPES[type];
  if (found === undefined) throw new Error(`unknown or missing CPU type ${type ?? ''}`);
  return found;
}

function vcpusOf(values: Values, profile: VmmProfile, features: bigint): VcpuInput {
  const count = Number(needed(values, 'vcpus'));
  return { count, features, signature: profile.signatureInRdx ? signatureOf(values) : 0 };
}

function profileOf(values: Values): VmmProfile {
  const name = values['vmm-type'] ?? 'QEMU';
  const found = Object.entries(VMM_PROFILES).find(([key]) => key.toLowerCase() === name.toLowerCase());
  if (found === undefined) throw new Error(`unknown VMM ${name}`);
  return found[1];
}

/** The digest of a command line; throws where it must end with an error. */
export function sevSnpMeasure(argv: readonly string[], file: (name: string) => Uint8Array): Uint8Array {
  const { values } = parseArgs({ args: [...argv], options: OPTIONS });
  const source = (name: keyof Values): ByteSource => bytesSource(file(needed(values, name)));
  const ovmf = needed(values, 'ovmf');
  const image = source('ovmf');
  if (values.kernel === undefined && (values.initrd ?? values.append) !== undefined)
    throw new Error('--kernel required when using --initrd or --append');
  const kernel: KernelHashes | undefined =
    values.kernel === undefined
      ? undefined
      : kernelHashes(
          {
            kernel: source('kernel'),
            ...(values.initrd === undefined ? {} : { initrd: source('initrd') }),
            ...(values.append === undefined ? {} : { cmdline: values.append }),
          },
          newSha256,
        );
  const firmware = readSevFirmware(image);
  const profile = profileOf(values);
  const features = BigInt(values['guest-features'] ?? '0x1');
  const mode = needed(values, 'mode');
  switch (mode) {
    case 'snp': {
      const start = values['snp-ovmf-hash'];
      const pages = start === undefined ? { image } : { start: fromHex(start) };
      const vcpus = vcpusOf(values, profile, features);
      const hashes = kernel === undefined ? {} : { kernel };
      return measureSnp(snpLaunchPlan({ ...pages, file: ovmf, firmware, profile, vcpus, ...hashes }));
    }
    case 'snp:ovmf-hash':
      return measureSnp(firmwarePlan(image, ovmf));
    case 'snp:svsm': {
      const svsm = source('svsm');
      return measureSnp(
        svsmLaunchPlan({
          image,
          file: ovmf,
          svsm,
          svsmFile: needed(values, 'svsm'),
          svsmFirmware: readSevFirmware(svsm),
          varsSize: Number(needed(values, 'vars-size')),
          profile: VMM_PROFILES.SVSM,
          vcpus: vcpusOf(values, VMM_PROFILES.SVSM, features),
        }),
      );
    }
    case 'sev':
    case 'seves': {
      if (kernel !== undefined && firmware.hashTable === undefined)
        throw new Error('firmware that does not measure a kernel');
      const table = kernel === undefined ? {} : { hashTable: hashTable(kernel) };
      if (mode === 'sev') return measureSev({ firmware: image, ...table });
      const vmsas = ovmfVmsaPages(profile, vcpusOf(values, profile, 0n), firmware);
      return measureSev({ firmware: image, ...table, vmsas });
    }
    default:
      throw new Error(`unknown mode ${mode}`);
  }
}
