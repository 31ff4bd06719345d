// SPDX-License-Identifier: Apache-2.0
// Loads Keeps in a process that has only a few descriptors left, from none upwards, and prints how each ended.
import { MotteError } from '@motte/binary/error';
import { load } from '@motte/loader/load';
import { closeSync, openSync } from 'node:fs';
import { tinyImage, TINY } from './tiny-keep.js';

const image = tinyImage(TINY.EXIT_42);
const run = async (): Promise<string> => {
  try {
    const keep = await load(image, { emulate: true, stdio: 'ignore' });
    return (await keep.exited).ended;
  } catch (error) {
    return error instanceof MotteError ? error.code : String(error);
  }
};

// Once with room, so that what Node opens for good is open, and modules are loaded.
const ends = [await run()];
const held: number[] = [];
for (;;) {
  try {
    held.push(openSync('/dev/null', 'r'));
  } catch {
    break;
  }
}
for (let left = 0; left <= 12; left++) {
  ends.push(await run());
  const fd = held.pop();
  if (fd !== undefined) closeSync(fd);
}
for (const fd of held) closeSync(fd);
console.log(JSON.stringify({ ends }));
