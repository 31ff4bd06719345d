// SPDX-License-Identifier: Apache-2.0
// Vectors as jobs of the page: what would be dropped, and what would be typed.
import { parseArgs } from 'node:util';
import { cpuSignature } from '@motte/measure/profiles/cpu-types';
import { vector, vectorJson } from '@motte/test-helpers/vectors';
import type { Settings } from '../src/core/job.js';

/** Bytes by the role in which they are given. */
export interface Given {
  readonly image: string;
  readonly kernel?: string;
  readonly initrd?: string;
  readonly svsm?: string;
}

/** A row of a vector: what is given, and the digest of the part `title`, or `undefined` where it must be refused. */
export interface Case {
  readonly id: string;
  readonly folder: string;
  readonly given: Given;
  readonly settings: Partial<Settings>;
  readonly title: string;
  readonly digest: string | undefined;
  /** Which digest of the part. */
  readonly index: number;
}

interface LaunchRow {
  readonly id: string;
  readonly argv: readonly string[];
  readonly digest?: string;
}

interface LaunchFile {
  readonly stored?: string;
}

const TITLES: Readonly<Record<string, readonly [title: string, index: number]>> = {
  snp: ['AMD SEV-SNP', 0],
  'snp:ovmf-hash': ['AMD SEV-SNP', 1],
  'snp:svsm': ['AMD SEV-SNP with an SVSM', 0],
  seves: ['AMD SEV-ES', 0],
  sev: ['AMD SEV', 0],
};

const string = { type: 'string' } as const;
const OPTIONS = {
  mode: string,
  ovmf: string,
  vcpus: string,
  'vcpu-type': string,
  'vcpu-sig': string,
  'vcpu-family': string,
  'vcpu-model': string,
  'vcpu-stepping': string,
  'vmm-type': string,
  kernel: string,
  initrd: string,
  append: string,
  'guest-features': string,
  'snp-ovmf-hash': string,
  svsm: string,
  'vars-size': string,
} as const;

function vcpuType(values: Readonly<Record<string, string | undefined>>): Partial<Settings> {
  const family = values['vcpu-family'];
  const type =
    family === undefined
      ? (values['vcpu-sig'] ?? values['vcpu-type'])
      : String(cpuSignature(Number(family), Number(values['vcpu-model']), Number(values['vcpu-stepping'])));
  return type === undefined ? {} : { vcpuType: type };
}

function launchCase(row: LaunchRow, files: Readonly<Record<string, LaunchFile>>): Case | undefined {
  const values: Readonly<Record<string, string | undefined>> = parseArgs({
    args: [...row.argv],
    options: OPTIONS,
  }).values;
  const [title, index] = TITLES[values['mode'] ?? ''] ?? ['', 0];
  const roles = { image: 'ovmf', kernel: 'kernel', initrd: 'initrd', svsm: 'svsm' } as const;
  const given: Record<string, string> = {};
  for (const [role, option] of Object.entries(roles)) {
    const name = values[option];
    if (name === undefined) continue;
    const stored = files[name]?.stored;
    if (stored === undefined) return undefined; // an image that is described and not stored
    given[role] = stored.replace(/\.gz$/u, '');
  }
  // The page measures the firmware that it is given, and its form is never without a number of vCPUs.
  if (values['snp-ovmf-hash'] !== undefined) return undefined;
  if (values['vcpus'] === undefined && title !== 'AMD SEV' && index === 0) return undefined;
  return {
    id: `snp-launch-ovmf ${row.id}`,
    folder: 'snp-launch-ovmf',
    given: given as unknown as Given,
    settings: {
      as: 'sev',
      ...vcpuType(values),
      ...(values['vcpus'] === undefined ? {} : { vcpus: values['vcpus'] }),
      ...(values['vmm-type'] === undefined ? {} : { vmm: values['vmm-type'] }),
      ...(values['guest-features'] === undefined ? {} : { features: values['guest-features'] }),
      ...(values['append'] === undefined ? {} : { cmdline: values['append'] }),
      ...(values['vars-size'] === undefined ? {} : { varsSize: values['vars-size'] }),
    },
    title,
    digest: row.digest,
    index,
  };
}

/** snp-launch-ovmf: command lines of sev-snp-measure, as far as the page can be asked the same. */
export function launchCases(): Case[] {
  const { rows, files } = vectorJson('snp-launch-ovmf', 'digests.json') as {
    rows: readonly LaunchRow[];
    files: Readonly<Record<string, LaunchFile>>;
  };
  return rows.map((row) => launchCase(row, files)).filter((one) => one !== undefined);
}

interface MrtdRow {
  readonly file: string;
  readonly mrtd?: string;
  readonly mrtd_two_pass?: string;
  readonly snp?: readonly { vmm: string; vcpus: number; guest_features: string; digest: string }[];
}

/** tdx-mrtd: MRTD in both orders, and of Google's image the SNP digest. */
export function tdxCases(): Case[] {
  const { rows } = vectorJson('tdx-mrtd', 'mrtd.json') as { rows: readonly MrtdRow[] };
  return rows.flatMap((row) => {
    const base = { folder: 'tdx-mrtd', given: { image: row.file.replace(/\.gz$/u, '') } };
    const tdx = {
      ...base,
      title: 'Intel TDX',
      settings: row.mrtd === undefined ? { as: 'tdvf' as const } : {},
    };
    return [
      { ...tdx, id: `${row.file} page`, digest: row.mrtd, index: 0 },
      { ...tdx, id: `${row.file} two-pass`, digest: row.mrtd_two_pass, index: 1 },
      ...(row.snp ?? []).map(({ vmm, vcpus, guest_features: features, digest }) => ({
        ...base,
        id: `${row.file} snp`,
        title: 'AMD SEV-SNP',
        settings: { vmm, vcpus: String(vcpus), features },
        digest,
        index: 0,
      })),
    ];
  });
}

interface SgxVector {
  readonly file: string;
  readonly expected: { readonly mrenclave?: string; readonly mrsigner?: string; readonly records?: unknown };
}

/** Enclaves of Intel's SDK, .sgxs streams and the SIGSTRUCTs beside them. */
export function sgxCases(): Case[] {
  return ['sgx-signed-enclaves', 'sgx-intel-signer', 'sgxs-streams'].flatMap((folder) => {
    const { vectors } = vectorJson(folder, 'meta.json') as { vectors: readonly SgxVector[] };
    return vectors.map(({ file, expected }) => {
      const name = file.replace(/\.gz$/u, '');
      const sigstruct = folder === 'sgxs-streams' && expected.records === undefined;
      return {
        id: `${folder} ${name}`,
        folder,
        given: { image: name },
        settings: {},
        title: sigstruct ? 'SIGSTRUCT' : 'Intel SGX',
        digest: sigstruct ? expected.mrsigner : expected.mrenclave,
        index: sigstruct ? 1 : 0,
      };
    });
  });
}

/** The bytes of a file that a case gives. */
export function bytesOf({ folder }: Case, name: string): Uint8Array {
  return vector(folder, name);
}
