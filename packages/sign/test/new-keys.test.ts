// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

// With a collection at every few allocations, Node frees the job that made a key in the middle of what is done with
// the key: `createOca` waited for ever so after a few hundred rounds of a minute, and at once under this flag.
for (const [name, program] of [
  [
    'an OCA',
    `import { createOca as make } from '@motte/sign/sev/oca-node'; for (let i = 0; i < 200; i++) make();`,
  ],
  [
    'a session',
    `import { createOca } from '@motte/sign/sev/oca-node'; import { startSession } from '@motte/sign/sev/owner-node';
     import { readSevCertificate } from '@motte/sign/sev/certificates';
     const pdh = readSevCertificate(createOca().certificate);
     for (let i = 0; i < 200; i++) startSession(pdh, 1);`,
  ],
] as const)
  test(`${name} is made while the collector runs`, () => {
    const args = ['--gc-interval=40', '--input-type=module', '-e', program];
    const ran = spawnSync(process.execPath, args, {
      cwd: import.meta.dirname,
      encoding: 'utf8',
      timeout: 60_000,
    });
    assert.equal([ran.status, ran.signal, ran.stderr], [0, null, '']);
  });

test.run();
