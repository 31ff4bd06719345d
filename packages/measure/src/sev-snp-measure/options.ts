// SPDX-License-Identifier: Apache-2.0
import { SEV_SNP_MEASURE } from '../../profiles/sev-snp-measure.js';

/** Options of sev-snp-measure that say what is launched, as texts; `request.ts` makes sense of them. */
export interface SevOptions {
  readonly append?: string;
  readonly 'dump-vmsa'?: true;
  readonly 'guest-features'?: string;
  readonly initrd?: string;
  readonly kernel?: string;
  readonly ovmf?: string;
  readonly 'snp-ovmf-hash'?: string;
  readonly svsm?: string;
  readonly 'vars-file'?: string;
  readonly 'vars-size'?: string;
  readonly 'vcpu-family'?: string;
  readonly 'vcpu-model'?: string;
  readonly 'vcpu-sig'?: string;
  readonly 'vcpu-stepping'?: string;
  readonly 'vcpu-type'?: string;
  readonly vcpus?: string;
  readonly 'vmm-type'?: string;
}

/** What an option takes: a number is decimal, or with `any-int` also 0x, 0o and 0b. */
export interface ToolOption {
  readonly takes: 'nothing' | 'text' | 'int' | 'any-int';
  readonly short?: string;
  readonly choices?: readonly string[];
}

/** The long name of an option. */
export type ToolOptionName = keyof SevOptions | 'help' | 'mode' | 'output-format' | 'verbose' | 'version';

/** Every option of the tool, by its long name. */
export const TOOL_OPTIONS: Readonly<Record<ToolOptionName, ToolOption>> = {
  help: { takes: 'nothing', short: 'h' },
  version: { takes: 'nothing' },
  verbose: { takes: 'nothing', short: 'v' },
  mode: { takes: 'text', choices: SEV_SNP_MEASURE.modes },
  vcpus: { takes: 'int' },
  'vcpu-type': { takes: 'text', choices: SEV_SNP_MEASURE.cpuTypes },
  'vcpu-sig': { takes: 'any-int' },
  'vcpu-family': { takes: 'int' },
  'vcpu-model': { takes: 'int' },
  'vcpu-stepping': { takes: 'int' },
  'vmm-type': { takes: 'text' },
  ovmf: { takes: 'text' },
  kernel: { takes: 'text' },
  initrd: { takes: 'text' },
  append: { takes: 'text' },
  'guest-features': { takes: 'any-int' },
  'output-format': { takes: 'text', choices: ['hex', 'base64'] },
  'snp-ovmf-hash': { takes: 'text' },
  'dump-vmsa': { takes: 'nothing' },
  svsm: { takes: 'text' },
  'vars-size': { takes: 'int' },
  'vars-file': { takes: 'text' },
};
