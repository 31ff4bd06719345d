// SPDX-License-Identifier: Apache-2.0
// Runs the cases of rows.ts one after the other where /dev/kvm is, and prints a line of JSON for each: for
// guests.test.ts, which may have to bring this into a machine of scripts/tcg.
import { text } from 'node:stream/consumers';
import { load } from '@motte/loader/load';
import { guestImage } from './guest.js';
import { ROWS } from './rows.js';
import type { Row } from './rows.js';

async function once(row: Row): Promise<unknown> {
  const keep = await load(guestImage(row.index, row), {
    backend: 'kvm',
    stdio: ['ignore', 'pipe', 'ignore'],
    linger: true,
    // None of them runs for long; one that hangs is a finding.
    limits: { timeMs: row.timeMs ?? 20_000 },
  });
  const out = keep.stdout === null ? Promise.resolve('') : text(keep.stdout);
  if (row.abort === true) setTimeout(() => keep.abort(), 200);
  const end = await keep.exited;
  const stats = await keep.stats();
  const { bytes, hidden } = await keep.peek(0x20100n, 8);
  await keep.close();
  return {
    end,
    out: await out,
    peeked: hidden ? null : [...bytes],
    entries: stats.entries,
    calls: [...stats.calls],
    exits: [...stats.exits],
    cr4Missing: keep.cr4Missing,
  };
}

for (const row of ROWS) {
  let line: unknown;
  try {
    line = await once(row);
  } catch (error) {
    line = { error: String(error) };
  }
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
