// SPDX-License-Identifier: Apache-2.0
import { sevLaunch } from '@motte/measure/sev-snp-measure/launch';
import type { OpenFile, SevLaunch } from '@motte/measure/sev-snp-measure/launch';
import { MOTTE_DIALECT } from '@motte/measure/sev-snp-measure/dialect';
import { sevRequest } from '@motte/measure/sev-snp-measure/request';
import type { SevRequest } from '@motte/measure/sev-snp-measure/request';
import type { SevMode } from '@motte/measure/profiles/sev-snp-measure';
import { measureSnpByThreads } from '@motte/measure/snp-threads-node';
import { toHex } from '@motte/binary/hex';
import type { Outcome } from '../grammar/command.js';
import type { OptionValues } from '../grammar/options.js';
import { openAny } from '../io/any-file.js';
import type { InputFile } from '../io/file.js';
import { writeFile } from '../io/output.js';
import { VERSION } from '../version.js';
import { inputsOf } from './outcome.js';
import { transcript } from './transcript.js';

/** The TEE of a mode, and what sev-snp-measure calls it when it is `--verbose`. */
const MODES: Readonly<Record<SevMode, { readonly tee: string; readonly verbose: string }>> = {
  sev: { tee: 'sev', verbose: 'SEV' },
  seves: { tee: 'sev-es', verbose: 'SEV_ES' },
  snp: { tee: 'snp', verbose: 'SEV_SNP' },
  'snp:svsm': { tee: 'snp', verbose: 'SEV_SNP_SVSM' },
  'snp:ovmf-hash': { tee: 'snp', verbose: '' },
};

/** Opens the files of a request, hands the launch to `use`, and closes them. */
export function withLaunch<T>(
  request: SevRequest,
  use: (launch: SevLaunch, files: Readonly<Record<string, InputFile>>) => T,
): T {
  const files: Record<string, InputFile> = {};
  const open: OpenFile = (path, role) => (files[role] = openAny(path));
  try {
    return use(sevLaunch(request, open), files);
  } finally {
    for (const file of Object.values(files)) file.close();
  }
}

/** How a digest is printed. */
export interface DigestStyle {
  readonly format: 'hex' | 'base64';
  readonly verbose: boolean;
}

/** The line that sev-snp-measure prints; that of firmware alone is always plain. */
export function digestLine(mode: SevMode, digest: Uint8Array, { format, verbose }: DigestStyle): string {
  if (mode === 'snp:ovmf-hash') return `${toHex(digest)}\n`;
  const text = format === 'hex' ? toHex(digest) : Buffer.from(digest).toString('base64');
  return verbose ? `Calculated ${MODES[mode].verbose} guest measurement: ${text}\n` : `${text}\n`;
}

/** `--dump-vmsa`: a file a vCPU, in the current folder. */
export function dumpVmsas(launch: SevLaunch): void {
  for (const [vcpu, page] of launch.vmsas().entries()) writeFile(`vmsa${vcpu}.bin`, page);
}

/** Who launches, and with which vCPUs, as `--json` tells of it. */
function settingsOf(request: SevRequest): object {
  if (!('vcpus' in request)) return { profile: request.mode, vcpus: null };
  const { count, signature, features } = request.vcpus;
  const { profile } = request;
  return {
    profile: profile.name,
    vcpus: {
      count,
      signature: profile.signatureInRdx ? `0x${signature.toString(16)}` : null,
      features: `0x${features.toString(16)}`,
    },
  };
}

/** `motte measure snp|seves|sev|snp:svsm|snp:ovmf-hash` */
export function sevOutcome(mode: SevMode, options: OptionValues): Outcome {
  const request = sevRequest(mode, options, MOTTE_DIALECT);
  return withLaunch(request, (launch, files) => {
    const told = transcript(options);
    const digest = launch.measure(told.onStep, measureSnpByThreads);
    told.end();
    if (options['dump-vmsa'] === true) dumpVmsas(launch);
    const format = options['output-format'] === 'base64' ? 'base64' : 'hex';
    const text = digestLine(mode, digest, { format, verbose: options.verbose === true });
    if (options.json !== true) return { result: undefined, text };
    const result = {
      tee: MODES[mode].tee,
      mode,
      ...settingsOf(request),
      version: VERSION,
      measurement: toHex(digest),
      inputs: inputsOf(files),
      ...(told.steps === undefined ? {} : { transcript: told.steps }),
    };
    return { result, text };
  });
}
