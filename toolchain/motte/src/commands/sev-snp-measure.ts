// SPDX-License-Identifier: Apache-2.0
import { measureSnpByThreads } from '@motte/measure/snp-threads-node';
import { SEV_SNP_MEASURE } from '@motte/measure/profiles/sev-snp-measure';
import { readToolArgv } from '@motte/measure/sev-snp-measure/argv';
import { TOOL_DIALECT } from '@motte/measure/sev-snp-measure/dialect';
import { sevRequest } from '@motte/measure/sev-snp-measure/request';
import type { Input, Outcome } from '../grammar/command.js';
import { toolHelp } from '../measure/sev-help.js';
import { digestLine, dumpVmsas, withLaunch } from '../measure/sev.js';

/** `motte sev-snp-measure ARGV…`: the command line, the output and the success of that tool. */
export function run({ rest }: Input): Outcome {
  const call = readToolArgv(rest);
  if (call.kind === 'help') return { result: undefined, text: toolHelp() };
  if (call.kind === 'version')
    return { result: undefined, text: `sev-snp-measure ${SEV_SNP_MEASURE.version}\n` };
  const { mode, options } = call;
  return withLaunch(sevRequest(mode, options, TOOL_DIALECT), (launch) => {
    const digest = launch.measure(undefined, measureSnpByThreads);
    if (options['dump-vmsa'] === true) dumpVmsas(launch);
    return { result: undefined, text: digestLine(mode, digest, call) };
  });
}
