// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { randomBytes } from '@motte/sign/pef/crypto-node';
import { aesCtr } from '@motte/sign/sev/aes-node';
import { SECRET_HEADER, secretTable } from '@motte/sign/sev/owner';
import { sealLaunchSecret } from '@motte/sign/sev/session';
import type { Input, Outcome } from '../grammar/command.js';
import { needed } from '../grammar/needed.js';
import { readSmall } from '../io/file.js';
import { writeFile } from '../io/output.js';
import { lines } from '../measure/lines.js';
import { verifiedLaunch } from '../sign/sev.js';

/** GUID:PATH, as sevctl has it. Throws USAGE_VALUE. */
function secretFile(given: string): { guid: string; content: Uint8Array } {
  const [, guid, path] = /^([0-9a-f-]{36}):(.+)$/isu.exec(given) ?? [];
  if (guid === undefined || path === undefined)
    throw new MotteError('USAGE_VALUE', { field: '--secret', expected: 'GUID:PATH', found: given });
  return { guid, content: readSmall(path) };
}

/**
 * `motte sev secret --secret GUID:PATH… --tek F --header F -o PAYLOAD` and the options of `verify sev-launch`: nothing is
 * encrypted for a launch that is not the one that was meant.
 */
export function run({ options }: Input): Outcome {
  const paths = { header: needed(options.header, 'header'), payload: needed(options.output, 'output') };
  const { tik, measure } = verifiedLaunch(options);
  const secrets = needed(options.secret, 'secret').map(secretFile);
  const plain = secretTable(secrets);
  const [tek, iv, flags] = [readSmall(needed(options.tek, 'tek')), randomBytes(16), 0];
  const { cipher, mac } = sealLaunchSecret({ tek, tik, iv, flags, plain, measure }, aesCtr);
  for (const secret of [plain, tek, tik, ...secrets.map(({ content }) => content)]) secret.fill(0);
  writeFile(paths.header, SECRET_HEADER.write({ flags, iv, mac }));
  writeFile(paths.payload, cipher);
  return { result: { ...paths, bytes: cipher.length }, text: lines(paths) };
}
