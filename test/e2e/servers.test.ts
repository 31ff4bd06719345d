// SPDX-License-Identifier: Apache-2.0
// Servers as people write them, unmodified: HTTP in C with a thread for each connection, HTTP by Go's net/http, an echo
// server on epoll, one whose threads share an edge-triggered connection. What their clients get is what they get of the same program natively.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { EMULATE_FLAG, patience } from '@motte/test-helpers/emulation';
import { freePort } from '@motte/test-helpers/port';
import { program } from '@motte/test-helpers/programs';
import type { ProgramName } from '@motte/test-helpers/programs';
import { tempFolder } from '@motte/test-helpers/temp';
import { ROOT } from '@motte/test-helpers/vectors';
import { CLIENTS, served } from './support/clients.js';
import type { ClientKind } from './support/clients.js';

const MOTTE = join(ROOT, 'node_modules/.bin/motte');
const FOLDER = tempFolder('motte-servers');
const REQUESTS = 60;
const ECHOED = 100;
const TURNS = 20;

/** Starts the server, has it serve, and gives how it ended beside what its clients got. */
async function ran(
  command: string,
  args: readonly string[],
  clients: () => Promise<string[]>,
): Promise<unknown> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], timeout: patience(120_000) });
  const end = once(child, 'close');
  const { stdout, clients: got } = await served(child.stdout, clients);
  const [status] = await end;
  return { status: Number(status), stdout: stdout.toString(), got };
}

const SERVERS: readonly (readonly [name: ProgramName, kind: ClientKind, last: number])[] = [
  ['http', 'http', REQUESTS],
  ['http-go', 'http', REQUESTS],
  ['echo', 'echo', ECHOED],
  ['edge', 'turns', TURNS],
];
for (const [name, kind, last] of SERVERS) {
  const built = program(name);
  if ('skipped' in built) {
    console.log(`skipped: ${name}: ${built.skipped}`);
    continue;
  }
  test(`${name} serves from a Keep what it serves natively`, async () => {
    const natively = await freePort();
    const expected = await ran(built.path, [String(natively), String(last)], () =>
      CLIENTS[kind](natively, last),
    );
    const port = await freePort();
    const config = join(FOLDER, `${name}.toml`);
    const grant = `[[listen]]\nname = "it"\naddress = "127.0.0.1:${port}"\nprotocol = "tcp"\n`;
    writeFileSync(config, `args = "host"\nthreads = 24\n${grant}`);
    const line = ['run', EMULATE_FLAG, '--config', config, built.path, String(port), String(last)];
    assert.equal(await ran(MOTTE, line, () => CLIENTS[kind](port, last)), expected);
  });
}

test.run();
