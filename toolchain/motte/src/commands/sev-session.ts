// SPDX-License-Identifier: Apache-2.0
import { startSession } from '@motte/sign/sev/owner-node';
import type { Input, Outcome } from '../grammar/command.js';
import { needed } from '../grammar/needed.js';
import { openOutput } from '../io/output.js';
import type { Output } from '../io/output.js';
import { lines } from '../measure/lines.js';
import { chainFrom, policyOf } from '../sign/sev.js';

/**
 * `motte sev session --chain F… --policy N -o PREFIX`: the files of `sevctl session`, for QEMU and libvirt. The TIK and
 * TEK stay with the owner: mode 0600, and never over others without `--force`.
 */
export function run({ options }: Input): Outcome {
  const prefix = needed(options.output, 'output');
  const policy = policyOf(options);
  const { pdh } = chainFrom(options);
  const paths = {
    godh: `${prefix}_godh.b64`,
    session: `${prefix}_session.b64`,
    tik: `${prefix}_tik.bin`,
    tek: `${prefix}_tek.bin`,
  };
  const keep = options.force !== true;
  const open: Output[] = [];
  const output = (path: string, mode: number): Output => {
    const one = openOutput(path, { mode, keep });
    open.push(one);
    return one;
  };
  try {
    const [godh, blob] = [output(paths.godh, 0o666), output(paths.session, 0o666)];
    const [tikFile, tekFile] = [output(paths.tik, 0o600), output(paths.tek, 0o600)];
    const { certificate, session, tik, tek } = startSession(pdh, policy);
    const base64 = (bytes: Uint8Array): Uint8Array => Buffer.from(Buffer.from(bytes).toString('base64'));
    godh.write(base64(certificate));
    blob.write(base64(session));
    tikFile.write(tik);
    tekFile.write(tek);
    for (const secret of [tik, tek]) secret.fill(0);
    for (const one of open) one.commit();
  } finally {
    for (const one of open) one.abandon();
  }
  return { result: paths, text: lines(paths) };
}
