// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { toHex } from '@motte/binary/hex';
import { PAGE_SIZE } from '@motte/binary/range';
import { newSha256, newSha384 } from '@motte/measure/hash';
import { VMM_PROFILES } from '@motte/measure/profiles/vmm';
import { measureSev } from '@motte/measure/sev';
import { measureSevEs } from '@motte/measure/sev-es';
import { measureSnp } from '@motte/measure/snp';
import { readSevFirmware } from '@motte/plan/firmware/sev-metadata';
import type { SevFirmware } from '@motte/plan/firmware/sev-metadata';
import { hashTable, kernelHashes } from '@motte/plan/snp/kernel-hashes';
import type { KernelHashes } from '@motte/plan/snp/kernel-hashes';
import { firmwarePlan, ovmfVmsaPages, snpLaunchPlan, svsmLaunchPlan } from '@motte/plan/snp/launch';
import type { SnpPlan } from '@motte/plan/snp/plan';
import type { VmmProfile } from '@motte/plan/snp/profile';
import { varsSizeOf, vcpusOf, vmmOf } from './job.js';
import type { Job, NamedFile } from './job.js';
import { failureOf } from './report.js';
import type { Digest, Part } from './report.js';
import { snpRows } from './rows.js';

/** What firmware and form say together. */
interface Launch {
  readonly job: Job;
  readonly firmware: SevFirmware;
  readonly profile: VmmProfile;
  readonly kernel: KernelHashes | undefined;
}

function profileText({ name, source }: VmmProfile): string {
  return `${name}: ${source}`;
}

function kernelOf({ kernel, initrd, settings, meter }: Job): KernelHashes | undefined {
  if (kernel === undefined) {
    if (initrd === undefined && settings.cmdline === '') return undefined;
    throw new MotteError('SNP_INPUT', {
      field: 'kernel',
      expected: 'a kernel, as there is an initrd or a command line',
      found: 'none',
    });
  }
  meter.begin('kernel', 'hashed', kernel.source.size + (initrd?.source.size ?? 0));
  const files = {
    kernel: kernel.source,
    cmdline: settings.cmdline,
    ...(initrd === undefined ? {} : { initrd: initrd.source }),
  };
  return kernelHashes(files, meter.hasher(newSha256));
}

function snpDigest({ meter }: Job, step: string, plan: SnpPlan): string {
  const pages = plan.runs.reduce((sum, run) => sum + run.pages, 0);
  meter.begin(step, 'hashed', pages * PAGE_SIZE);
  return toHex(measureSnp(plan, { sha384: meter.hasher(newSha384) }));
}

function snpPart({ job, firmware, profile, kernel }: Launch): Part {
  const { image, settings } = job;
  if (firmware.sections.length === 0)
    return {
      title: 'AMD SEV-SNP',
      notes: ['This firmware has no SEV metadata (ASEV): it cannot start as an SEV-SNP guest.'],
    };
  const vcpus = vcpusOf(settings);
  const hashes = kernel === undefined ? {} : { kernel };
  const file = image.name;
  const plan = snpLaunchPlan({ image: image.source, file, firmware, profile, vcpus, ...hashes });
  return {
    title: 'AMD SEV-SNP',
    digests: [
      { name: 'launch digest', profile: profileText(profile), hex: snpDigest(job, 'SEV-SNP', plan) },
      {
        name: 'firmware alone',
        hex: snpDigest(job, 'SEV-SNP firmware', firmwarePlan(image.source, file)),
      },
    ],
    facts: [
      { name: 'vCPUs', value: String(vcpus.count) },
      {
        name: 'vCPU signature',
        value: profile.signatureInRdx
          ? `0x${vcpus.signature.toString(16)}`
          : `not measured with ${profile.name}`,
      },
      { name: 'guest features', value: `0x${vcpus.features.toString(16)}` },
    ],
    rows: snpRows(plan),
  };
}

function svsmPart(job: Job, svsm: NamedFile): Part {
  const { image, settings } = job;
  const profile = VMM_PROFILES.SVSM;
  const plan = svsmLaunchPlan({
    image: image.source,
    file: image.name,
    svsm: svsm.source,
    svsmFile: svsm.name,
    svsmFirmware: readSevFirmware(svsm.source),
    varsSize: varsSizeOf(settings),
    profile,
    vcpus: vcpusOf(settings),
  });
  const digest = snpDigest(job, 'SEV-SNP with SVSM', plan);
  return {
    title: 'AMD SEV-SNP with an SVSM',
    digests: [{ name: 'launch digest', profile: profileText(profile), hex: digest }],
    rows: snpRows(plan),
  };
}

function sevDigest({ job, firmware, profile, kernel }: Launch, es: boolean): Digest {
  const { image, meter, settings } = job;
  if (kernel !== undefined && firmware.hashTable === undefined)
    throw new MotteError('SNP_INPUT', {
      field: 'kernel',
      expected: 'firmware that measures kernel, initrd and command line',
      found: 'firmware without a hash table',
    });
  const name = es ? 'SEV-ES' : 'SEV';
  const table = kernel === undefined ? {} : { hashTable: hashTable(kernel) };
  meter.begin(name, 'hashed', image.source.size);
  const data = { firmware: image.source, ...table };
  const hashing = { sha256: meter.hasher(newSha256) };
  // The VMSA has no features before SEV-SNP.
  const vcpus = { ...vcpusOf(settings), features: 0n };
  const digest = es
    ? measureSevEs({ ...data, vmsas: ovmfVmsaPages(profile, vcpus, firmware) }, hashing)
    : measureSev(data, hashing);
  return { name: 'launch digest', ...(es ? { profile: profileText(profile) } : {}), hex: toHex(digest) };
}

function guarded(title: string, make: () => Part): Part {
  try {
    return make();
  } catch (error) {
    return { title, failure: failureOf(error) };
  }
}

/** Firmware of the OVMF kind: all that SEV in its three forms makes of it. */
export function* sevParts(job: Job): Generator<Part> {
  const firmware = readSevFirmware(job.image.source);
  const launch = { job, firmware, profile: vmmOf(job.settings), kernel: kernelOf(job) };
  yield guarded('AMD SEV-SNP', () => snpPart(launch));
  const { svsm } = job;
  if (svsm !== undefined) yield guarded('AMD SEV-SNP with an SVSM', () => svsmPart(job, svsm));
  yield guarded('AMD SEV-ES', () => ({ title: 'AMD SEV-ES', digests: [sevDigest(launch, true)] }));
  yield guarded('AMD SEV', () => ({ title: 'AMD SEV', digests: [sevDigest(launch, false)] }));
}
